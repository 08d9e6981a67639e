"""What a model of a given strength answers: calls a tool, gives JSON, refuses, or writes text."""

from __future__ import annotations

import re

import msgspec

from gateway.simulator import schema, tokens, vocabulary
from gateway.simulator.asked import Answer, Asked, Call, Tool
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.dice import Dice
from gateway.simulator.minds import Mind, mind_of
from gateway.simulator.prose import json_for, labels_of, text_for
from gateway.simulator.task import Task, content_words, task_of, words

REFUSAL = "I'm sorry, I can't help with that."
UNSURE = "I'm sorry, I can't answer this with confidence."


def answer(asked: Asked, behaviour: Behaviour, choice: int = 0) -> Answer:
    dice = Dice(asked.last("system"), asked.last("user"), choice)
    mind = mind_of(asked.model)
    task = task_of(asked, mind.sentences, dice)
    hardness = difficulty(task)
    sure = confidence(mind, hardness, dice, behaviour)
    reasoning = reasoning_tokens(mind, hardness)
    if calls := called_tools(asked, dice):
        return Answer(pieces=(), calls=calls, ending="tools", reasoning=reasoning, mean_logprob=sure)
    text, stopped_by = until_stop(
        written(asked, task, behaviour, beyond=hardness - mind.strength), asked.stops
    )
    whole = tokens.pieces(text)
    kept = tokens.within(asked.most_tokens, whole)
    thoughts = tokens.pieces(thought(task)) if asked.thinking else ()
    return Answer(
        pieces=kept,
        ending="length" if len(kept) < len(whole) else "stop_sequence" if stopped_by else "stop",
        stopped_by=stopped_by,
        thoughts=thoughts,
        reasoning=sum(piece.tokens for piece in thoughts) or reasoning,
        mean_logprob=sure,
    )


def written(asked: Asked, task: Task, behaviour: Behaviour, *, beyond: float) -> str:
    """`beyond` is how much harder the task is than the model is strong."""
    if behaviour.word == "refuse":
        return REFUSAL
    if beyond > 0.2 and Dice(asked.model, task.all).fraction("refuses") < 0.35:
        return UNSURE
    if asked.json or asked.schema is not None:
        text = json_for(task, asked.schema)
        return text[: len(text) // 2] if behaviour.word == "bad-json" else text
    if asked.turns[-1].role == "tool":
        return f"Here is what I found: {asked.turns[-1].text.strip()[:400]}"
    if beyond > 0 and (options := labels_of(task)) and task.dice.fraction("mistaken") < 0.5:
        return task.dice.pick("mistake", options)
    return text_for(task)


def difficulty(task: Task) -> float:
    """A crude impression, 0 to 1, of its own: the gateway's classifier must not be marking its own work."""
    if task.wants(vocabulary.ROUTINE):
        return 0.1
    hits = sum(bool(re.search(pattern, task.all, re.IGNORECASE)) for pattern in vocabulary.HARD)
    length = len(task.subject)
    return min(1.0, max(0.05, 0.2 + 0.2 * hits - (0.1 if length < 60 else 0) + min(0.3, length / 20_000)))


def confidence(mind: Mind, hardness: float, dice: Dice, behaviour: Behaviour) -> float:
    """The mean logprob of a token: near 0 when the model is up to the task."""
    if behaviour.word == "low-logprob":
        return -2.5
    beyond = max(0.0, hardness - mind.strength)
    return -(dice.between("noise", 0.02, 0.12) + 2.5 * beyond + 0.1 * hardness)


def reasoning_tokens(mind: Mind, hardness: float) -> int:
    """In blocks of 64, as they are billed."""
    return 64 * round(6 * hardness * mind.strength) if mind.reasons and hardness > 0.3 else 0


def thought(task: Task) -> str:
    about = ", ".join(content_words(task.subject)[:3]) or "this"
    return f"The user asks about {about}. I should answer directly and briefly."


def until_stop(text: str, stops: tuple[str, ...]) -> tuple[str, str]:
    found = [(text.find(stop), stop) for stop in stops if stop and stop in text]
    return (text[: min(found)[0]], min(found)[1]) if found else (text, "")


def called_tools(asked: Asked, dice: Dice) -> tuple[Call, ...]:
    chosen = chosen_tools(asked)
    return tuple(
        call(tool, asked.last("user"), dice.word(f"call {place} {len(asked.turns)}"), dice)
        for place, tool in enumerate(chosen if asked.parallel else chosen[:1])
    )


def call(tool: Tool, prompt: str, call_id: str, dice: Dice) -> Call:
    arguments = schema.conforming({"type": "object", **tool.schema}, prompt, dice)
    pieces = tokens.pieces(msgspec.json.encode(arguments).decode())
    return Call(call_id, tool.name, arguments, opening=tokens.count(tool.name) + 4, pieces=pieces)


def chosen_tools(asked: Asked) -> list[Tool]:
    if asked.choice == "none" or not asked.tools:
        return []
    if named := [tool for tool in asked.tools if tool.name == asked.choice]:
        return named
    if asked.turns[-1].role == "tool":
        return list(asked.tools[:1]) if asked.choice == "any" else []
    hinted = [tool for tool in asked.tools if hints(tool, asked.last("user"))]
    return hinted or (list(asked.tools[:1]) if asked.choice == "any" else [])


def hints(tool: Tool, prompt: str) -> bool:
    """Whether the prompt says a word of the tool's name, leaving aside the verbs every name has."""
    name = set(words(re.sub(r"([a-z])([A-Z])", r"\1 \2", tool.name).replace("_", " ").replace("-", " ")))
    said = {word.rstrip("s") for word in words(prompt)}
    return bool({word.rstrip("s") for word in name - vocabulary.TOOL_VERBS} & said)
