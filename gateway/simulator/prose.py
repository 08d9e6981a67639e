"""Believable text for a prompt: a label for a classification, a number for a sum, sentences for a question.

A simulated model understands nothing. It recognises the shape of the task and answers in kind, which is
enough for a reader to see whether a cheaper model would have done.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

from msgspec import Struct

from gateway.simulator import vocabulary
from gateway.simulator.asked import Asked
from gateway.simulator.dice import Dice


class Task(Struct, frozen=True):
    """What was asked, in two parts: the words that instruct and the words that are worked on."""

    instructions: str
    subject: str
    sentences: int
    dice: Dice

    def wants(self, pattern: str) -> bool:
        return bool(re.search(pattern, self.instructions, re.IGNORECASE))


def task_of(asked: Asked, sentences: int, dice: Dice) -> Task:
    said, rules = asked.last("user"), asked.last("system")
    head, separator, rest = said.partition("\n") if "\n" in said else said.partition(": ")
    if not separator or len(rest) < len(head) // 4:
        head, rest = said, said
    return Task(f"{rules}\n{head}", rest.strip().strip('"'), sentences, dice)


def text_for(task: Task) -> str:
    return next((text for kind in KINDS if (text := kind(task)) is not None), "") or open_answer(task)


def exactly(task: Task) -> str | None:
    wanted = (
        r"\b(?:reply|respond|answer)(?: only)? with(?: exactly| only| just)?(?: the words?)?:? (.{1,60})$"
    )
    found = re.search(wanted, task.instructions.strip(), re.IGNORECASE) or re.search(wanted, task.subject)
    return found.group(1).strip(" \"'“”.") if found and not labels_of(task) else None


def score(task: Task) -> str | None:
    """What a judge is asked for."""
    if not task.wants(r"(?:between|from) 0(?:\.0)? (?:and|to) 1(?:\.0)?\b|\[0, ?1\]"):
        return None
    low, high = (
        (0.05, 0.2) if re.search(r"I'm sorry|I can(?:no|')t|unable to", task.subject) else (0.72, 0.97)
    )
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
    if not task.wants(r"\b(?:extract|pull out|find|list) (?:the|all|any|every)\b"):
        return None
    asked = task.instructions.lower()
    patterns = [pattern for word, pattern in vocabulary.FINDABLE.items() if word in asked]
    found = [
        hit for pattern in patterns or [r"\b[A-Z][a-z]{2,}\b"] for hit in re.findall(pattern, task.subject)
    ]
    return ", ".join(dict.fromkeys(found)) or "None found."


def summary(task: Task) -> str | None:
    if not task.wants(r"\b(?:summar|tl;?dr|key points|in one sentence|condense|headline)"):
        return None
    sentences = [one.strip() for one in re.split(r"(?<=[.!?])\s+|\n+", task.subject) if len(one.split()) > 3]
    if not sentences:
        return task.subject[:200]
    if task.wants(r"one sentence|headline"):
        return sentences[0]
    kept = sentences[:: max(1, len(sentences) // task.sentences)][: task.sentences]
    return "\n".join(f"- {one}" for one in kept) if task.wants(r"point|bullet") else " ".join(kept)


def rewriting(task: Task) -> str | None:
    if not task.wants(r"\b(?:rewrite|rephrase|paraphrase|shorten|correct|fix the|polish|make (?:this|it))\b"):
        return None
    text = re.sub(r"\s+", " ", task.subject)
    for blunt, polished in vocabulary.POLISH.items():
        text = re.sub(rf"\b{blunt}\b", polished, text, flags=re.IGNORECASE)
    return " ".join(one[:1].upper() + one[1:] for one in re.split(r"(?<=[.!?])\s+", text))


def code(task: Task) -> str | None:
    if not task.wants(
        r"\b(?:function|implement|code|script|regex|python|\w+script|bug|refactor|unit test|sql)\b"
    ):
        return None
    name = "_".join(content_words(task.subject)[:3]) or "solve"
    block = vocabulary.SQL if task.wants(r"\bsql\b") else vocabulary.PYTHON
    explained = f"\n\n{open_answer(task)}" if task.sentences > 3 else ""
    return block.format(name=name) + explained


def open_answer(task: Task) -> str:
    topics = content_words(task.subject) or ["that"]
    first = task.dice.pick("first", range(len(vocabulary.SENTENCES)))
    return " ".join(sentence(place, first, topics) for place in range(task.sentences))


def sentence(place: int, first: int, topics: list[str]) -> str:
    pattern = vocabulary.SENTENCES[(first + place) % len(vocabulary.SENTENCES)]
    return pattern.format(a=topics[place % len(topics)], b=topics[(place + 1) % len(topics)])


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def content_words(text: str) -> list[str]:
    telling = [word for word in words(text) if len(word) > 2 and word not in vocabulary.COMMON]
    return list(dict.fromkeys(telling))[:8]


type Kind = Callable[[Task], str | None]
KINDS: tuple[Kind, ...] = (exactly, score, label, arithmetic, fact, extraction, summary, rewriting, code)
