"""What a block of text rests on. A source of the web has an address; documents and results of a search have titles.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Citation.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.core.conversation import Citation
from gateway.dialects.citations import word


def citations_of(text: str, told: Any) -> Iterator[Citation]:
    for one in told if type(told) is list else ():
        if type(one) is dict:
            yield read(one, 0, len(text))


def read(told: dict[str, Any], start: int, end: int) -> Citation:
    """`start` and `end` are those of the text that rests on it. A piece of a stream tells the same."""
    return Citation(
        url=_address(told), title=word(told.get("title")), cited=_words(told), start=start, end=end
    )


def _address(told: dict[str, Any]) -> str:
    place = told.get("location")
    web = place.get("web") if type(place) is dict else None
    return word(web.get("url")) if type(web) is dict else ""


def _words(told: dict[str, Any]) -> str:
    pieces = told.get("sourceContent")
    pieces = pieces if type(pieces) is list else []
    return "".join(word(piece.get("text")) for piece in pieces if type(piece) is dict)
