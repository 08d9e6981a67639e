"""What a model of a given strength answers: calls a tool, gives JSON, refuses, or writes text."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from gateway.simulator import schema, tokens, vocabulary
from gateway.simulator.asked import Answer, Asked, Call, Tool
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.dice import Dice
from gateway.simulator.minds import Mind, mind_of
from gateway.simulator.prose import content_words, labels_of, task_of, text_for, words

REFUSAL = "I'm sorry, I can't help with that."
UNSURE = "I'm sorry, I can't answer this with confidence."


def answer(asked: Asked, behaviour: Behaviour, choice: int = 0) -> Answer:
    dice = Dice(asked.last("system"), asked.last("user"), choice)
    mind, hardness = mind_of(asked.model), difficulty(asked)
    sure = confidence(mind, hardness, dice, behaviour)
    reasoning = reasoning_tokens(mind, hardness, asked)
    if calls := called_tools(asked, dice):
        return Answer(pieces=(), calls=calls, ending="tools", reasoning=reasoning, mean_logprob=sure)
    text, stopped_by = until_stop(written(asked, mind, hardness, dice, behaviour), asked.stops)
    whole = tokens.pieces(text)
    kept = tokens.within(asked.most_tokens, whole)
    thoughts = tokens.pieces(thought(asked)) if asked.thinking else ()
    return Answer(
        pieces=kept,
        ending="length" if len(kept) < len(whole) else "stop_sequence" if stopped_by else "stop",
        stopped_by=stopped_by,
        thoughts=thoughts,
        reasoning=sum(piece.tokens for piece in thoughts) or reasoning,
        mean_logprob=sure,
    )


def written(asked: Asked, mind: Mind, hardness: float, dice: Dice, behaviour: Behaviour) -> str:
    if behaviour.word == "refuse":
        return REFUSAL
    if hardness - mind.strength > 0.2 and Dice(asked.model, asked.last("user")).fraction("refuses") < 0.35:
        return UNSURE
    if asked.json or asked.schema is not None:
        return as_json(asked, dice, behaviour)
    task = task_of(asked, mind.sentences, dice)
    if asked.turns[-1].role == "tool":
        return f"Here is what I found: {asked.turns[-1].text.strip()[:400]}"
    mistaken = hardness > mind.strength and dice.fraction("mistaken") < 0.5
    if mistaken and (options := labels_of(task)):
        return dice.pick("mistake", options)
    return text_for(task)


def as_json(asked: Asked, dice: Dice, behaviour: Behaviour) -> str:
    wanted = asked.schema or guessed_schema(asked)
    text = msgspec.json.encode(schema.conforming(wanted, asked.last("user"), dice)).decode()
    return text[: len(text) // 2] if behaviour.word == "bad-json" else text


def guessed_schema(asked: Asked) -> dict[str, Any]:
    """Without a schema, the keys a prompt names in quotes or backticks."""
    said = f"{asked.last('system')}\n{asked.last('user')}"
    keys = re.findall(r"[\"'`](\w{2,30})[\"'`]", said) or re.findall(r"keys?:? (\w+)(?:,| and) (\w+)", said)
    names = [key for found in keys for key in ([found] if isinstance(found, str) else found)] or ["answer"]
    return {"type": "object", "properties": {name: {"type": "string"} for name in names[:8]}}


def difficulty(asked: Asked) -> float:
    """A crude impression, 0 to 1, of its own: the gateway's classifier must not be marking its own work."""
    said = asked.last("user")
    hits = sum(bool(re.search(pattern, said, re.IGNORECASE)) for pattern in vocabulary.HARD)
    easy = sum(bool(re.search(pattern, said, re.IGNORECASE)) for pattern in vocabulary.EASY)
    return min(1.0, max(0.05, 0.2 + 0.2 * hits - 0.15 * easy + min(0.3, len(said) / 20_000)))


def confidence(mind: Mind, hardness: float, dice: Dice, behaviour: Behaviour) -> float:
    """The mean logprob of a token: near 0 when the model is up to the task."""
    if behaviour.word == "low-logprob":
        return -2.5
    beyond = max(0.0, hardness - mind.strength)
    return -(dice.between("noise", 0.02, 0.12) + 2.5 * beyond + 0.1 * hardness)


def reasoning_tokens(mind: Mind, hardness: float, asked: Asked) -> int:
    """In blocks of 64, as they are billed."""
    return 64 * round(6 * hardness * mind.strength) if mind.reasons and hardness > 0.3 else 0


def thought(asked: Asked) -> str:
    topics = content_words(asked.last("user"))
    return f"The user asks about {', '.join(topics[:3]) or 'this'}. I should answer directly and briefly."


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
