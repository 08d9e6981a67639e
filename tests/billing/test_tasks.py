"""The tasks drain, find the interrupted, and wait out an outage."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from redis import Redis

from billing import partitions, tasks
from billing.models import LedgerEntry, Sequence
from billing.stream import Stream
from console.tenants.models import Tenant
from tests.billing.events import NANO, NOON, attempt, send, settled

pytestmark = pytest.mark.usefixtures("everywhere")


def test_the_stream_is_drained(acme: Tenant, redis: Redis) -> None:
    send(redis, [settled(acme.pk, attempt(NANO))])

    tasks.drain()
    tasks.reconcile_intents()

    assert LedgerEntry.objects.count() == 1
    assert Stream(redis).backlog() == 0


def test_an_outage_is_waited_out(
    acme: Tenant, redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("django.conf.settings.REDIS_URL", "unix:///nowhere/valkey.sock")

    tasks.drain()

    assert "ledger_waits" in caplog.text


def test_partitions_are_made_ahead_and_kept_as_long_as_is_said(
    acme: Tenant, redis: Redis, settings: Any
) -> None:
    today = timezone.now().date()
    send(redis, [settled(acme.pk, attempt(NANO), at=NOON)])
    tasks.drain()

    tasks.keep_partitions()
    assert {today, today + timedelta(days=7), NOON.date()} <= set(partitions.days())

    settings.LEDGER_DAYS = 30
    tasks.keep_partitions()
    assert NOON.date() not in partitions.days()
    assert today in partitions.days()


def test_days_that_are_over_are_summed(acme: Tenant, redis: Redis) -> None:
    send(redis, [settled(acme.pk, attempt(NANO), at=NOON)])
    tasks.drain()

    tasks.sum_days()

    assert acme.rolled_days.get().summed


def test_an_event_that_never_came_is_told(
    acme: Tenant, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    send(redis, [settled(acme.pk, attempt(NANO), seq=3, process="gw-9")])
    tasks.drain()
    Sequence.objects.update(upcoming=4, moved_at=NOON)

    tasks.tell_gaps()
    tasks.tell_gaps()

    assert caplog.text.count("events_missing") == 1


def test_the_planner_knows_the_ledger_as_a_whole(acme: Tenant, redis: Redis) -> None:
    send(redis, [settled(acme.pk, attempt(NANO))])
    tasks.drain()

    tasks.keep_statistics()

    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'billing_ledgerentry'")
        assert cursor.fetchone() == (1,)
