"""Labelled prompts: `dev` is tuned on, `heldout` is only ever measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from gateway.core.classify import Classification, Prompt, Turn, classify
from gateway.core.facts import RequestClass

DATA = Path(__file__).parent / "data"
EASY, HARD = 0.35, 0.5

FILLER = (
    "The committee met on a Tuesday in the old hall and heard the report on the northern route, which had been"
    " delayed by weather and by a dispute over land. "
)


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{pad}` in the last turn stands for so many sentences of filler."""

    wanted: RequestClass = msgspec.field(name="class")
    band: str | None = None  # low | high
    user: str = ""
    turns: tuple[tuple[str, str], ...] = ()
    tools: tuple[str, ...] = ()
    schema: bool = False
    pad: int = 0

    @property
    def prompt(self) -> Prompt:
        said = self.turns or (("user", self.user),)
        turns = tuple(Turn(role, text.replace("{pad}", FILLER * self.pad)) for role, text in said)
        return Prompt(turns=turns, tools=self.tools, schema=self.schema)

    @property
    def seen(self) -> Classification:
        return classify(self.prompt)

    def __str__(self) -> str:
        return self.prompt.turns[-1].text[:70].replace("\n", " ")


def cases(name: str) -> Iterator[Case]:
    for line in (DATA / f"classify_{name}.jsonl").read_text().splitlines():
        yield msgspec.json.decode(line, type=Case)


def is_right(case: Case, seen: Classification) -> bool:
    return seen.request_class is case.wanted


def in_band(case: Case, seen: Classification) -> bool:
    return not (
        (case.band == "low" and seen.difficulty >= EASY) or (case.band == "high" and seen.difficulty < HARD)
    )
