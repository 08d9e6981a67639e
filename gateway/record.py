"""Intents and settlements → a spool on disk, by write(2) alone, so that a kill -9 loses nothing.

One record a line: CRC-32, a space, JSON. A process writes one segment after another, and holds the lock on a file
of its own for as long as it lives; that file's bytes are room in hand, so that a full disk still takes what is in
flight. `ship` brings the segments to the Redis stream, and releases one when the ledger has all of it.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec

from gateway.core.events import Event

SEGMENT = 8 * 1024 * 1024  # bytes after which a new segment begins
RESERVE = 16 * 1024 * 1024  # bytes kept in hand
MOST_IN_A_LINE = 64  # records looked for in a line that lost its end


class Spool:
    """The spool of one process. `put` is synchronous on purpose: it runs inside cancellation."""

    def __init__(self, folder: Path, process: str) -> None:
        self.folder, self.process = folder, process
        self._encoder = msgspec.json.Encoder()
        self._seq = self._segment = self._size = 0
        self._file = self._lock = -1
        self.writable = True  # if not, new requests must be turned away: they could not be accounted for

    @property
    def current(self) -> Path:
        """The segment being written."""
        return self.folder / f"{self.process}.{self._segment:06d}.spool"

    def open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = lock_of(self.folder, self.process)
        unnamed = lock.with_suffix(".new")  # until it is locked, for others take an unlocked one over
        self._lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.posix_fallocate(self._lock, 0, RESERVE)
        unnamed.rename(lock)
        self._next_segment()

    def close(self) -> None:
        os.close(self._file)
        os.ftruncate(self._lock, 0)
        os.close(self._lock)

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def put(self, event: Event) -> None:
        record = frame(self._encoder.encode(event))
        try:
            self._write(record)
        except OSError:
            self.writable = False
            os.ftruncate(self._lock, 0)
            self._write(record)  # into the room that the reserve left
        if self._size >= SEGMENT:
            self._next_segment()

    def recover(self) -> None:
        """Writable again once the disk has room, for the reserve first of all."""
        if not self.writable:
            os.posix_fallocate(self._lock, 0, RESERVE)
            self.writable = True

    def _write(self, record: bytes) -> None:
        try:
            done = os.write(self._file, record)
            while done < len(record):
                done += os.write(self._file, record[done:])
        except OSError:
            os.ftruncate(self._file, self._size)  # nobody else writes here
            raise
        self._size += done

    def _next_segment(self) -> None:
        self._segment += 1
        file = os.open(self.current, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self._file >= 0:
            os.close(self._file)
        self._file, self._size = file, 0


def lock_of(folder: Path, process: str) -> Path:
    return folder / f"{process}.lock"


def adopt(folder: Path, process: str) -> int | None:
    """The lock of a process that is gone, to be held while its segments are shipped; None while somebody has it."""
    lock = os.open(lock_of(folder, process), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def frame(payload: bytes) -> bytes:
    return b"%08x %b\n" % (crc32(payload), payload)


class Records(NamedTuple):
    payloads: list[bytes]
    damaged: int  # lines that did not check out
    end: int  # offset behind the last line


def records(data: bytes, *, finished: bool = False) -> Records:
    """All that is sound. Where nobody writes any more, the last line may lack its end."""
    end = len(data) if finished else data.rfind(b"\n") + 1
    payloads: list[bytes] = []
    damaged = 0
    for line in filter(None, data[:end].split(b"\n")):
        payload = _payload(line)
        damaged += payload is None
        payloads += _within(line) if payload is None else [payload]
    return Records(payloads, damaged, end)


def _payload(line: bytes) -> bytes | None:
    checksum, _, payload = line.partition(b" ")
    return payload if checksum == b"%08x" % crc32(payload) else None


def _within(line: bytes) -> list[bytes]:
    """The sound records of a line that is not one: what was damaged may be the end between two."""
    starts = [found.start() for found in _HEAD.finditer(line)][:MOST_IN_A_LINE]
    found: list[bytes] = []
    behind = 0
    for start in starts:
        ends = [end - 1 for end in starts if end > start] + [len(line)]
        for end in ends if start >= behind else ():
            if (payload := _payload(line[start:end])) is not None:
                found.append(payload)
                behind = end
                break
    return found


_HEAD = re.compile(rb"[0-9a-f]{8} \{")
