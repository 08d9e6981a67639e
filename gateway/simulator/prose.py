"""Believable text for a prompt: a label for a classification, a number for a sum, sentences for a question.

A simulated model understands nothing. It recognises the shape of the task and answers in kind, which is enough for
a reader to see whether a cheaper model would have done.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

import msgspec

from gateway.simulator import phrases, schema, vocabulary, writing
from gateway.simulator.asked import Schema
from gateway.simulator.task import Task, words


def text_for(task: Task) -> str:
    return next((text for kind in KINDS if (text := kind(task))), "") or writing.open_answer(task)


def exactly(task: Task) -> str | None:
    wanted = (
        r"\b(?:reply|respond|answer)(?: only)? with(?: exactly| only| just)?(?: the words?)?:? (.{1,60})$"
    )
    found = re.search(wanted, task.instructions.strip(), re.IGNORECASE) or re.search(wanted, task.subject)
    return found.group(1).strip(" \"'“”.") if found and not labels_of(task) else None


def score(task: Task) -> str | None:
    """What a judge is asked for."""
    if not task.wants(vocabulary.SCORE):
        return None
    judged = task.subject.rpartition("<<<answer>>>")[2]
    is_refusal = re.search(r"I'm sorry|I can(?:no|')t|unable to", judged)
    low, high = (0.05, 0.2) if is_refusal else (0.72, 0.97)
    return f"{task.dice.between('score', low, high):.2f}"


def label(task: Task) -> str | None:
    options = labels_of(task)
    if not options:
        return None
    said = set(words(task.subject))
    hits = [len(said & vocabulary.SUGGESTS.get(option.lower(), {option.lower()})) for option in options]
    return options[hits.index(max(hits))] if any(hits) else task.dice.pick("label", options)


def labels_of(task: Task) -> tuple[str, ...]:
    """The labels a prompt offers, in its own spelling."""
    for pattern in vocabulary.LABEL_LISTS:
        found = re.search(pattern, task.instructions, re.IGNORECASE)
        if found and len(options := listed(found.group(1))) > 1:
            return options
    return next((options for pattern, options in vocabulary.USUAL_LABELS.items() if task.wants(pattern)), ())


def listed(text: str) -> tuple[str, ...]:
    parts = re.split(r"\s*(?:,|\||/|;|\bor\b|\band\b|\n-?)\s*", text)
    options = [part.strip(" \"'`.*()[]") for part in parts]
    return tuple(option for option in options if option and len(option.split()) <= 3)


def arithmetic(task: Task) -> str | None:
    asked = r"(?:what is|what's|compute|calculate)\s+([\d\s.+*/x×()-]{3,40})"
    found = re.search(asked, task.subject, re.IGNORECASE)
    if not found or not re.search(r"\d\s*[-+*/x×]", found.group(1)):
        return None
    try:
        total = evaluated(ast.parse(re.sub("[x×]", "*", found.group(1)).strip(" ."), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return f"{total:.10g}"


def evaluated(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -evaluated(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](evaluated(left), evaluated(right))
    raise ValueError("only sums")


OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def fact(task: Task) -> str | None:
    asked = task.subject.lower()
    return next((f"{fact}." for pattern, fact in vocabulary.FACTS.items() if re.search(pattern, asked)), None)


def extraction(task: Task) -> str | None:
    if not task.wants(r"\bextract\b|\b(?:pull out|find|list) (?:the|all|any|every)\b"):
        return None
    asked = task.instructions.lower()
    patterns = [pattern for word, pattern in vocabulary.FINDABLE.items() if word in asked]
    found = [
        hit for pattern in patterns or [r"\b[A-Z][a-z]{2,}\b"] for hit in re.findall(pattern, task.subject)
    ]
    return ", ".join(dict.fromkeys(found)) or "None found."


def as_json(task: Task) -> str | None:
    """JSON that was asked for in words."""
    return (
        json_for(task, None, indent=2) if task.wants(r"\b(?:as|in|return|give me)\b.{0,20}\bjson\b") else None
    )


def json_for(task: Task, wanted: Schema | None, *, indent: int = 0) -> str:
    keys = {key: {"type": "string"} for key in keys_asked(task)}
    value = schema.conforming(wanted or {"type": "object", "properties": keys}, task.subject, task.dice)
    return msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()


def keys_asked(task: Task) -> list[str]:
    """The keys a prompt names in quotes, or what it says is to be extracted."""
    if quoted := re.findall(r"[\"'`](\w{2,30})[\"'`]", task.instructions):
        return quoted[:8]
    asked = re.search(
        r"\bextract(?: the)? (.+?) (?:from|as|in)\b", task.instructions, re.IGNORECASE | re.DOTALL
    )
    listed = re.split(r",|\band\b", asked.group(1)) if asked else ["answer"]
    return [re.sub(r"\W+", "_", one.strip().lower())[:40] for one in listed if one.strip()][:8]


def summary(task: Task) -> str | None:
    if not task.wants(r"\b(?:summar|tl;?dr|key points|in one sentence|condense|headline)"):
        return None
    own = phrases.CHANGES if task.wants(r"pull request|diff|commit") else phrases.FINDINGS
    text = task.subject if task.is_apart else " ".join(own)
    sentences = [one.strip() for one in re.split(r"(?<=[.!?])\s+|\n+", text) if len(one.split()) > 3]
    if not sentences:
        return text[:200]
    if task.wants(r"one sentence|headline"):
        return sentences[0]
    kept = sentences[:: max(1, len(sentences) // task.sentences)][: task.sentences]
    return "\n".join(f"- {one}" for one in kept) if task.wants(r"point|bullet") else " ".join(kept)


def rewriting(task: Task) -> str | None:
    if not task.wants(r"\b(?:rewrite|rephrase|paraphrase|shorten|correct|fix the|polish|make (?:this|it))\b"):
        return None
    text = re.sub(r"\s+", " ", task.subject)
    for found, better in (phrases.SPELLING | phrases.POLISH).items():
        text = re.sub(rf"\b{found}\b", better, text, flags=re.IGNORECASE)
    text = " ".join(one[:1].upper() + one[1:] for one in re.split(r"(?<=[.!?])\s+", text))
    if not task.wants(r"polite|friendly"):
        return text
    return phrases.POLITE.format(text=text if text[-1:] in {".", "!", "?"} else f"{text}.")


type Kind = Callable[[Task], str | None]
KINDS: tuple[Kind, ...] = (
    score,
    exactly,
    as_json,
    label,
    arithmetic,
    fact,
    extraction,
    summary,
    rewriting,
    writing.translation,
    writing.commit,
    writing.itinerary,
    writing.letter,
    writing.description,
    writing.code,
    writing.reasoning,
)
