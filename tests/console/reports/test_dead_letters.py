"""An event that cannot be stored is seen by its tenant, tried again or discarded by an admin."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from redis import Redis

from billing import dead, ingest
from billing.models import DeadLetter, RequestRecord
from billing.stream import Stream
from console.audit.models import AuditEntry
from console.tenancy import every_tenant
from console.tenants.models import Tenant
from gateway.core.events import FIELD, STREAM
from tests.billing.events import NANO, attempt, settled
from tests.console.conftest import Person
from tests.console.reports.conftest import TODAY
from tests.console.reports.test_pages import shown, text

PAGE = "/t/acme/unread-events/"


@pytest.fixture
def letter(acme: Tenant, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> DeadLetter:
    """An event from after what the books take for a moment that can be meant."""
    with monkeypatch.context() as patch:
        patch.setattr("billing.decode.LATEST", TODAY - timedelta(days=1))
        event = msgspec.json.encode(settled(acme.pk, attempt(NANO), request_id="late", at=TODAY))
        redis.xadd(STREAM, {FIELD: event})
        assert ingest.drain(Stream(redis)).dead == 1
    return DeadLetter.objects.get()


def test_it_is_listed_with_its_reason_to_its_tenant_alone(
    ada: Person, eve: Person, letter: DeadLetter
) -> None:
    page = text(shown(ada.client, "unread-events/"))
    assert "At has no time zone or lies outside 2020–2100" in page
    assert letter.entry in page
    assert "Some events of the gateways could not be read" in text(shown(ada.client, "requests/"))
    assert "Every event was read" in eve.client.get("/t/evil/unread-events/").content.decode()
    assert eve.client.post(f"/t/evil/unread-events/{letter.pk}/discard/").status_code == 404
    assert DeadLetter.objects.count() == 1


def test_an_admin_tries_it_again(ada: Person, vera: Person, letter: DeadLetter, redis: Redis) -> None:
    assert vera.client.post(f"{PAGE}{letter.pk}/retry/").status_code == 403
    ada.client.post(f"{PAGE}{letter.pk}/retry/")
    assert not DeadLetter.objects.exists()
    assert ingest.drain(Stream(redis)).dead == 0
    with every_tenant():
        assert RequestRecord.objects.get().request_id == "late"
        assert AuditEntry.objects.filter(verb="event.retried", subject=letter.entry).count() == 1
    assert "Every event was read" in shown(ada.client, "unread-events/")


def test_what_is_discarded_leaves_its_checksum(ada: Person, letter: DeadLetter) -> None:
    ada.client.post(f"{PAGE}{letter.pk}/discard/")
    assert not DeadLetter.objects.exists()
    with every_tenant():
        assert AuditEntry.objects.get(verb="event.discarded").changes["sha256"] == letter.sha256


def test_of_what_is_gone_nothing_can_be_tried(ada: Person, letter: DeadLetter) -> None:
    DeadLetter.objects.update(payload=None)
    answer = ada.client.post(f"{PAGE}{letter.pk}/retry/", follow=True)
    assert "Nothing is left of this event" in answer.content.decode()
    assert DeadLetter.objects.count() == 1


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b'{"origin": {}}', b'{"origin": {"tenant": "acme"}}', b"[" * 10_000]
)
def test_an_event_may_name_nobody(payload: bytes) -> None:
    assert dead.tenant_of(payload) is None


def test_the_tenant_is_read_out_of_what_is_damaged_elsewhere() -> None:
    tenant = uuid4()
    assert dead.tenant_of(b'{"at": 7, "origin": {"tenant": "%s", "x": []}}' % str(tenant).encode()) == tenant
