"""What a tenant's models are expected to do: the shipped book, and what the snapshot brings of the tenant's outcomes.

Read and loaded for the first tenant with a rule that asks for quality; a process without one never pays for it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from gateway.core.router import asks_quality
from gateway.core.snapshot import TenantSnapshot

if TYPE_CHECKING:
    from gateway.core.quality.book import Reader
    from gateway.core.quality.expect import Expects
    from gateway.core.quality.known import Known

BOOK = Path(__file__).parent / "catalogue" / "quality.msgpack"

log = structlog.get_logger()


def expects_of(snapshot: TenantSnapshot) -> Expects | None:
    """None where no rule asks. What cannot be read is told, and then only the book speaks."""
    if not any(asks_quality(router.policy) for router in snapshot.routers):
        return None
    from gateway.core.quality.expect import Expects
    from gateway.core.quality.keep import Unreadable, unpack

    reader, tiers = _book()
    try:
        known = unpack(snapshot.known) if snapshot.known else None
    except Unreadable as error:
        log.error("quality.unreadable", tenant=snapshot.tenant, reason=str(error))
        known = None
    return Expects(reader, tiers, known)


@cache
def _book() -> tuple[Reader, Known]:
    from gateway.core.quality.book import Reader, parse
    from gateway.core.quality.expect import tiers_of

    reader = Reader(parse(BOOK.read_bytes()))
    return reader, tiers_of(reader)
