"""A bill, from its upload to the requests behind a drift."""

from __future__ import annotations

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from redis import Redis

from billing import ingest
from billing.stream import Stream
from console.tenancy import within
from console.tenants.models import Tenant
from tests.billing.events import NANO, attempt, send, settled
from tests.billing.test_invoices import BY_LINE, through_main
from tests.console.conftest import Person

PAGE = "/t/acme/provider-invoices/"


@pytest.fixture
def keys(acme: Tenant, redis: Redis) -> Tenant:
    with within(acme):
        acme.provider_keys.create(name="main", provider="openai")
    send(redis, [through_main(settled(acme.pk, attempt(NANO), request_id="r1"))])
    ingest.drain(Stream(redis))
    return acme


def text(page: bytes) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


def upload(person: Person, raw: bytes, key: str = "main") -> object:
    return person.client.post(PAGE, {"provider_key": key, "file": SimpleUploadedFile("march.csv", raw)})


def test_a_bill_leads_to_the_requests_behind_its_drift(keys: Tenant, ann: Person) -> None:
    response = upload(ann, BY_LINE)
    page = ann.client.get(response["location"]).content  # type: ignore[index]
    assert "The provider asks for $0.00013" in text(page)
    assert "In the ledger $0.00013" in text(page)
    assert "Drift $0.0000013" in text(page)
    found = re.search(r'class="row-link" href="([^"]+)"', page.decode())
    assert found is not None
    assert "/requests/r1/" in ann.client.get(html.unescape(found[1])).content.decode()
    assert "march.csv" in text(ann.client.get(PAGE).content)
    ann.client.post(f"{response['location']}remove/")  # type: ignore[index]
    assert "No bill has been compared yet" in text(ann.client.get(PAGE).content)


def test_what_cannot_be_read_is_said_beside_the_file(keys: Tenant, ann: Person) -> None:
    response = upload(ann, b"date,cost,model\nyesterday,1,m\n")
    assert response.status_code == 422  # type: ignore[attr-defined]
    assert "Row 2: 'yesterday' is no day" in text(response.content)  # type: ignore[attr-defined]
    assert upload(ann, BY_LINE, key="nobody's").status_code == 422  # type: ignore[attr-defined]
    with within(keys):
        assert not keys.provider_invoices.exists()


def test_without_a_key_there_is_nothing_to_compare(acme: Tenant, ann: Person) -> None:
    assert "No provider is connected yet" in text(ann.client.get(PAGE).content)


def test_a_foreign_bill_is_not_there(keys: Tenant, ann: Person, eve: Person) -> None:
    address = upload(ann, BY_LINE)["location"]  # type: ignore[index]
    assert eve.client.get(address.replace("acme", "evil")).status_code == 404
