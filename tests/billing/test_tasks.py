"""The tasks drain, find the interrupted, and wait out an outage."""

import pytest
from redis import Redis

from billing import tasks
from billing.models import LedgerEntry
from billing.stream import Stream
from console.tenants.models import Tenant
from tests.billing.events import NANO, attempt, send, settled

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
