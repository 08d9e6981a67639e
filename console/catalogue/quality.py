"""The shipped book of quality, and what is known of a tenant's models on top of it, as the gateway would read both."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:  # numpy is loaded only where somebody asks for quality
    from gateway.core.quality.book import Reader
    from gateway.core.quality.expect import Expects
    from gateway.core.quality.known import Known


@cache
def reader() -> Reader:
    from gateway.core.quality.book import Reader, parse

    return Reader(parse((settings.BASE_DIR / "gateway" / "catalogue" / "quality.msgpack").read_bytes()))


@lru_cache(maxsize=8)
def expects(known: bytes) -> Expects:
    """`known` as a snapshot carries it; what cannot be read says nothing, as in the gateway."""
    from gateway.core.quality.expect import Expects
    from gateway.core.quality.keep import Unreadable, unpack

    try:
        return Expects(reader(), _tiers(), unpack(known) if known else None)
    except Unreadable:
        return Expects(reader(), _tiers())


@cache
def _tiers() -> Known:
    from gateway.core.quality.expect import tiers_of

    return tiers_of(reader())
