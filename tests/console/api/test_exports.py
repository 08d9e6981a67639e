"""The ledger as CSV for programs."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from console.tenants.models import Tenant
from tests.billing.events import NANO, attempt, settled
from tests.console.api.conftest import ROOT, Booking, Program


@pytest.mark.parametrize("accept", ["*/*", "text/csv", "application/json"])
def test_a_program_gets_its_lines(acme: Tenant, viewer: Program, book: Booking, accept: str) -> None:
    book(settled(acme.pk, attempt(NANO), at=timezone.now()))
    headers = {"authorization": f"Bearer {viewer.token}", "accept": accept}
    for form in ("ledger", "focus"):
        response = Client().get(f"{ROOT}exports/{form}?period=7d", headers=headers)
        assert response.status_code == 200
        assert len(b"".join(response).splitlines()) == 2
        assert response["Cache-Control"] == "no-store"


def test_another_form_or_question_is_refused(acme: Tenant, viewer: Program) -> None:
    assert viewer.get("exports/parquet").status == 404
    assert viewer.get("exports/ledger?period=fortnight").body == {
        "period": ["'fortnight' is none of 24h, today, 7d, 30d, 90d, month, last_month"]
    }
    assert viewer.get("exports/ledger?colour=red").status == 400
