"""What an answer rests on, as `groundingMetadata` says it: chunks are sources, supports are spans, in bytes.

Source: https://ai.google.dev/gemini-api/docs/google-search
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.core.conversation import Citation
from gateway.dialects.citations import Wording, whole, word


def citations_of(
    candidate: Mapping[str, Any], texts: Mapping[int, Wording]
) -> Iterator[tuple[int, Citation]]:
    """With the number of the part whose text it is; `texts` by the same numbers."""
    told = candidate.get("groundingMetadata")
    told = told if type(told) is dict else {}
    chunks = _list(told.get("groundingChunks"))
    for support in _list(told.get("groundingSupports")):
        if type(support) is not dict or type(segment := support.get("segment")) is not dict:
            continue
        wording = texts.get(whole(segment.get("partIndex")))
        if wording is None:
            continue
        start, end = (wording.characters(whole(segment.get(end))) for end in ("startIndex", "endIndex"))
        for index in _list(support.get("groundingChunkIndices")):
            source = _source(chunks, index)
            if source is not None:
                yield whole(segment.get("partIndex")), Citation(*source, start=start, end=end)


def _source(chunks: Sequence[Any], index: Any) -> tuple[str, str] | None:
    chunk = chunks[index] if type(index) is int and 0 <= index < len(chunks) else None
    told = (chunk.get("web") or chunk.get("retrievedContext")) if type(chunk) is dict else None
    return (word(told.get("uri")), word(told.get("title"))) if type(told) is dict else None


def told(citations: Sequence[tuple[int, Citation]], texts: Mapping[int, Wording]) -> dict[str, Any]:
    """The field of a candidate, or nothing."""
    cited = [(part, one) for part, one in citations if one.url and part in texts]
    if not cited:
        return {}
    places = {url: index for index, url in enumerate(dict.fromkeys(one.url for _, one in cited))}
    titles = {one.url: one.title for _, one in cited}
    supports = [
        {"segment": _segment(part, one, texts[part]), "groundingChunkIndices": [places[one.url]]}
        for part, one in cited
    ]
    chunks = [{"web": {"uri": url, "title": titles[url]}} for url in places]
    return {"groundingMetadata": {"groundingChunks": chunks, "groundingSupports": supports}}


def _segment(part: int, one: Citation, wording: Wording) -> dict[str, Any]:
    said: dict[str, Any] = {"partIndex": part} if part else {}
    place = {"startIndex": wording.bytes(one.start), "endIndex": wording.bytes(one.end)}
    return said | place | {"text": wording.piece(one.start, one.end)}


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else []
