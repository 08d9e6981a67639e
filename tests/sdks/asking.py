"""What every SDK is asked to do, and what must come of it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

from tests.gateway.world import Served

# One feature of one SDK, tried on one router; raises when it does not work.
type Try = Callable[[Served, str], Awaitable[None]]

HELLO = "Say hello"
QUESTION = "What is the weather in Paris?"
FOUND = "sunny, 21 degrees"
PICTURE = "What is in this picture?"
PROBLEM = "Prove step by step that there are infinitely many primes."
CITY = "Which city is called the city of light? Answer with its name and population."
PNG = b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()
WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PLACE: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "population": {"type": "integer"}},
    "required": ["city", "population"],
    "additionalProperties": False,
}


def once[T](make: Callable[[Served, str], Awaitable[T]]) -> Callable[[Served, str], Awaitable[T]]:
    """One client for each router: to make one costs more than to ask it."""
    made: dict[tuple[str, str], T] = {}

    async def kept(served: Served, router: str) -> T:
        if (served.url, router) not in made:
            made[served.url, router] = await make(served, router)
        return made[served.url, router]

    return kept


def expect_text(text: str | None) -> None:
    assert text
    assert text.strip()


def expect_pieces(pieces: list[str]) -> None:
    """A stream, in more than one piece."""
    assert len(list(filter(None, pieces))) > 1


def expect_call(name: str, arguments: object) -> None:
    given = json.loads(arguments) if isinstance(arguments, str) else arguments
    assert name == "get_weather"
    assert isinstance(given, dict)
    assert isinstance(given["city"], str)


def expect_found(text: str | None) -> None:
    """The model has read what its tool said."""
    assert text
    assert FOUND in text


def expect_place(answer: object) -> None:
    given = json.loads(answer) if isinstance(answer, str) else answer
    assert isinstance(given, dict)
    assert isinstance(given["city"], str)
    assert isinstance(given["population"], int)


def expect_used(prompt: int | None, answer: int | None) -> None:
    assert prompt is not None
    assert prompt > 0
    assert answer is not None
    assert answer > 0
