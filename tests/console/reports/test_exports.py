"""The ledger as a file, by button, by program, and as the server really sends it: streamed, under ASGI."""

from __future__ import annotations

import pytest
from django.test import AsyncRequestFactory
from django.utils import timezone

from billing.exports import Form
from billing.periods import zone_of
from billing.query import ask
from console.reports.streaming import exported, in_thread
from console.tenancy import within
from console.tenants.models import Tenant
from tests.console.conftest import Person


@pytest.mark.parametrize("form", ["ledger", "focus"])
def test_the_spend_page_gives_a_file_with_its_filters(ada: Person, traffic: Tenant, form: str) -> None:
    page = ada.client.get("/t/acme/spend/?router=search").content.decode()
    address = f"/t/acme/spend/export/{form}/?router=search"
    assert address in page
    response = ada.client.get(address)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith(f'attachment; filename="acme-{form}-')
    assert response["X-Rungway-Unpriced-Attempts"] == "1"
    lines = b"".join(response).decode().splitlines()
    assert len(lines) == {"ledger": 2, "focus": 1}[form]


@pytest.mark.parametrize("path", ["nothing/", "ledger/?period=fortnight", "ledger/?model=a%00b"])
def test_what_cannot_be_exported_is_said(ada: Person, traffic: Tenant, path: str) -> None:
    assert ada.client.get(f"/t/acme/spend/export/{path}").status_code in {400, 404}


def test_under_asgi_it_is_streamed_from_a_thread(acme: Tenant) -> None:
    query = ask({}, zone=zone_of("UTC"), now=timezone.now())
    with within(acme):
        response = exported(AsyncRequestFactory().get("/"), acme, query, Form.FOCUS)
    assert response.is_async


async def test_batches_come_in_their_order() -> None:
    assert [batch async for batch in in_thread(iter([b"a", b"b"]))] == [b"a", b"b"]
