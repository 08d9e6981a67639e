"""Which addresses we may be sent to: networks that are never someone's provider, and what the operator opened.

Everything here looks at text and numbers only. The same `Boundary` checks a URL when it is saved and every answer
of its name when a connection is made, so that the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

from gateway.core.url import Address, Origin, Url, UrlNotAllowed, address_of, parse, refuse

__all__ = ["Address", "Boundary", "Url", "UrlNotAllowed", "check_url"]

type Network = IPv4Network | IPv6Network


class Boundary(Struct, frozen=True):
    """What the operator opened: private networks, and one origin that is our own."""

    allowed: tuple[Network, ...] = ()
    exempt: Origin | None = None

    @staticmethod
    def of(allowed: Sequence[str] = (), exempt: str = "") -> Boundary:
        networks = tuple(ip_network(network.strip(), strict=False) for network in allowed)
        return Boundary(networks, parse(exempt).origin if exempt else None)

    def check(self, url: Url) -> None:
        """Everything that can be told without asking for a name's addresses."""
        if url.origin == self.exempt:
            return
        if url.port in OTHER_SERVICES:
            refuse(f"port {url.port} belongs to another kind of service")
        if (address := address_of(url.host)) is not None:
            self.check_address(url, address)
        else:
            self._check_name(url)

    def check_address(self, url: Url, address: Address) -> None:
        """The rule for one address a URL leads to. A name is only as good as the worst of its answers."""
        if url.origin == self.exempt:
            return
        reached = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
        inner = unwrapped(address)
        if reached in NEVER or inner in NEVER:
            refuse(f"{address} is not a provider's address")
        if self.opens(reached):
            return
        if is_closed(reached) or is_closed(inner):
            refuse(f"{address} is private or reserved; the operator can open it in ALLOWED_PRIVATE_NETWORKS")
        if url.scheme == "http":
            refuse("use https://; http:// is only for private networks the operator allows")
        if url.port not in PORTS:
            refuse(f"port {url.port} is not one that providers answer on")

    def opens(self, address: Address) -> bool:
        return any(address in network for network in self.allowed)

    def _check_name(self, url: Url) -> None:
        host = url.host
        if host in METADATA:
            refuse(f"{host} is not a provider's name")
        if is_local(host):
            if not any(self.opens(address) for address in LOOPBACK):
                refuse("localhost is this machine; the operator can open it in ALLOWED_PRIVATE_NETWORKS")
        elif not self.allowed:
            self._check_public_name(url)

    def _check_public_name(self, url: Url) -> None:
        if "." not in url.host or url.host.endswith(INSIDE):
            refuse(f"{url.host} is a name inside a private network")
        if url.scheme == "http":
            refuse("use https://; http:// is only for private networks the operator allows")
        if url.port not in PORTS:
            refuse(f"port {url.port} is not one that providers answer on")


def check_url(text: str, *, allowed: Sequence[str] = (), exempt: str = "") -> None:
    """For a URL about to be saved. Raises UrlNotAllowed with the reason."""
    Boundary.of(allowed, exempt).check(parse(text))


PORTS = frozenset({443, 8443})
# Ports of services that would understand part of an HTTP request, or leak their banner in an error.
OTHER_SERVICES = frozenset(
    {0, 7, 9, 19, 21, 22, 23, 25, 53, 69, 79, 110, 111, 119, 123, 135, 137, 139, 143, 161, 389, 445, 465, 514}
    | {587, 636, 873, 993, 995, 1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672}
    | {5984, 6379, 6380, 6443, 6667, 9042, 9092, 9200, 9300, 10250, 11211, 27017}
)
METADATA = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
INSIDE = (".local", ".internal", ".intranet", ".lan", ".home.arpa", ".svc", ".cluster.local", ".localdomain")
LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
# Not even an allowed network opens these: they hand out a machine's own credentials, or lead to many machines.
NEVER: frozenset[Address] = frozenset(
    ip_address(one)
    for one in (
        "0.0.0.0",  # noqa: S104 - refused, not bound
        "::",
        "255.255.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only 2000::/3 is anyone's, and in it these are not. NAT64's well-known prefix leads to an IPv4 address,
# which is checked for what it is.
NAT64 = IPv6Network("64:ff9b::/96")
CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "::/16",
        "100::/8",
        "200::/7",
        "400::/6",
        "800::/5",
        "1000::/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "4000::/2",
        "8000::/1",
        "64:ff9b:1::/48",
    )
)


def is_closed(address: Address) -> bool:
    return any(address in network for network in (CLOSED_V4 if address.version == 4 else CLOSED_V6))


def is_local(host: str) -> bool:
    """Names that mean this machine whatever a resolver says."""
    return host == "localhost" or host.endswith(".localhost")


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, however it was wrapped."""
    if isinstance(address, IPv4Address):
        return address
    number = int(address)
    last = IPv4Address(number & 0xFFFFFFFF)
    if address.ipv4_mapped is not None or address in NAT64 or (number >> 32 == 0 and number > 1):
        return last
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    is_isatap = (number >> 32) & 0xFDFFFFFF == 0x5EFE
    return last if is_isatap else address
