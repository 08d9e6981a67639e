"""Shows a provider its key once, in the cheapest call there is: as a rule, the list of its models.

The address is checked as it is resolved, and what was checked is what is connected to. Nothing of the answer
is read but its status, so that the button cannot be used to look at what stands behind an address; a token that
a service account is given for its key is read, and shown to its provider alone.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from time import time

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.conf import settings

from console.catalogue.builtin import Vendor
from console.keys.sealing import Secret
from gateway.core import service_account
from gateway.core.addresses import Address, Boundary, Url, UrlNotAllowed
from gateway.core.catalogue import SPOKEN, Auth
from gateway.core.credential import header_of
from gateway.core.sigv4 import aws_secret_of, shown
from gateway.core.url import joined

PATIENCE = httpx.Timeout(6.0, connect=3.0)
SIMULATOR = "simulator:"
NO_MODEL = "/model/no-model/converse"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """`working` is None where a key of this kind cannot be tried."""

    working: bool | None
    reason: str


def attempt(vendor: Vendor, *, base_url: str, secret: Secret | None) -> Trial:
    if vendor.dialect not in SPOKEN or not vendor.models_path:
        return Trial(working=None, reason=f"Keys of {vendor.name} cannot be tested yet.")
    try:
        return WAYS.get(vendor.auth, _shown)(vendor, _resolved(base_url or vendor.base_url), secret)
    except UrlNotAllowed as reason:
        return Trial(working=False, reason=f"The base URL cannot be used: {reason}.")
    except httpx.TimeoutException:
        return Trial(working=False, reason="The provider did not answer in time.")
    except (httpx.HTTPError, OSError):
        return Trial(working=False, reason="The provider could not be reached.")


def _resolved(base_url: str) -> str:
    if base_url.startswith(SIMULATOR):
        base_url = (settings.SIMULATOR_URL or "") + base_url.removeprefix(SIMULATOR)
    return base_url.rstrip("/")


def _shown(vendor: Vendor, base_url: str, secret: Secret | None) -> Trial:
    """In a header, the same for every call."""
    url = Url.parse(joined(base_url, vendor.models_path))
    status = _status(url, _question(vendor), {**vendor.headers, **_credential(vendor.auth, secret)})
    if (
        vendor.auth is Auth.X_GOOG_API_KEY and status == 400
    ):  # what Google says of a key that it does not know
        status = 401
    return _judged(status, of_model=bool(vendor.question))


def _signed(vendor: Vendor, base_url: str, secret: Secret | None) -> Trial:
    """There is no list where models run, and who may call one may not be allowed to list them: so a question is
    asked that no model answers, and what is refused is the question or the key."""
    if secret is None:
        return NO_KEY
    signing = aws_secret_of(secret.reveal)
    url, body = Url.parse(joined(base_url or signing.endpoint, NO_MODEL)), b"{}"
    kind = (b"content-type", b"application/json")
    headers = (kind, *shown("POST", url, [kind], body, signing, at=datetime.now(UTC)))
    status = _status(url, body, {name.decode(): value.decode() for name, value in headers})
    return _judged(200 if status in {400, 424} else status)


def _by_account(vendor: Vendor, base_url: str, secret: Secret | None) -> Trial:
    """A service account is known once it has a token; whether it may use models, only one of them can tell."""
    if secret is None:
        return NO_KEY
    try:
        account = service_account.account_of(secret.reveal)
    except ValueError as reason:
        return Trial(working=False, reason=f"This is no key: {reason}.")
    if account is None:
        address = service_account.express_address(base_url, vendor.models_path)
        return _of_cloud(address, vendor, {"x-goog-api-key": secret.reveal}, own=not base_url)
    status, token = _token_for(*account)
    if not token:
        return _judged(401 if status == 400 else status)
    address = service_account.address(account[0], base_url, vendor.models_path)
    return _of_cloud(address, vendor, {"authorization": f"Bearer {token}"}, own=not base_url)


def _of_cloud(address: str, vendor: Vendor, credential: Mapping[str, str], *, own: bool) -> Trial:
    """At Google's own address a model that is no longer there (404) is refused to those alone whom it knows."""
    match _status(Url.parse(address), _question(vendor), credential):
        case 404 if own:
            return _judged(200)
        case 400:  # what Google says of a key that it does not know
            return _judged(401)
        case 403 if "authorization" in credential:
            return _may_not(vendor)
        case status:
            return _judged(status, of_model=True)


def _may_not(vendor: Vendor) -> Trial:
    missing = f"it needs a role that uses models, and the API of {vendor.name} enabled"
    return Trial(working=False, reason=f"The account is known, and refused in its project (403): {missing}.")


def _token_for(account: service_account.ServiceAccount, key: RSAPrivateKey) -> tuple[int, str]:
    """The status, and a token if there is one."""
    form = service_account.asked(account, key, now=int(time()))
    headers = {"content-type": service_account.FORM}
    status, body = _answer(Url.parse(account.token_uri), form, headers, most=service_account.MAX_TOKEN)
    found = service_account.granted(body) if status == 200 else None
    return (status, found.token) if found else (502 if status == 200 else status, "")


def _question(vendor: Vendor) -> bytes:
    """Empty where a list is looked up."""
    return json.dumps(vendor.question).encode() if vendor.question else b""


def _status(url: Url, body: bytes, headers: Mapping[str, str]) -> int:
    kind = {"content-type": "application/json"} if body else {}
    return _answer(url, body, {**kind, **headers})[0]


def _answer(url: Url, body: bytes, headers: Mapping[str, str], *, most: int = 0) -> tuple[int, bytes]:
    """Its status, and so many of its bytes: all of an answer that has no more, else none."""
    host = _host(_checked(url))
    with (
        httpx.Client(trust_env=False, follow_redirects=False, timeout=PATIENCE) as client,
        client.stream(
            "POST" if body else "GET",
            f"{url.scheme}://{host}:{url.port}{url.target.decode()}",
            headers={**headers, "host": url.authority.decode()},
            content=body or None,
            extensions={"sni_hostname": url.host},
        ) as response,
    ):
        read = b""
        for piece in response.iter_raw() if most else ():
            read += piece
            if len(read) > most:
                return response.status_code, b""
        return response.status_code, read


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


def _judged(status: int, *, of_model: bool = False) -> Trial:
    """`of_model`: one was asked, and no list looked up."""
    match status:
        case 200 | 429:
            return Trial(working=True, reason="The provider knows this key.")
        case 401 | 403:
            return Trial(working=False, reason=f"The provider refuses this key ({status}).")
        case 404:
            sought = "model to ask" if of_model else "list of models"
            return Trial(working=False, reason=f"There is no {sought} at this base URL (404).")
        case _ if status >= 500:
            return Trial(working=False, reason=f"The provider has trouble of its own ({status}): try later.")
        case _:
            return Trial(working=False, reason=f"The provider answered {status}: check the base URL.")


NO_KEY = Trial(working=False, reason="There is no key to show.")
WAYS: Mapping[Auth, Callable[[Vendor, str, Secret | None], Trial]] = {
    Auth.AWS: _signed,
    Auth.SERVICE_ACCOUNT: _by_account,
}
