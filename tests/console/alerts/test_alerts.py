"""Told once, to every channel, signed, tried again, and never to an address inside."""

from __future__ import annotations

import hmac
import html
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone
from redis import Redis

from billing import ingest
from billing.alerts import raise_alert
from billing.stream import Stream
from console.alerts import actions, delivery, watching
from console.alerts.models import Channel, Delivery, State
from console.audit.actor import Actor
from console.routers import actions as routers
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.facts import Tier
from gateway.core.money import nano
from gateway.core.policy import Otherwise, Policy
from tests.billing.events import GPT_5, MYSTERY, attempt, send, settled
from tests.console.conftest import Person

ACTING = Actor.system("tests")


@dataclass
class Receiver:
    port: int = 0
    status: int = 200
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@pytest.fixture
def receiver(settings: object) -> Iterator[Receiver]:
    """A program of the tenant's on this machine, which the operator has opened."""
    told = Receiver()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(told.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    settings.ALLOWED_PRIVATE_NETWORKS = ("127.0.0.0/8",)  # type: ignore[attr-defined]
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        told.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()


def channel(tenant: Tenant, kind: str, target: str) -> Channel:
    with within(tenant):
        return actions.add_channel(tenant, kind=kind, target=target, acting=ACTING)


def tell(tenant: Tenant, key: str = "k") -> None:
    with within(tenant):
        raise_alert(
            tenant, kind="budget", key=key, title="The budget search is spent", text="…", facts={"a": 1}
        )


def only(tenant: Tenant) -> Delivery:
    with within(tenant):
        return tenant.alert_deliveries.get()


def text(page: bytes) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


def test_a_webhook_is_signed_over_time_and_body(acme: Tenant, receiver: Receiver) -> None:
    made = channel(acme, "webhook", receiver.url)
    tell(acme)
    assert delivery.deliver(now=timezone.now()) == 1
    ((headers, body),) = receiver.came
    signed = f"{headers['x-rungway-timestamp']}.".encode() + body
    expected = hmac.new(made.signing_secret.encode(), signed, sha256).hexdigest()
    assert headers["x-rungway-signature"] == f"v1={expected}"
    told = json.loads(body)
    assert (told["kind"], told["tenant"], told["facts"]) == ("budget", "acme", {"a": 1})
    assert headers["x-rungway-delivery"] == told["id"]
    assert only(acme).state == State.SENT


def test_each_alert_goes_to_each_channel_once(acme: Tenant, receiver: Receiver) -> None:
    channel(acme, "webhook", receiver.url)
    channel(acme, "email", "finance@acme.test")
    tell(acme)
    tell(acme)
    assert delivery.deliver(now=timezone.now()) == 2
    assert delivery.deliver(now=timezone.now()) == 0
    assert (len(receiver.came), len(mail.outbox)) == (1, 1)
    assert mail.outbox[0].subject == "[Acme Inc] The budget search is spent"
    assert "/t/acme/alerts/" in str(mail.outbox[0].body)


def test_what_was_told_before_a_channel_was_there_is_not_sent_to_it(acme: Tenant, receiver: Receiver) -> None:
    tell(acme)
    channel(acme, "webhook", receiver.url)
    with within(acme):
        acme.alert_channels.update(created_at=timezone.now() + timedelta(seconds=1))
    assert delivery.deliver(now=timezone.now()) == 0


def test_it_is_tried_again_with_growing_pauses_and_given_up_at_last(acme: Tenant, receiver: Receiver) -> None:
    receiver.status = 503
    channel(acme, "webhook", receiver.url)
    tell(acme)
    now = timezone.now()
    pauses: list[timedelta] = []
    for tries in range(1, delivery.MOST_TRIES + 1):
        assert delivery.deliver(now=now) == 1
        row = only(acme)
        assert (row.tries, row.problem) == (tries, "It answered 503.")
        pauses.append(row.due_at - now)
        assert delivery.deliver(now=row.due_at - timedelta(seconds=1)) == 0
        now = row.due_at
    assert pauses[:3] == [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=8)]
    assert only(acme).state == State.FAILED
    assert delivery.deliver(now=now) == 0
    assert len(receiver.came) == delivery.MOST_TRIES


def test_after_an_outage_it_arrives(acme: Tenant, receiver: Receiver) -> None:
    receiver.status = 500
    channel(acme, "webhook", receiver.url)
    tell(acme)
    now = timezone.now()
    delivery.deliver(now=now)
    receiver.status = 204
    delivery.deliver(now=now + delivery.PAUSE)
    row = only(acme)
    assert (row.state, row.tries, row.problem) == (State.SENT, 2, "")


@pytest.mark.parametrize(
    "url",
    ["https://169.254.169.254/", "http://localhost/", "https://hooks.internal/", "ftp://x.example/", "?"],
)
def test_no_webhook_leads_inside(acme: Tenant, url: str) -> None:
    with within(acme), pytest.raises(ValidationError):
        actions.add_channel(acme, kind="webhook", target=url, acting=ACTING)


def test_a_name_that_leads_inside_later_is_not_called(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    channel(acme, "webhook", "https://hooks.example.com/a")
    answers = [(2, 1, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answers)
    tell(acme)
    delivery.deliver(now=timezone.now())
    assert only(acme).problem.startswith("The address cannot be used:")


def book(redis: Redis, tenant: Tenant, at: datetime, n: int = 1) -> None:
    send(redis, [settled(tenant.pk, attempt(MYSTERY), at=at) for _ in range(n)])
    ingest.drain(Stream(redis))


def look(tenant: Tenant, now: datetime) -> list[str]:
    with within(tenant):
        watching.look(tenant, now=now)
        return list(tenant.alerts.order_by("key").values_list("key", flat=True))


def test_a_model_without_a_price_is_told_once_until_it_is_over(acme: Tenant, redis: Redis) -> None:
    now = datetime.fromisoformat("2026-03-10T12:00:00+00:00")
    book(redis, acme, now - timedelta(hours=2))
    for later in (0, 1, 20):
        assert look(acme, now + timedelta(hours=later)) == [f"unpriced:{now.isoformat()}:{MYSTERY.id}"]
    with within(acme):
        lasting = acme.alerts.get()
    assert (lasting.subject, lasting.ended_at, lasting.seen_at) == (
        MYSTERY.id,
        None,
        now + timedelta(hours=20),
    )
    tomorrow = now + timedelta(hours=30)
    look(acme, tomorrow)
    with within(acme):
        assert acme.alerts.get().ended_at == now + timedelta(hours=20)
    book(redis, acme, tomorrow)
    assert len(look(acme, tomorrow + timedelta(hours=1))) == 2


def test_what_is_watched_no_more_is_over(acme: Tenant, redis: Redis) -> None:
    now = datetime.fromisoformat("2026-03-10T12:00:00+00:00")
    book(redis, acme, now - timedelta(hours=2))
    look(acme, now)
    with within(acme):
        actions.set_watch(acme, unpriced=False, unusual_score=None, overkill_nano=None, acting=ACTING)
    look(acme, now + timedelta(minutes=5))
    with within(acme):
        assert acme.alerts.get().ended_at == now


def test_overkill_above_a_sum_is_told_once_until_it_is_clearly_below(acme: Tenant, redis: Redis) -> None:
    now = timezone.now()
    with within(acme):
        acme.provider_keys.create(name="main", provider="openai")
        router = routers.create(
            acme, "support", Policy(otherwise=Otherwise(tier=Tier.PREMIUM)), acting=ACTING
        )
        routers.publish(router, at=now - timedelta(days=10), acting=ACTING)
    send(redis, [settled(acme.pk, attempt(GPT_5), rule="otherwise", at=now - timedelta(days=1))])
    ingest.drain(Stream(redis))

    def above(threshold: int, minutes: int) -> list[bool]:
        """Whether each that was told is over."""
        with within(acme):
            actions.set_watch(
                acme, unpriced=False, unusual_score=None, overkill_nano=threshold, acting=ACTING
            )
        look(acme, now + timedelta(minutes=minutes))
        with within(acme):
            return [each.ended_at is not None for each in acme.alerts.order_by("at")]

    assert above(10**9, 0) == []
    assert above(1000, 5) == above(1000, 10) == [False]
    with within(acme):
        saving = nano(str(acme.alerts.get().facts["saving_usd"]))
    assert above(saving + saving // 20, 15) == [False]  # hardly below
    assert above(2 * saving, 20) == [True]
    assert above(saving, 25) == [True, False]


def test_the_page_says_what_was_told_and_how_it_went(ada: Person, acme: Tenant, receiver: Receiver) -> None:
    assert "Nothing to tell" in text(ada.client.get("/t/acme/alerts/").content)
    refused = ada.client.post("/t/acme/alerts/channel/", {"kind": "email", "target": "nobody"})
    assert refused.status_code == 422
    ada.client.post("/t/acme/alerts/channel/", {"kind": "webhook", "target": receiver.url})
    ada.client.post("/t/acme/alerts/test/")
    ada.client.post("/t/acme/alerts/test/")
    receiver.status = 404
    delivery.deliver(now=timezone.now())
    page = ada.client.get("/t/acme/alerts/").content
    assert "This is a test of your alerts" in text(page)
    assert "It answered 404." in text(page)
    assert "whsec_" in page.decode()
    ada.client.post("/t/acme/alerts/settings/", {"unpriced": "on", "unusual_score": "4", "overkill": "12.50"})
    assert "Overkill: above $12.50 in 30 days" in text(ada.client.get("/t/acme/alerts/").content)
    assert ada.client.get("/t/acme/alerts/settings/").status_code == 200
    with within(acme):
        made = acme.alert_channels.get()
    ada.client.post(f"/t/acme/alerts/channel/{made.pk}/remove/")
    assert "Nobody is told" in text(ada.client.get("/t/acme/alerts/").content)


def test_viewers_do_not_see_signing_secrets(vera: Person, acme: Tenant, receiver: Receiver) -> None:
    channel(acme, "webhook", receiver.url)
    assert "whsec_" not in vera.client.get("/t/acme/alerts/").content.decode()
