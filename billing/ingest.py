"""The gateway's stream → the ledger: at least once in, exactly once kept.

Order of one batch: read, begin, store, commit, acknowledge. Whatever dies in between is read again, and the
rows that are there already absorb it. While PostgreSQL stores one batch, the next is read and made ready.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import structlog
from django.db import DataError, IntegrityError, transaction
from msgspec import Struct

from billing import dead as dead_letters
from billing import exclusive
from billing.decode import Unreadable, decode
from billing.models import DeadLetter
from billing.store import Prepared, prepare, store_prepared
from billing.stream import Entry, Stream
from console.tenancy import every_tenant

BATCH = 1000

log = structlog.get_logger(__name__)


class Drained(Struct):
    entries: int = 0
    dead: int = 0
    batches: int = 0


class Ready(NamedTuple):
    """An entry with what is to be stored of it, or why nothing can be."""

    entry: Entry
    content: Prepared | Unreadable


def drain(
    stream: Stream, *, seconds: float = 20, batch: int = BATCH, clock: Callable[[], float] = time.monotonic
) -> Drained:
    """Stores what is in the stream until it is empty, another drain is at it, or the time is up."""
    done = Drained()
    end = clock() + seconds
    with ThreadPoolExecutor(1, "reads-ahead") as ahead:
        coming = ahead.submit(make_ready, stream, batch) if _is_ours() else None
        while coming and (ready := coming.result()):
            coming = ahead.submit(make_ready, stream, batch) if clock() < end else None
            if (dead := _store_batch(ready)) is None:
                break
            stream.acknowledge(each.entry for each in ready)
            done.entries += len(ready)
            done.dead += dead
            done.batches += 1
    return done


def make_ready(stream: Stream, count: int) -> list[Ready]:
    """The next entries, decoded and put into rows. Touches no database: it runs beside what does."""
    return list(map(_ready, stream.read(count)))


def _ready(entry: Entry) -> Ready:
    event = decode(entry.payload) if entry.payload is not None else Unreadable("gone from the stream")
    return Ready(entry, event if isinstance(event, Unreadable) else prepare(event))


def _is_ours() -> bool:
    with every_tenant():
        return exclusive.is_ours()


def _store_batch(batch: Sequence[Ready]) -> int | None:
    """How many were dead letters; None when another drain has the ledger, which leaves the batch to be read again."""
    with every_tenant():
        return keep(batch) if exclusive.is_ours() else None


def keep(batch: Sequence[Ready]) -> int:
    """Stores each entry or counts it among the dead letters; how many those were. Inside `every_tenant()`."""
    good = [(entry, content) for entry, content in batch if isinstance(content, Prepared)]
    dead = [(entry, content.reason) for entry, content in batch if isinstance(content, Unreadable)]
    dead += _bisect(good)
    if dead:
        _bury(dead)
    return len(dead)


def _bisect(batch: Sequence[tuple[Entry, Prepared]]) -> list[tuple[Entry, str]]:
    """Stores a batch; where the database refuses it, its halves, down to the one entry that is at fault."""
    try:
        with transaction.atomic():
            store_prepared([prepared for _, prepared in batch])
    except (DataError, IntegrityError) as error:
        if len(batch) == 1:
            return [(batch[0][0], f"refused by the database ({type(error).__name__})")]
        middle = len(batch) // 2
        return [*_bisect(batch[:middle]), *_bisect(batch[middle:])]
    return []


def _bury(dead: Sequence[tuple[Entry, str]]) -> None:
    DeadLetter.objects.bulk_create(
        [
            DeadLetter(
                entry=entry.id.decode(),
                reason=reason,
                sha256=hashlib.sha256(entry.payload or b"").hexdigest(),
                size=len(entry.payload or b""),
                tenant=dead_letters.tenant_of(entry.payload or b""),
                payload=dead_letters.kept(entry.payload or b""),
            )
            for entry, reason in dead
        ],
        ignore_conflicts=True,
    )
    for entry, reason in dead:
        log.error("event_not_stored", entry=entry.id.decode(), reason=reason)
