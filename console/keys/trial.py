"""Shows a provider its key once, in the cheapest call there is: the list of its models.

The address is checked as it is resolved, and what was checked is what is connected to. Nothing of the answer
is read but its status, so that the button cannot be used to look at what stands behind an address.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

import httpx
from django.conf import settings

from console.catalogue.builtin import Vendor
from console.keys.sealing import Secret
from gateway.core.addresses import Address, Boundary, Url, UrlNotAllowed
from gateway.core.catalogue import SPOKEN, Auth

PATIENCE = httpx.Timeout(6.0, connect=3.0)
SIMULATOR = "simulator:"

type Answer = tuple[bool, str]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """`working` is None where a key of this kind cannot be tried."""

    working: bool | None
    reason: str


def attempt(vendor: Vendor, *, base_url: str, secret: Secret | None) -> Trial:
    if vendor.dialect not in SPOKEN or not vendor.models_path:
        return Trial(working=None, reason=f"Keys of {vendor.name} cannot be tested yet.")
    try:
        url = Url.parse(_resolved(base_url or vendor.base_url) + vendor.models_path)
        status = _status(url, headers={**vendor.headers, **_credential(vendor.auth, secret)})
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


def _status(url: Url, *, headers: Mapping[str, str]) -> int:
    host = _host(_checked(url))
    with (
        httpx.Client(trust_env=False, follow_redirects=False, timeout=PATIENCE) as client,
        client.stream(
            "GET",
            f"{url.scheme}://{host}:{url.port}{url.target.decode()}",
            headers={**headers, "host": url.authority.decode()},
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
    if secret is None or auth is Auth.NONE:
        return {}
    if auth is Auth.BEARER:
        return {"authorization": f"Bearer {secret.reveal}"}
    return {auth.value: secret.reveal}


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
