"""What changed between two texts, line by line, with the unchanged middle of long texts left out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Line:
    kind: Literal["same", "added", "removed", "skipped"]
    text: str = ""
    old: int | None = None
    new: int | None = None


def lines(before: str, after: str) -> Iterator[Line]:
    old, new = before.splitlines(), after.splitlines()
    groups = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_grouped_opcodes(CONTEXT)
    reached = 0
    for group in groups:
        if group[0][1] > reached:
            yield Line("skipped")
        for kind, old_from, old_to, new_from, new_to in group:
            yield from _lines(kind, old[old_from:old_to], new[new_from:new_to], old_from, new_from)
        reached = group[-1][2]
    if reached and reached < len(old):
        yield Line("skipped")


def _lines(kind: str, old: list[str], new: list[str], old_from: int, new_from: int) -> Iterator[Line]:
    if kind == "equal":
        for place, text in enumerate(old, 1):
            yield Line("same", text, old_from + place, new_from + place)
        return
    for place, text in enumerate(old, old_from + 1):
        yield Line("removed", text, old=place)
    for place, text in enumerate(new, new_from + 1):
        yield Line("added", text, new=place)
