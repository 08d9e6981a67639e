"""What an answer rests on: as OpenAI's two dialects say it, and from characters to bytes for Google's.

A citation crosses from one dialect to another where its source has an address; one that names a document of the
request by its number means nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from gateway.core.conversation import Citation, Text

MAX_KEPT = 262_144  # characters of a stream within which places in it can be told in bytes


def url_citations(told: Any) -> Iterator[Citation]:
    """Of a list of annotations; in a chat what is said of one stands in an object of its own."""
    for one in told if type(told) is list else ():
        if type(one) is dict and one.get("type") == "url_citation":
            said = one["url_citation"] if type(one.get("url_citation")) is dict else one
            yield Citation(
                url=word(said.get("url")),
                title=word(said.get("title")),
                start=whole(said.get("start_index")),
                end=whole(said.get("end_index")),
            )


def told_url(citation: Citation) -> dict[str, Any]:
    place = {"start_index": citation.start, "end_index": citation.end}
    return place | {"url": citation.url, "title": citation.title}


def told_in_text(texts: Sequence[Text]) -> list[dict[str, Any]]:
    """Of all texts of an answer, for a shape that joins them."""
    told, before = [], 0
    for text in texts:
        told += [told_url(moved(one, before)) for one in text.citations if one.url]
        before += len(text.text)
    return told


def moved(citation: Citation, by: int) -> Citation:
    return replace(citation, start=citation.start + by, end=citation.end + by) if by else citation


def cut(text: Text) -> Iterator[tuple[str, tuple[Citation, ...]]]:
    """The text in pieces, each with what it as a whole rests on. Of two that overlap the first has what both have."""
    at, size = 0, len(text.text)
    spans: dict[tuple[int, int], list[Citation]] = {}
    for one in text.citations:
        if one.url:
            spans.setdefault((one.start, one.end), []).append(one)
    for span, found in sorted(spans.items()):
        start, end = max(span[0], at), min(span[1], size)
        if start >= end:
            continue
        if start > at:
            yield text.text[at:start], ()
        yield text.text[start:end], tuple(found)
        at = end
    if at < size:
        yield text.text[at:], ()


class Wording:
    """What was said so far, kept to a bound, so that places in it can be told in bytes and in characters."""

    def __init__(self, text: str = "") -> None:
        self._pieces, self._size = [text], len(text)

    def add(self, text: str) -> None:
        if self._size < MAX_KEPT:
            self._pieces.append(text)
            self._size += len(text)

    def characters(self, byte: int) -> int:
        return len(self._text.encode("utf-8", "replace")[:byte].decode("utf-8", "ignore"))

    def bytes(self, character: int) -> int:
        return len(self._text[:character].encode("utf-8", "replace"))

    def piece(self, start: int, end: int) -> str:
        return self._text[start:end]

    @property
    def _text(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0]


def word(value: Any) -> str:
    return value if type(value) is str else ""


def whole(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0
