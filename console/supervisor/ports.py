"""Claims the addresses before anything else happens, so that a taken port is said at once and by its name."""

import errno
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from console.refusals import Refused

BACKLOG = 2048
FREED_WITHIN = 2.0  # the parts of a killed `up` are just ending


class PortTaken(Refused):
    """An address that the product should listen on is not to be had."""


@contextmanager
def claimed(bind: str, ports: Mapping[str, int], *, loopback: frozenset[str]) -> Iterator[dict[str, int]]:
    """File descriptors of listening sockets, by the variable that names the port."""
    with ExitStack() as stack:
        yield {
            variable: stack.enter_context(
                _listening("127.0.0.1" if variable in loopback else bind, port, variable)
            ).fileno()
            for variable, port in ports.items()
        }


def _listening(host: str, port: int, variable: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + FREED_WITHIN
    while True:
        try:
            listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
            # Handed on by its number it is not known for TCP, and Nagle's delay would cost every answer 40 ms.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return listener
        except OSError as refusal:
            if refusal.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise PortTaken(_explained(refusal, host, port, variable)) from None
        time.sleep(0.05)


def _explained(refusal: OSError, host: str, port: int, variable: str) -> str:
    match refusal.errno:
        case errno.EADDRINUSE:
            return f"Port {port} is taken by another program: end it, or set {variable} to a free port."
        case errno.EACCES:
            return f"Port {port} needs more rights than this user has: set {variable} to a port above 1023."
        case errno.EADDRNOTAVAIL:
            return f"This machine has no address {host}: set BIND to one it has (127.0.0.1, 0.0.0.0)."
        case _:
            return f"Cannot listen on {host} port {port} ({refusal.strerror}): check BIND and {variable}."
