"""What a provider may change about its answers without saying anything else: newer fields, other spellings of JSON and of events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Any

DATA = {"args", "arguments", "input"}  # the model's own words, in which a new field is a new meaning
VALUES = cycle([1, "s", None, {"a": [1]}, [1], [{"type": "x"}], True, 0.5])

Change = Callable[[Any], Any]


def everywhere(value: Any, change: Change) -> Any:
    """Changed from the inside out."""
    if isinstance(value, dict):
        return change({k: v if k in DATA else everywhere(v, change) for k, v in value.items()})
    return change([everywhere(item, change) for item in value]) if isinstance(value, list) else value


def fields(change: Callable[[dict[str, Any]], Any]) -> Change:
    return lambda value: change(value) if isinstance(value, dict) else value


def unknown_item(value: Any) -> Any:
    """Before and after all others, in lists whose items tell of what kind they are."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict) or "type" not in value[0]:
        return value
    new = {"type": "x_new", "id": "x", "x_new": {"text": "x"}}
    return [new, *value, new]


CHANGES: Mapping[str, Change] = {
    "new fields": fields(lambda said: {**said, "x_new": next(VALUES), "x_new_tokens": 7}),
    "new items": unknown_item,
    "another order": fields(lambda said: dict(reversed(said.items()))),
    "counts with a point": fields(
        lambda said: {k: float(v) if "oken" in k and type(v) is int else v for k, v in said.items()}
    ),
    "null for what is empty": fields(
        lambda said: {k: None if v in ([], {}, "") else v for k, v in said.items()}
    ),
    "nothing for null": fields(lambda said: {k: v for k, v in said.items() if v is not None}),
}


def events(stream: str) -> list[tuple[str, str]]:
    """Name and data of each."""
    found = []
    for block in stream.replace("\r\n", "\n").split("\n\n"):
        lines = block.split("\n")
        name = next((line[6:].strip() for line in lines if line.startswith("event:")), "")
        data = "\n".join(line[5:].strip() for line in lines if line.startswith("data:"))
        if data:
            found.append((name, data))
    return found


def changed_event(data: str, change: Change) -> str:
    return data if data == "[DONE]" else json.dumps(everywhere(json.loads(data), change))


def framings(said: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    """The same events, as other servers write them."""
    for name, line, space in (
        ("LF", "\n", " "),
        ("CRLF", "\r\n", " "),
        ("CR", "\r", " "),
        ("no space", "\n", ""),
    ):
        yield name, written(said, line, space)
    yield "a byte order mark", b"\xef\xbb\xbf" + written(said)
    yield "comments and fields", written(said, comment=": hm\n\n", beside="id: 3\nretry: 10\n")
    yield "an open end", written(said).rstrip(b"\n")


def written(
    said: list[tuple[str, str]], line: str = "\n", space: str = " ", comment: str = "", beside: str = ""
) -> bytes:
    return "".join(
        comment + (f"event:{space}{name}{line}" if name else "") + beside + f"data:{space}{data}{line}{line}"
        for name, data in said
    ).encode()


NEW_EVENTS: Mapping[str, list[dict[str, Any]]] = {
    "anthropic": [
        {"type": "ping"},
        {"type": "x_new", "index": 0, "delta": {"type": "x_new_delta", "x": 1}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "x_new_delta", "text": "x"}},
    ],
    "gemini": [{"x_new": 1}, {"candidates": [{"index": 0}]}],
    "openai_chat": [
        {"id": "x", "object": "chat.completion.chunk", "choices": [], "x_new": 1},
        {"object": "x"},
    ],
    "openai_responses": [
        {"type": "response.x_new.delta", "delta": "x", "output_index": 0},
        {"type": "keepalive"},
    ],
}
