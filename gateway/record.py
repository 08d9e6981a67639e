"""Intents and settlements → a spool on disk, by write(2) alone, so that a kill -9 loses nothing.

One file a process and segment, one record a line: CRC-32, a space, JSON. What has been written is shipped to
the Redis stream by `ship`; a segment is removed only when all of it is there.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import msgspec

from gateway.core.events import Event

SEGMENT = 8 * 1024 * 1024  # bytes after which a new segment begins
RESERVE = 16 * 1024 * 1024  # bytes kept in hand, so that a full disk still takes what is in flight


class SpoolFull(Exception):
    """The disk takes no more: new requests must be turned away, for they could not be accounted for."""


class Spool:
    """The spool of one process. `put` is synchronous on purpose: it runs inside cancellation."""

    def __init__(self, folder: Path, process: str) -> None:
        self.folder, self.process = folder, process
        self._encoder = msgspec.json.Encoder()
        self._seq = self._segment = self._size = 0
        self._file = -1
        self._reserve = folder / f"{process}.reserve"
        self.writable = True

    @property
    def current(self) -> Path:
        """The segment being written."""
        return self.folder / f"{self.process}.{self._segment:06d}.spool"

    def open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE)
        self._next_segment()

    def close(self) -> None:
        os.close(self._file)
        self._reserve.unlink(missing_ok=True)

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def put(self, event: Event) -> None:
        record = frame(self._encoder.encode(event))
        try:
            self._write(record)
        except OSError:
            self.writable = False
            self._reserve.unlink(missing_ok=True)
            self._write(record)  # into the room that the reserve left
        if self._size >= SEGMENT:
            self._next_segment()

    def _write(self, record: bytes) -> None:
        start, done = os.lseek(self._file, 0, os.SEEK_END), 0
        try:
            while done < len(record):
                done += os.write(self._file, record[done:])
        except OSError:
            os.ftruncate(self._file, start)
            raise
        self._size += len(record)

    def _next_segment(self) -> None:
        self._segment += 1
        file = os.open(self.current, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_SH)  # held while we live: others see that the segment has an owner
        if self._file >= 0:
            os.close(self._file)
        self._file, self._size = file, 0


def frame(payload: bytes) -> bytes:
    return b"%08x %b\n" % (crc32(payload), payload)


def records(data: bytes) -> Iterator[tuple[int, bytes | None]]:
    """Each whole line as (offset behind it, payload); None stands for a record that was damaged."""
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        line = data[start:end]
        start = end + 1
        yield start, _payload(line)


def _payload(line: bytes) -> bytes | None:
    checksum, _, payload = line.partition(b" ")
    try:
        return payload if int(checksum, 16) == crc32(payload) and len(checksum) == 8 else None
    except ValueError:
        return None


def is_abandoned(path: Path) -> bool:
    """Whether the process that wrote a segment is gone."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
