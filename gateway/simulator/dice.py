"""Dice that fall the same way for the same words, so that a prompt always gets the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b


class Dice:
    def __init__(self, *seed: object) -> None:
        self._seed = repr(seed).encode()

    def fraction(self, of: str) -> float:
        digest = blake2b(
            of.encode(), key=blake2b(self._seed, digest_size=16).digest(), digest_size=8
        ).digest()
        return int.from_bytes(digest) / 2**64

    def between(self, of: str, low: float, high: float) -> float:
        return low + (high - low) * self.fraction(of)

    def pick[T](self, of: str, options: Sequence[T]) -> T:
        return options[int(self.fraction(of) * len(options))]

    def word(self, of: str, length: int = 24) -> str:
        alphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
        return "".join(self.pick(f"{of}{place}", alphabet) for place in range(length))
