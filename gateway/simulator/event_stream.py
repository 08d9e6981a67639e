"""AWS's binary event stream, as it is written."""

from __future__ import annotations

from binascii import crc32

from gateway.simulator.reply import Json, encoded

STREAM_TYPE = b"application/vnd.amazon.eventstream"


def event(kind: str, value: Json) -> bytes:
    return message({":event-type": kind, ":message-type": "event"}, encoded(value))


def exception(kind: str, value: Json) -> bytes:
    return message({":exception-type": kind, ":message-type": "exception"}, encoded(value))


def message(headers: dict[str, str], payload: bytes) -> bytes:
    told = b"".join(map(header, (headers | {":content-type": "application/json"}).items()))
    sizes = (16 + len(told) + len(payload)).to_bytes(4) + len(told).to_bytes(4)
    whole = sizes + crc32(sizes).to_bytes(4) + told + payload
    return whole + crc32(whole).to_bytes(4)


def header(item: tuple[str, str]) -> bytes:
    name, value = (text.encode() for text in item)
    return bytes([len(name)]) + name + b"\x07" + len(value).to_bytes(2) + value
