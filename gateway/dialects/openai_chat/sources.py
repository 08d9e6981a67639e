"""Sources that a vendor tells beside its answer, which has their numbers in its text: `Rome [1][2]`.

Source: https://docs.perplexity.ai/api-reference/chat-completions-post (`search_results`, before them `citations`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from gateway.core.conversation import Citation, Part, Text
from gateway.dialects.citations import word

_NUMBER = re.compile(r"\[([0-9]{1,3})\]")


def sources_in(body: Mapping[str, Any]) -> list[Citation]:
    """By their numbers, from 1 on; without a place in the text."""
    told = body.get("search_results") or body.get("citations")
    return [_source(one) for one in told] if type(told) is list else []


def _source(told: Any) -> Citation:
    if type(told) is dict:
        return Citation(url=word(told.get("url")), title=word(told.get("title")))
    return Citation(url=word(told))


def with_sources(parts: Sequence[Part], sources: Sequence[Citation]) -> tuple[Part, ...]:
    """Of the first text, unless it says itself what it rests on."""
    place = next((i for i, part in enumerate(parts) if isinstance(part, Text)), None)
    text = parts[place] if place is not None else None
    if place is None or not isinstance(text, Text) or text.citations:
        return tuple(parts)
    cited = replace(text, citations=tuple(_placed(text.text, sources)))
    return (*parts[:place], cited, *parts[place + 1 :])


def _placed(text: str, sources: Sequence[Citation]) -> Iterator[Citation]:
    """Where its number stands. Of one without, the whole text rests on it."""
    seen = set()
    for found in _NUMBER.finditer(text):
        number = int(found[1])
        if 1 <= number <= len(sources):
            seen.add(number)
            yield replace(sources[number - 1], start=found.start(), end=found.end())
    for number, source in enumerate(sources, 1):
        if number not in seen:
            yield replace(source, end=len(text))
