"""The syntax of a URL we may be sent to, stricter than a browser: what could be read in two ways is refused."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NoReturn

from msgspec import Struct

type Address = IPv4Address | IPv6Address
type Origin = tuple[str, str, int]  # scheme, host, port

LONGEST = 2048
USUAL_PORTS = {"http": 80, "https": 443}


class UrlNotAllowed(ValueError):
    """Says why in words meant for whoever typed the URL."""


class Url(Struct, frozen=True):
    """An http(s) URL in pieces, as they go on the wire. The host is lower-case and has no brackets."""

    scheme: str
    host: str
    port: int
    target: bytes
    authority: bytes
    origin: Origin

    @staticmethod
    def parse(text: str) -> Url:
        return parse(text)


def joined(base_url: str, path: str) -> str:
    """A provider's base and a path after it.

    A query of the base (`?api-version=…`) stands in for that of the path. After a base that ends in a version
    (`/v1`) the query is left out, and so is what the path has before a double slash: the base says it already. A
    version that both say is said once.
    """
    base, _, said = base_url.partition("?")
    base, (path, _, query) = base.rstrip("/"), path.partition("?")
    version = path.partition("/")[2].partition("/")[0]
    if re.fullmatch(r"v[0-9]+[a-z0-9]*", version) and base.endswith(f"/{version}"):
        path = path[len(version) + 1 :]
    prefix, mark, operation = path.partition("//")
    if mark and re.search(r"/v[0-9]+\Z", base):
        return f"{base}/{operation}"
    query = said or query
    return base + (f"{prefix}/{operation}" if mark else path) + (f"?{query}" if query else "")


def parse(text: str) -> Url:
    if len(text) > LONGEST:
        refuse(f"longer than {LONGEST} characters")
    if not re.fullmatch(r"[!-\[\]-~]*", text):
        refuse("only printable ASCII without spaces and backslashes; write an international name as xn--…")
    found = re.fullmatch(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?", text, re.IGNORECASE)
    if not found:
        refuse("write https://host/path, without a #fragment")
    scheme, authority, path, query = found.groups(default="")
    usual = USUAL_PORTS[scheme := scheme.lower()]
    if "@" in authority:
        refuse("no user name or password in a URL")
    host, port = host_and_port(authority, usual)
    bracketed = f"[{host}]" if ":" in host else host
    return Url(
        scheme=scheme,
        host=host,
        port=port,
        target=f"{path or '/'}{query}".encode(),
        authority=(bracketed if port == usual else f"{bracketed}:{port}").encode(),
        origin=(scheme, host, port),
    )


def host_and_port(authority: str, usual: int) -> tuple[str, int]:
    found = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::([0-9]{1,5}))?", authority.lower())
    if not found:
        refuse("the host is not a name or an address")
    port = int(found.group(3) or usual)
    if not 0 < port < 65536:
        refuse(f"{port} is not a port")
    bracketed, host = found.group(1), found.group(2)
    if bracketed or looks_numeric(host):
        return numeric(bracketed or host, version=6 if bracketed else 4), port
    if len(host) > 253 or not all(re.fullmatch(LABEL, label) for label in host.split(".")):
        refuse("the host is not a name or an address")
    return host, port


LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"


def looks_numeric(host: str) -> bool:
    """Whether some resolver would take it for an IPv4 address: 127.1, 2130706433, 0x7f.1, 0177.0.0.1."""
    return bool(re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]))


def numeric(host: str, *, version: int) -> str:
    address = address_of(host)
    if address is None or address.version != version:
        refuse("write an IPv4 address as four decimal numbers, an IPv6 address in brackets")
    return str(address)


def refuse(reason: str) -> NoReturn:
    raise UrlNotAllowed(reason)


def address_of(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
