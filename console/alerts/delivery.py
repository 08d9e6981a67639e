"""Carrying alerts to their channels: tried again with growing pauses, at last given up, and every try on record."""

from __future__ import annotations

import hmac
import json
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from smtplib import SMTPException

import httpx
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from billing.alerts import Alert
from console.alerts.models import Channel, Delivery, Kind, State
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.addresses import Address, Boundary, Url, UrlNotAllowed

PATIENCE = httpx.Timeout(8.0, connect=4.0)
MOST_TRIES = 6
PAUSE = timedelta(seconds=30)  # after the first try; four times as long after each further one
FRESH = timedelta(days=2)  # older alerts are not carried to a channel any more


class Undelivered(Exception):
    """Said on the page: no answer of the other side is in it."""


def deliver(*, now: datetime) -> int:
    """Everything that is due, of every tenant; returns how many tries were made."""
    with every_tenant():
        told = Tenant.objects.filter(pk__in=Channel.objects.values("tenant"))
        tenants = list(told)
    tries = 0
    for tenant in tenants:
        with within(tenant):
            _address(tenant, now=now)
        while _deliver_next(tenant, now=now):
            tries += 1
    return tries


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """As the receiver reckons it: HMAC-SHA256 over the timestamp, a point and the body, in hexadecimal."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()


def _address(tenant: Tenant, *, now: datetime) -> None:
    """A delivery of each alert to each channel that was there when it was raised."""
    for channel in tenant.alert_channels.all():
        since = max(channel.created_at, now - FRESH)
        alerts = tenant.alerts.filter(at__gte=since).exclude(deliveries__channel=channel)[:500]
        rows = [Delivery(tenant=tenant, alert=alert, channel=channel, due_at=now) for alert in alerts]
        Delivery._base_manager.bulk_create(rows, ignore_conflicts=True)


def _deliver_next(tenant: Tenant, *, now: datetime) -> bool:
    """One try, its row locked meanwhile: two workers never tell the same thing at once."""
    with within(tenant):
        due = tenant.alert_deliveries.filter(state=State.WAITING, due_at__lte=now).order_by("due_at", "pk")
        delivery = due.select_for_update(skip_locked=True, of=("self",)).first()
        if delivery is None:
            return False
        delivery.tries += 1
        try:
            _send(delivery)
        except Undelivered as problem:
            delivery.problem = str(problem)[:200]
            delivery.state = State.FAILED if delivery.tries >= MOST_TRIES else State.WAITING
            delivery.due_at = now + PAUSE * 4 ** (delivery.tries - 1)
        else:
            delivery.state, delivery.problem, delivery.sent_at = State.SENT, "", now
        delivery.save(update_fields=["tries", "problem", "state", "due_at", "sent_at"])
        return True


def _send(delivery: Delivery) -> None:
    channel, alert = delivery.channel, delivery.alert
    if channel.kind == Kind.EMAIL:
        _mail(channel, alert)
    else:
        _post(channel, delivery)


def _mail(channel: Channel, alert: Alert) -> None:
    tenant = alert.tenant
    body = f"{alert.text}\n\n{settings.CONSOLE_URL}/t/{tenant.slug}/alerts/\n"
    try:
        send_mail(f"[{tenant.name}] {alert.title}"[:200].replace("\n", " "), body, None, [channel.target])
    except (SMTPException, OSError) as error:
        raise Undelivered(f"The mail server did not take it ({type(error).__name__}).") from None


def _post(channel: Channel, delivery: Delivery) -> None:
    body, timestamp = body_of(delivery.alert), int(timezone.now().timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "rungway-alerts",
        "x-rungway-delivery": str(delivery.alert_id),  # the same in every try: tell by it what came twice
        "x-rungway-timestamp": str(timestamp),
        "x-rungway-signature": signature(channel.signing_secret, timestamp, body),
    }
    try:
        status = _status(Url.parse(channel.target), headers, body)
    except UrlNotAllowed as reason:
        raise Undelivered(f"The address cannot be used: {reason}.") from None
    except httpx.TimeoutException:
        raise Undelivered("It did not answer in time.") from None
    except (httpx.HTTPError, OSError):
        raise Undelivered("It could not be reached.") from None
    if not 200 <= status < 300:
        raise Undelivered(f"It answered {status}.")


def body_of(alert: Alert) -> bytes:
    told = {
        "id": str(alert.pk),
        "kind": alert.kind,
        "tenant": alert.tenant.slug,
        "at": alert.at.isoformat(),
        "title": alert.title,
        "text": alert.text,
        "facts": alert.facts,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def _status(url: Url, headers: Mapping[str, str], body: bytes) -> int:
    """What is connected to is the address that was checked; nothing is read of the answer but its status."""
    host = _host(_checked(url))
    with (
        httpx.Client(trust_env=False, follow_redirects=False, timeout=PATIENCE) as client,
        client.stream(
            "POST",
            f"{url.scheme}://{host}:{url.port}{url.target.decode()}",
            headers={**headers, "host": url.authority.decode()},
            content=body,
            extensions={"sni_hostname": url.host},
        ) as response,
    ):
        return response.status_code


def boundary() -> Boundary:
    return Boundary.of(settings.ALLOWED_PRIVATE_NETWORKS, settings.SIMULATOR_URL or "")


def _checked(url: Url) -> Address:
    around = boundary()
    around.check(url)
    answers = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
    for address in addresses:
        around.check_address(url, address)
    return addresses[0]


def _host(address: Address) -> str:
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
