"""What an answer has and its caller's shape has no place for: named in a header, or in a comment of a stream."""

from __future__ import annotations

from gateway.core.conversation import Image, Reply, Text
from gateway.dialects.dialect import CallerSide

NO_IMAGE = b": x-rungway-dropped image\n\n"
NO_CITATION = b": x-rungway-dropped citation\n\n"


def unshown(reply: Reply, surface: CallerSide) -> set[str]:
    kinds = set()
    for part in () if surface.shows_images and surface.shows_citations else reply.parts:
        if isinstance(part, Image) and not surface.shows_images:
            kinds.add("image")
        elif isinstance(part, Text) and part.citations and not surface.shows_citations:
            kinds.add("citation")
    return kinds
