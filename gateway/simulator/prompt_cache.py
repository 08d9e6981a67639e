"""What a prompt costs in tokens, and which of them the provider has seen before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from gateway.simulator import tokens
from gateway.simulator.asked import Asked, Turn, Usage

FEWEST = 1024  # a shorter prefix is not cached
BLOCK = 128


def prompt_tokens(asked: Asked) -> int:
    return sum(turn_tokens(turn) for turn in asked.turns) + tool_tokens(asked) + 3


def turn_tokens(turn: Turn) -> int:
    return tokens.count(turn.text) + 4


def tool_tokens(asked: Asked) -> int:
    return sum(
        tokens.count(f"{t.name} {t.description} {msgspec.json.encode(t.schema).decode()}") + 8
        for t in asked.tools
    )


class PromptCache:
    def __init__(self, most: int = 10_000) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._most = most

    def automatic(self, asked: Asked, key: str) -> Usage:
        """Every long prefix is kept without being asked for, and reading it again is cheaper."""
        known = 0
        for mark, so_far in list(prefixes(asked, key))[:-1]:
            known = so_far // BLOCK * BLOCK if self._recall(mark) and so_far >= FEWEST else known
        total = prompt_tokens(asked)
        return Usage(fresh=total - known, cache_read=known)

    def marked(self, asked: Asked, key: str) -> Usage:
        """Only prefixes the client marked are kept; writing one costs more, reading it less."""
        known = written = lasting = 0
        for turn, (mark, so_far) in zip(asked.turns, prefixes(asked, key), strict=True):
            if not turn.cached or so_far < FEWEST:
                continue
            if self._recall(mark):
                known, written = so_far, 0
                continue
            fresh = so_far - known - written - lasting
            written, lasting = (
                (written, lasting + fresh) if turn.cached == "1h" else (written + fresh, lasting)
            )
        rest = prompt_tokens(asked) - known - written - lasting
        return Usage(fresh=rest, cache_read=known, cache_write=written, cache_write_1h=lasting)

    def _recall(self, mark: bytes) -> bool:
        """Whether it was seen before; now it has been."""
        known = mark in self._seen
        self._seen[mark] = None
        self._seen.move_to_end(mark)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return known


def prefixes(asked: Asked, key: str) -> Iterator[tuple[bytes, int]]:
    """For every turn: a digest of everything up to its end, and the tokens in it."""
    digest = blake2b(f"{key}\0{asked.model}\0".encode(), digest_size=16)
    so_far = tool_tokens(asked)
    digest.update(repr(asked.tools).encode())
    for turn in asked.turns:
        digest.update(f"{turn.role}\0{turn.text}\0".encode())
        so_far += turn_tokens(turn)
        yield digest.digest(), so_far
