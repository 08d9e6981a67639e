"""The gateway's stream → the ledger: at least once in, exactly once kept.

Order of one batch: begin, read, store, commit, acknowledge. Whatever dies in between is read again, and the
rows that are there already absorb it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence

import structlog
from django.db import DataError, IntegrityError, transaction
from msgspec import Struct

from billing import exclusive
from billing.decode import Unreadable, decode
from billing.models import DeadLetter
from billing.store import store
from billing.stream import Entry, Stream
from console.tenancy import every_tenant
from gateway.core.events import Event

BATCH = 1000

log = structlog.get_logger(__name__)


class Drained(Struct):
    entries: int = 0
    dead: int = 0
    batches: int = 0


def drain(
    stream: Stream, *, seconds: float = 20, batch: int = BATCH, clock: Callable[[], float] = time.monotonic
) -> Drained:
    """Stores what is in the stream until it is empty, another drain is at it, or the time is up."""
    done = Drained()
    end = clock() + seconds
    while clock() < end:
        entries, dead = _store_batch(stream, batch)
        if not entries:
            break
        stream.acknowledge(entries)
        done.entries += len(entries)
        done.dead += dead
        done.batches += 1
    return done


def _store_batch(stream: Stream, count: int) -> tuple[list[Entry], int]:
    with every_tenant():
        if not exclusive.is_ours():
            return [], 0
        entries = stream.read(count)
        return entries, keep(entries)


def keep(entries: Sequence[Entry]) -> int:
    """Stores each entry or counts it among the dead letters; how many those were. Inside `every_tenant()`."""
    good: list[tuple[Entry, Event]] = []
    dead: list[tuple[Entry, str]] = []
    for entry in entries:
        event = decode(entry.payload) if entry.payload is not None else Unreadable("gone from the stream")
        if isinstance(event, Unreadable):
            dead.append((entry, event.reason))
        else:
            good.append((entry, event))
    dead += _bisect(good)
    if dead:
        _bury(dead)
    return len(dead)


def _bisect(batch: Sequence[tuple[Entry, Event]]) -> list[tuple[Entry, str]]:
    """Stores a batch; where the database refuses it, its halves, down to the one entry that is at fault."""
    try:
        with transaction.atomic():
            store([event for _, event in batch])
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
            )
            for entry, reason in dead
        ],
        ignore_conflicts=True,
    )
    for entry, reason in dead:
        log.error("event_not_stored", entry=entry.id.decode(), reason=reason)
