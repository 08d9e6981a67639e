"""Shows a provider its key once, in the cheapest call there is: as a rule, the list of its models.

The address is checked as it is resolved, and what was checked is what is connected to. Nothing of the answer
is read but its status, so that the button cannot be used to look at what stands behind an address.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address

import httpx
from django.conf import settings

from console.catalogue.builtin import Vendor
from console.keys.sealing import Secret
from gateway.core.addresses import Address, Boundary, Url, UrlNotAllowed
from gateway.core.catalogue import SPOKEN, Auth
from gateway.core.credential import header_of
from gateway.core.sigv4 import AwsSecret, aws_secret_of, shown
from gateway.core.url import joined

PATIENCE = httpx.Timeout(6.0, connect=3.0)
SIMULATOR = "simulator:"
NO_MODEL = "/model/no-model/converse"

type Answer = tuple[bool, str]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """`working` is None where a key of this kind cannot be tried."""

    working: bool | None
    reason: str


def attempt(vendor: Vendor, *, base_url: str, secret: Secret | None) -> Trial:
    if vendor.dialect not in SPOKEN or not vendor.models_path:
        return Trial(working=None, reason=f"Keys of {vendor.name} cannot be tested yet.")
    base_url = _resolved(base_url or vendor.base_url)
    try:
        if vendor.auth is Auth.AWS and secret is not None:
            return _asked_in_vain(base_url, aws_secret_of(secret.reveal))
        url = Url.parse(joined(base_url, vendor.models_path))
        status = _status("GET", url, headers={**vendor.headers, **_credential(vendor.auth, secret)})
    except UrlNotAllowed as reason:
        return Trial(working=False, reason=f"The base URL cannot be used: {reason}.")
    except httpx.TimeoutException:
        return Trial(working=False, reason="The provider did not answer in time.")
    except (httpx.HTTPError, OSError):
        return Trial(working=False, reason="The provider could not be reached.")
    return _judged(status)


def _resolved(base_url: str) -> str:
    if base_url.startswith(SIMULATOR):
        base_url = (settings.SIMULATOR_URL or "") + base_url.removeprefix(SIMULATOR)
    return base_url.rstrip("/")


def _asked_in_vain(base_url: str, secret: AwsSecret) -> Trial:
    """There is no list where models run, and who may call one may not be allowed to list them: so a question is
    asked that no model answers, and what is refused is the question or the key."""
    url, body = Url.parse(joined(base_url or secret.endpoint, NO_MODEL)), b"{}"
    kind = (b"content-type", b"application/json")
    headers = (kind, *shown("POST", url, [kind], body, secret, at=datetime.now(UTC)))
    told = {name.decode(): value.decode() for name, value in headers}
    status = _status("POST", url, headers=told, body=body)
    return _judged(200 if status in {400, 424} else status)


def _status(method: str, url: Url, *, headers: Mapping[str, str], body: bytes = b"") -> int:
    host = _host(_checked(url))
    with (
        httpx.Client(trust_env=False, follow_redirects=False, timeout=PATIENCE) as client,
        client.stream(
            method,
            f"{url.scheme}://{host}:{url.port}{url.target.decode()}",
            headers={**headers, "host": url.authority.decode()},
            content=body or None,
            extensions={"sni_hostname": url.host},
        ) as response,
    ):
        return response.status_code


def _checked(url: Url) -> Address:
    """One address of the name, if all of them are allowed: a name is as good as the worst of its answers."""
    boundary = Boundary.of(settings.ALLOWED_PRIVATE_NETWORKS, settings.SIMULATOR_URL or "")
    boundary.check(url)
    answers = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
    for address in addresses:
        boundary.check_address(url, address)
    return addresses[0]


def _host(address: Address) -> str:
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)


def _credential(auth: Auth, secret: Secret | None) -> Mapping[str, str]:
    header = header_of(auth, secret.reveal) if secret else None
    return dict([header]) if header else {}


def _judged(status: int) -> Trial:
    match status:
        case 200 | 429:
            return Trial(working=True, reason="The provider knows this key.")
        case 401 | 403:
            return Trial(working=False, reason=f"The provider refuses this key ({status}).")
        case 404:
            return Trial(working=False, reason="There is no list of models at this base URL (404).")
        case _ if status >= 500:
            return Trial(working=False, reason=f"The provider has trouble of its own ({status}): try later.")
        case _:
            return Trial(working=False, reason=f"The provider answered {status}: check the base URL.")
