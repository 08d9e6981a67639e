"""The bytes of an answer."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
LAST_CHUNK = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Clock:
    """The `date` of answers, made once a second by whoever ticks."""

    def __init__(self) -> None:
        self.tick()

    def tick(self) -> None:
        self.line = f"date: {formatdate(usegmt=True)}\r\n".encode()


def head(status: int, headers: Iterable[tuple[bytes, bytes]], framing: bytes, date: bytes) -> bytes:
    """`framing` is the lines that say where the body ends; `date` one whole line."""
    line = _LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    fields = b"\r\n".join([b": ".join(field) for field in headers])  # faster than formatting each
    return b"%b%b%b%b%b\r\n" % (line, date, fields, b"\r\n" if fields else b"", framing)


def chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part)
