"""Nothing vanishes: what a gateway was at when it died becomes a line, and is corrected if it settles."""

from datetime import timedelta

import pytest
from redis import Redis

from billing import rollup
from billing.models import LedgerEntry, RequestRecord
from billing.reconcile import reconcile
from billing.stream import Stream
from console.tenants.models import Tenant
from gateway.core.events import FIELD, STREAM, RequestSettled
from gateway.core.ladder import AttemptOutcome
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, NANO, NOON, attempt, intent, settled

pytestmark = pytest.mark.usefixtures("everywhere")

BEFORE, AFTER = NOON + timedelta(seconds=659), NOON + timedelta(seconds=661)


def test_an_intent_past_its_deadline_becomes_an_interrupted_line(
    acme: Tenant, redis: Redis, book: Book
) -> None:
    book(intent(acme.pk, "req_1", NANO, attempt_id="att_1"))

    assert reconcile(Stream(redis), now=BEFORE) == 0
    assert reconcile(Stream(redis), now=AFTER) == 1
    assert reconcile(Stream(redis), now=AFTER) == 0

    line, request = LedgerEntry.objects.get(), RequestRecord.objects.get()
    assert (line.attempt_id, line.attempt_outcome, line.usage_source) == ("att_1", "interrupted", "unknown")
    assert (line.cost_nano, line.needs_review) == (None, True)
    assert (request.outcome, request.error, request.saved_nano) == ("failed", "interrupted", None)
    assert rollup.differences(acme) == 0


def test_attempts_that_settled_before_the_end_keep_their_cost(acme: Tenant, redis: Redis, book: Book) -> None:
    first = intent(acme.pk, "req_1", NANO, attempt_id="att_1")
    rejected = settled(acme.pk, attempt(NANO, id="att_1", outcome=AttemptOutcome.REJECTED)).attempts
    second = intent(acme.pk, "req_1", GPT_5, attempt_id="att_2", settled=rejected)
    book(first, second)

    reconcile(Stream(redis), now=AFTER)

    lines = LedgerEntry.objects.order_by("n").values_list("attempt_id", "part", "cost_nano")
    assert list(lines) == [("att_1", "rejected", 130_000), ("att_2", "failed", None)]
    assert RequestRecord.objects.get().cost_nano == 130_000


def test_nothing_is_given_up_while_settlements_are_on_their_way(
    acme: Tenant, redis: Redis, book: Book
) -> None:
    book(intent(acme.pk, "req_1", NANO))
    came = int(BEFORE.timestamp() * 1000)
    redis.delete(STREAM)
    redis.xadd(STREAM, {FIELD: b"{}"}, id=f"{came}-0")

    assert reconcile(Stream(redis), now=AFTER) == 0
    redis.delete(STREAM)
    assert reconcile(Stream(redis), now=AFTER) == 1


def test_a_settled_request_is_never_interrupted(acme: Tenant, redis: Redis, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO), request_id="req_1"))
    book(intent(acme.pk, "req_1", NANO))

    assert reconcile(Stream(redis), now=AFTER) == 0
    assert RequestRecord.objects.get().outcome == "answered"


def test_a_late_settlement_corrects_the_books(acme: Tenant, redis: Redis, book: Book) -> None:
    late = _interrupted_then_settled(acme, redis, book)

    request = RequestRecord.objects.get()
    assert (request.outcome, request.interrupted, request.corrected) == ("answered", False, True)
    assert (request.saved_nano, request.cost_nano) == (1000 * 1250 + 200 * 10_000 - 130_000, 130_000)
    lines = LedgerEntry.objects.order_by("place").values_list("attempt_id", "sign", "cost_nano", "corrects")
    assert list(lines) == [
        ("att_1", 1, None, ""),
        ("att_1~back", -1, None, "att_1"),
        ("att_1~1", 1, 130_000, "att_1"),
    ]
    assert rollup.differences(acme) == 0

    book(late)
    assert LedgerEntry.objects.count() == 3


def test_sums_after_a_correction_are_those_of_a_request_that_was_never_interrupted(
    acme: Tenant, evil: Tenant, redis: Redis, book: Book
) -> None:
    late = _interrupted_then_settled(acme, redis, book)
    book(settled(evil.pk, attempt(NANO), request_id="req_2", at=late.at))

    assert _sums(acme) == _sums(evil)


def _interrupted_then_settled(acme: Tenant, redis: Redis, book: Book) -> RequestSettled:
    book(intent(acme.pk, "req_1", NANO, attempt_id="att_1"))
    reconcile(Stream(redis), now=AFTER)
    late = settled(acme.pk, attempt(NANO, id="att_1"), request_id="req_1")
    book(late)
    return late


def _sums(tenant: Tenant) -> list[tuple[object, ...]]:
    """By tag and outcome, rows that came to nothing apart."""
    rows = tenant.rollups.exclude(requests=0, attempts=0).values_list(
        "tag", "value", "outcome", "requests", "attempts", "cost_nano", "unpriced_attempts", "baseline_nano"
    )
    return sorted(rows)
