"""Misbehaviour on demand, told by the end of a model's name or by the header `x-simulate`."""

from __future__ import annotations

import re

from msgspec import Struct


class Behaviour(Struct, frozen=True):
    word: str = ""  # "" behaves well
    number: int = 0
    retry_after: str = ""

    @property
    def status(self) -> int:
        """The error status asked for, or 0."""
        return int(self.word) if self.word.isdecimal() else 0

    def breaks_after(self, frames: int) -> bool:
        return self.word in BREAKS and frames >= self.number


WELL = Behaviour()
BREAKS = frozenset({"stall-after", "cut-fin", "cut-rst", "err-after", "err-first"})


def behaviour_of(model: str, header: str) -> Behaviour:
    if header:
        return parsed(header)
    _, marker, asked = model.rpartition("sim-")
    return parsed(asked) if marker else WELL


def parsed(asked: str) -> Behaviour:
    """`429`, `429-ra7`, `429;retry-after=7`, `cut-fin-5`, `err-p20`, `slow-300`."""
    word, _, retry_after = re.sub(r"-ra(?=\d)", ";retry-after=", asked.strip()).partition(";retry-after=")
    found = re.fullmatch(r"(\D*?)-?p?(\d+)", word)
    if not found or word.isdecimal():
        return Behaviour(word, retry_after=retry_after)
    return Behaviour(found.group(1), int(found.group(2)), retry_after)
