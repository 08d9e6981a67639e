"""The provider's own account of every call, to be held against the gateway's ledger."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct

from gateway.simulator.asked import Usage

type End = Literal["completed", "error", "cut", "stalled", "client_gone"]


class Line(Struct, kw_only=True):
    attempt: str | None  # as the caller named it in x-rungway-attempt
    at: float
    path: str
    model: str
    key: str  # the first eight digits of its SHA-256
    status: int = 0
    ended: End = "completed"
    streamed: bool = False
    prompt_tokens: int = 0  # all of them
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    completion_tokens: int = 0  # as far as they were produced
    reasoning_tokens: int = 0
    usage_told: bool = False
    bytes_out: int = 0

    def charge(self, usage: Usage) -> None:
        self.prompt_tokens = usage.prompt
        self.cached_tokens = usage.cache_read
        self.cache_write_tokens = usage.cache_write
        self.cache_write_1h_tokens = usage.cache_write_1h
        self.reasoning_tokens = usage.reasoning


class Statement:
    """One JSON line a call. O_APPEND keeps the lines of several processes whole."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if path else None

    def put(self, line: Line) -> None:
        if self._file is not None:
            os.write(self._file, msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def fingerprint(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:8]
