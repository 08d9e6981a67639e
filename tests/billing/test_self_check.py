"""The hourly look at the books finds nothing in sound ones, and each thing that is wrong by its name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from billing import self_check, tasks
from billing.models import SelfCheck
from console.tenants.models import Tenant
from gateway.core.ladder import AttemptOutcome
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, MYSTERY, NANO, NOON, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")
NOW = NOON + timedelta(hours=1)
LEDGER = f"billing_ledgerentry_{NOON:%Y%m%d}"


@pytest.fixture
def traffic(acme: Tenant, evil: Tenant, book: Book) -> Tenant:
    rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED)
    given: dict[str, Any] = {"process": "gw-7"}
    book(
        settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated", seq=1, **given),
        settled(acme.pk, attempt(NANO), seq=2, about={"tags": {}}, request_id="req_plain", **given),
        settled(acme.pk, attempt(MYSTERY), seq=3, **given),
        settled(acme.pk, attempt(NANO, outcome=AttemptOutcome.FAILED), outcome="failed", seq=4, **given),
        settled(acme.pk, seq=5, outcome="failed", **given),
        settled(evil.pk, attempt(NANO), seq=6, baseline="acme/gone", **given),
    )
    return acme


def test_sound_books_have_nothing_against_them(traffic: Tenant) -> None:
    row = self_check.check(now=NOW)

    assert row.is_clean
    assert row.findings == dict.fromkeys(
        ("I-1", "I-2", "I-3", "I-4", "I-5", "I-6", "I-7", "I-8", "I-9", "I-11", "I-12", "chain"), 0
    )
    assert self_check.latest() == row


@pytest.mark.parametrize(
    ("harm", "broken"),
    [
        (f"DELETE FROM {LEDGER} WHERE request_id = 'req_plain'", {"I-2", "I-3", "chain"}),
        (f"UPDATE {LEDGER} SET cost_nano = cost_nano + 1 WHERE request_id = 'req_plain'",
         {"I-3", "I-4", "I-8", "chain"}),
        (f"UPDATE {LEDGER} SET input_tokens = input_tokens + 100 WHERE request_id = 'req_plain'",
         {"I-3", "I-8", "chain"}),
        (f"UPDATE {LEDGER} SET reasoning_tokens = output_tokens + 1 WHERE request_id = 'req_plain'",
         {"I-3", "I-11", "chain"}),
        ("UPDATE billing_requestrecord SET attempts = 2 WHERE request_id = 'req_plain'", {"I-2"}),
        (("UPDATE billing_requestrecord SET baseline_nano = 7, saved_nano = 7 - cost_nano"
         " WHERE request_id = 'req_plain'"), {"I-3", "I-4"}),
        ("UPDATE billing_rollup SET requests = requests + 1 WHERE digest = (SELECT digest FROM billing_rollup LIMIT 1)",
         {"I-3"}),
        ("UPDATE billing_sequence SET seen = seen - '{[4,5)}', settled = 7", {"I-12"}),
        ("GRANT UPDATE ON billing_ledgerentry TO CURRENT_USER", {"I-7"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_by_its_name(traffic: Tenant, harm: str, broken: set[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON {LEDGER} TO CURRENT_USER")
        cursor.execute(harm)

    row = self_check.check(now=NOW)

    assert {name for name, count in row.findings.items() if count} == broken
    assert set(row.examples) == broken
    assert not row.is_clean


def test_the_task_keeps_what_it_found_for_a_season(traffic: Tenant) -> None:
    old = self_check.check(now=NOW - self_check.KEPT)
    tasks.check_the_books()

    assert not SelfCheck.objects.filter(pk=old.pk).exists()
    newest = self_check.latest()
    assert newest is not None
    assert newest.is_clean
