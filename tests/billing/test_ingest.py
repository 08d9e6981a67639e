"""At least once in, exactly once kept, whatever the order and however often."""

import random

import psycopg
import pytest
from django.db import connection
from redis import Redis

from billing import exclusive, ingest, rollup
from billing.models import DeadLetter, LedgerEntry, RequestRecord
from billing.stream import Stream
from console.tenants.models import Tenant
from gateway.core.ladder import AttemptOutcome
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, MYSTERY, NANO, attempt, intent, send, settled

pytestmark = pytest.mark.usefixtures("everywhere")


def test_a_request_becomes_a_record_and_a_line(acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO)))

    request = RequestRecord.objects.get()
    (line,) = LedgerEntry.objects.all()
    assert (request.outcome, request.model, request.tier) == ("answered", NANO.id, "lightweight")
    assert line.cost_nano == 1000 * 50 + 200 * 400
    assert line.baseline_nano == 1000 * 1250 + 200 * 10_000
    assert request.saved_nano == line.baseline_nano - line.cost_nano
    assert request.known is True
    assert line.price == {"since": "2020-01-01", "input": 50_000_000, "output": 400_000_000}


def test_every_attempt_counts_against_the_saving(acme: Tenant, book: Book) -> None:
    rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED, because="json_valid")
    book(settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated"))

    request = RequestRecord.objects.get()
    assert request.baseline_nano == 1000 * 1250 + 200 * 10_000
    assert request.saved_nano == -(1000 * 50 + 200 * 400)
    parts = LedgerEntry.objects.order_by("n").values_list("part", "baseline_nano")
    assert list(parts) == [("rejected", 0), ("answer", request.baseline_nano)]


def test_a_failed_request_saved_nothing_and_cost_what_it_cost(acme: Tenant, book: Book) -> None:
    burnt = attempt(NANO, outcome=AttemptOutcome.REJECTED)
    book(settled(acme.pk, burnt, attempt(GPT_5, outcome=AttemptOutcome.FAILED), outcome="failed"))

    request = RequestRecord.objects.get()
    assert (request.baseline_nano, request.saved_nano) == (0, -(1000 * 50 + 200 * 400))


def test_an_unpriced_attempt_makes_the_saving_unknown_and_not_zero(acme: Tenant, book: Book) -> None:
    book(
        settled(
            acme.pk, attempt(MYSTERY, outcome=AttemptOutcome.REJECTED), attempt(NANO), outcome="escalated"
        )
    )

    request = RequestRecord.objects.get()
    assert (request.saved_nano, request.known, request.unpriced_attempts) == (None, False, 1)
    assert request.known_cost is None
    assert LedgerEntry.objects.get(n=1).cost_nano is None


def test_an_unknown_baseline_makes_the_saving_unknown(acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO), baseline="acme/gone"))

    request = RequestRecord.objects.get()
    assert (request.baseline_nano, request.saved_nano, request.known) == (None, None, False)
    assert request.known_cost == 130_000


def test_replays_duplicates_and_any_order_change_nothing(acme: Tenant, evil: Tenant, book: Book) -> None:
    requests = [settled(tenant.pk, attempt(NANO)) for tenant in (acme, evil) for _ in range(40)]
    book(*requests)
    lines, sums = _ledger(), _sums()

    again = [*requests, *requests]
    random.Random(5).shuffle(again)
    book(*again, batch=7)

    assert (_ledger(), _sums()) == (lines, sums)
    assert len(lines) == 80


def test_what_was_read_and_not_acknowledged_is_read_again(acme: Tenant, redis: Redis) -> None:
    """The worker died between commit and acknowledgement, or before the commit."""
    send(redis, [settled(acme.pk, attempt(NANO)) for _ in range(3)])
    dying = Stream(redis)
    ingest.keep(ingest.make_ready(dying, 2))

    ingest.drain(Stream(redis))

    assert LedgerEntry.objects.count() == 3
    assert Stream(redis).backlog() == 0
    assert rollup.differences(acme) == 0


def test_what_another_consumer_left_is_taken_over(
    acme: Tenant, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.stream.ABANDONED_MS", 0)
    send(redis, [settled(acme.pk, attempt(NANO)) for _ in range(3)])
    Stream(redis, consumer="another").read(2)

    done = ingest.drain(Stream(redis))

    assert done.entries == 3
    assert LedgerEntry.objects.count() == 3


def test_the_group_is_made_anew_where_it_was_wiped(acme: Tenant, redis: Redis, book: Book) -> None:
    book(settled(acme.pk, attempt(NANO)))
    redis.flushdb()
    book(settled(acme.pk, attempt(NANO)))

    assert LedgerEntry.objects.count() == 2


def test_a_second_drain_leaves_the_first_alone(acme: Tenant, redis: Redis) -> None:
    send(redis, [settled(acme.pk, attempt(NANO))])
    here = connection.settings_dict
    with psycopg.connect(host=here["HOST"], user=here["USER"], dbname=here["NAME"]) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [exclusive.LOCK])
        done = ingest.drain(Stream(redis))

    assert done.entries == 0
    assert LedgerEntry.objects.count() == 0


def test_an_intent_is_closed_by_its_settlement_in_either_order(acme: Tenant, book: Book) -> None:
    one = settled(acme.pk, attempt(NANO), request_id="req_1")
    book(intent(acme.pk, "req_1", NANO))
    assert acme.open_intents.count() == 1
    book(one)
    assert acme.open_intents.count() == 0
    book(intent(acme.pk, "req_1", NANO))
    assert acme.open_intents.count() == 0


def test_no_letter_is_lost(acme: Tenant, book: Book) -> None:
    good = settled(acme.pk, attempt(NANO))
    done = book(good, b"{}", b"\xff\xfe", b'{"type":"settled"}')

    assert (done.entries, done.dead) == (4, 3)
    assert LedgerEntry.objects.count() + DeadLetter.objects.count() == 4


def _ledger() -> set[tuple[str, int | None]]:
    return set(LedgerEntry.objects.values_list("attempt_id", "cost_nano"))


def _sums() -> list[tuple[object, ...]]:
    return _execute(
        """SELECT tenant_id, hour, digest, requests, attempts, cost_nano, baseline_nano, input_tokens
           FROM billing_rollup ORDER BY 1, 2, 3"""
    )


def _execute(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
