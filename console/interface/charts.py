"""A chart as data: one object drawn by `static/js/charts.js` and written out as the table beside it.

Both therefore say the same, and every figure in both leads to the same page below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from console.interface import formatting

type Kind = Literal["line", "area", "bar", "stacked", "hbar", "waterfall", "donut"]
type Unit = Literal["usd", "count", "tokens", "percent", "ms"]
type Value = int | float | None

WRITTEN: Mapping[Unit, Callable[[Any], str]] = {
    "usd": formatting.usd,
    "count": formatting.count,
    "tokens": formatting.tokens,
    "percent": formatting.percent,
    "ms": formatting.milliseconds,
}


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values, one a label. Money is in nano-dollars; `None` is a value we do not know."""

    name: str
    values: Sequence[Value]
    tone: str = ""  # a tier, cost, baseline, saving, waste, loss, neutral, s1 … s8
    links: Sequence[str] = ()
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at one label: a policy published, an incident."""

    at: str
    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    exact: str
    href: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class Chart:
    kind: Kind
    caption: str
    unit: Unit
    labels: Sequence[str]
    series: Sequence[Series]
    marks: Sequence[Mark] = ()
    totals: Sequence[int] = ()  # of a waterfall: which labels are sums and not steps
    first_column: str = ""
    tones: Sequence[str] = field(default=())  # of a donut or a single series: a tone a label

    @property
    def spec(self) -> dict[str, object]:
        return asdict(self)

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)

    @property
    def rows(self) -> Iterator[tuple[str, str, list[Cell]]]:
        """For the table: label, the tone a donut draws it in, cells."""
        for place, label in enumerate(self.labels):
            yield readable(label), self._tone(place), [self._cell(one, place) for one in self.series]

    def _tone(self, place: int) -> str:
        if self.kind != "donut":
            return ""
        return self.tones[place] if place < len(self.tones) else f"s{place % 8 + 1}"

    def _cell(self, one: Series, place: int) -> Cell:
        value = one.values[place]
        link = one.links[place] if place < len(one.links) else ""
        exact = formatting.usd_exact(int(value)) if self.unit == "usd" and value is not None else ""
        return Cell(WRITTEN[self.unit](value), exact, link, value is None)


def readable(label: str) -> str:
    """A label that is a day or an hour as people write it; any other label as it is."""
    try:
        moment = datetime.fromisoformat(label)
    except ValueError:
        return label
    day = f"{moment.day} {moment:%b %Y}"
    return day if len(label) == len("2026-03-01") else f"{day}, {moment:%H:%M}"
