"""Bytes from the stream → an event that the database will take, or why it never will.

The gateway wrote these bytes, and still nothing is trusted: text that PostgreSQL cannot hold is mended,
numbers that no provider could mean are refused here and not by a failing batch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from gateway.core.events import Event, Intent, RequestSettled, SettledAttempt
from gateway.core.price import BUCKETS

MAX_BYTES = 1_000_000
MOST = 2**53  # tokens, milliseconds: what every JSON parser still reads exactly
MOST_NANO = 10**16  # ten million dollars for one request
EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

_decode = msgspec.json.Decoder(Intent | RequestSettled).decode


class Unreadable(Struct, frozen=True):
    """An event for the dead letters; the reason quotes nothing of it but field names."""

    reason: str


def decode(payload: bytes) -> Event | Unreadable:
    if len(payload) > MAX_BYTES:
        return Unreadable(f"larger than {MAX_BYTES} bytes")
    try:
        event = _read(payload)
    except (ValueError, RecursionError) as error:
        return Unreadable(_without_values(error))
    objection = object_to(event)
    return Unreadable(objection) if objection else event


def object_to(event: Event) -> str:
    """Why the ledger cannot hold the event, or an empty string."""
    if not _is_uuid(event.origin.tenant):
        return "tenant is not a UUID"
    if not event.origin.request_id or len(event.origin.request_id) > 200:
        return "request_id is missing or longer than 200 characters"
    if event.at.tzinfo is None or not EARLIEST <= event.at < LATEST:
        return "at has no time zone or lies outside 2020–2100"
    lines = event.settled if isinstance(event, Intent) else event.attempts
    ids = [line.attempt.id for line in lines]
    if isinstance(event, Intent):
        ids.append(event.attempt_id)
    if len(set(ids)) < len(ids) or not all(ids) or any(len(one) > 200 for one in ids):
        return "attempt ids are missing, repeated or longer than 200 characters"
    return _out_of_range(event, lines)


def _out_of_range(event: Event, lines: Sequence[SettledAttempt]) -> str:
    """The first number that no provider could mean."""
    for name, amount, most in _amounts(event):
        if amount is not None and not 0 <= amount <= most:
            return f"{name} is below 0 or above {most}"
    for line in lines:
        buckets = astuple(line.attempt.usage)[: len(BUCKETS)]  # the texts are behind them
        if min(buckets) < 0 or max(buckets) > MOST:
            return f"usage is below 0 or above {MOST}"
        for name, amount, most in _amounts_of(line):
            if amount is not None and not 0 <= amount <= most:
                return f"{name} is below 0 or above {most}"
    return ""


type Amount = tuple[str, int | None, int]  # what it is called, how much, how much at most


def _amounts(event: Event) -> tuple[Amount, ...]:
    common: tuple[Amount, ...] = (
        ("seq", event.seq, 2**62),
        ("snapshot_version", event.origin.snapshot_version, MOST),
        ("policy_version", event.origin.policy_version, MOST),
    )
    if isinstance(event, Intent):
        return (*common, ("deadline_s", event.deadline_s, 10**7))
    return (
        *common,
        ("status", event.status, 999),
        ("baseline", event.baseline, MOST_NANO),
        ("second", event.second, MOST_NANO),
        ("total_ms", event.total_ms, MOST),
        ("first_byte_ms", event.first_byte_ms, MOST),
        ("decide_us", event.decide_us, MOST),
    )


def _amounts_of(line: SettledAttempt) -> tuple[Amount, ...]:
    attempt = line.attempt
    return (
        ("attempt.status", attempt.status, 999),
        ("attempt.started_ms", attempt.started_ms, MOST),
        ("attempt.first_byte_ms", attempt.first_byte_ms, MOST),
        ("attempt.total_ms", attempt.total_ms, MOST),
        ("cost", line.cost, MOST_NANO),
    )


def _read(payload: bytes) -> Event:
    try:
        event: Event = _decode(payload)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        # A lone surrogate or a byte that is not UTF-8: worth a U+FFFD, not worth losing money over.
        return _convert(json.loads(payload.decode("utf-8", "replace")))
    return _convert(msgspec.json.decode(payload)) if b"\\u0000" in payload else event


def _convert(tree: Any) -> Event:
    event: Event = msgspec.convert(_mended(tree), Intent | RequestSettled)
    return event


def _mended(value: Any) -> Any:
    """Text without NUL and lone surrogates, which PostgreSQL cannot hold."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(item) for name, item in value.items()}
    return value


def _without_values(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        # "Invalid enum value 'x' - at `$.origin.router`": the place stays, the value goes.
        message, _, place = str(error).partition(" - at ")
        return f"{message.split(chr(39))[0].strip()} {place}".strip()
    return f"not JSON ({type(error).__name__})"


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
