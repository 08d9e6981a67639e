"""Workers are killed, commits lose their answer: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from redis import Redis

from billing import chain, ingest, rollup
from billing.models import LedgerEntry, RequestRecord
from billing.stream import Stream
from console.tenancy import every_tenant
from console.tenants.models import Plan, Tenant
from gateway.core.events import RequestSettled
from tests.billing.events import GPT_5, NANO, attempt, send, settled

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def customer(redis: Redis) -> Tenant:
    return Tenant.objects.create(slug="customer", name="Customer", plan=Plan.PRO)


def traffic(tenant: Tenant, count: int) -> list[RequestSettled]:
    return [settled(tenant.pk, attempt(NANO), attempt(GPT_5)) for _ in range(count)]


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    here = connection.settings_dict
    address = f"host={here['HOST']} user={here['USER']} dbname={here['NAME']}"
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "console.settings"}
    process = subprocess.Popen([sys.executable, "-m", "tests.billing.worker"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_killed_workers_lose_nothing_and_double_nothing(customer: Tenant, redis: Redis) -> None:
    dice = random.Random(3)
    for _ in range(5):
        send(redis, traffic(customer, 2000))
        _kill_at_work(redis, after=dice.uniform(0, 0.3))

    _until(lambda: _drained(redis), seconds=120)

    with every_tenant():
        assert RequestRecord.objects.count() == 10_000
        assert LedgerEntry.objects.count() == 20_000
    assert rollup.differences(customer) == 0
    assert all(day.broken is None for day in chain.verify())


def test_a_commit_whose_answer_is_lost_is_not_counted_twice(
    customer: Tenant, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(redis, traffic(customer, 50))
    commit = connection._commit  # type: ignore[attr-defined]

    def cut() -> None:
        commit()
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "_commit", cut)
        with pytest.raises(OperationalError):
            ingest.drain(Stream(redis))
    connection.close()
    ingest.drain(Stream(redis))

    with every_tenant():
        assert LedgerEntry.objects.count() == 100
    assert rollup.differences(customer) == 0


def test_a_transaction_that_fails_leaves_the_entries_for_the_next(
    customer: Tenant, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(redis, traffic(customer, 20))

    def refuse() -> None:
        raise OperationalError("could not extend file: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "_commit", refuse)
        with pytest.raises(OperationalError):
            ingest.drain(Stream(redis))
    connection.close()
    with every_tenant():
        assert LedgerEntry.objects.count() == 0

    ingest.drain(Stream(redis))

    with every_tenant():
        assert LedgerEntry.objects.count() == 40


def _kill_at_work(redis: Redis, *, after: float) -> None:
    """Two workers; both die some moments after the first entries are stored."""
    full = Stream(redis).backlog()
    with worker(), worker():
        _until(lambda: Stream(redis).backlog() < full)
        time.sleep(after)


def _drained(redis: Redis) -> bool:
    """The session of a killed worker holds the ledger until its statement ends; a drain then leaves at once."""
    ingest.drain(Stream(redis))
    return Stream(redis).backlog() == 0


def _until(happened: Callable[[], bool], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
