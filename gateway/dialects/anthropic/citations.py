"""What a block of text rests on. A block is cited as a whole; what is cited elsewhere by its span is a block here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.core.conversation import Citation, Text
from gateway.dialects.citations import cut, word

WEB = "web_search_result_location"


def citations_of(text: str, told: Any) -> Iterator[Citation]:
    for one in told if type(told) is list else ():
        if type(one) is dict:
            yield read(one, 0, len(text))


def read(told: dict[str, Any], start: int, end: int) -> Citation:
    """A document of the request has a title at most, and no address."""
    return Citation(
        url=word(told.get("url")) or word(told.get("source")),
        title=word(told.get("title")) or word(told.get("document_title")),
        cited=word(told.get("cited_text")),
        start=start,
        end=end,
    )


def blocks(text: Text) -> Iterator[dict[str, Any]]:
    for piece, citations in cut(text):
        said = {"type": "text", "text": piece}
        yield said | ({"citations": list(map(written, citations))} if citations else {})


def written(citation: Citation) -> dict[str, Any]:
    """As one of the web. The index that its provider would seal is ours to leave empty."""
    said = {"url": citation.url, "title": citation.title, "cited_text": citation.cited}
    return {"type": WEB, "encrypted_index": ""} | said


def is_ours(told: Any) -> bool:
    """Another vendor's, that we had shown: no provider of this protocol knows it."""
    return type(told) is dict and told.get("type") == WEB and told.get("encrypted_index") == ""
