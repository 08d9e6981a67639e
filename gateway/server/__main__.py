"""Serves the gateway until it is told to stop."""

from __future__ import annotations

import argparse
import socket

import uvloop

from gateway.server.serve import GRACE, Server
from gateway.settings import read


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gateway.server", description=__doc__)
    parser.add_argument("--fd", type=int, help="a listening socket that is open already")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--grace", type=float, default=GRACE, help="seconds for answers under way at the end")
    arguments = parser.parse_args()
    uvloop.run(serve(listening(arguments), grace=arguments.grace))


async def serve(listener: socket.socket, *, grace: float) -> None:
    await Server(read(), grace=grace).run([listener])


def listening(arguments: argparse.Namespace) -> socket.socket:
    if arguments.fd is not None:
        return socket.socket(fileno=arguments.fd)
    return socket.create_server(
        (arguments.host, arguments.port),
        family=socket.AF_INET6 if ":" in arguments.host else socket.AF_INET,
        reuse_port=False,
    )


if __name__ == "__main__":
    main()
