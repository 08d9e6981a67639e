"""Answers of the books as charts; the table under each is made of the same object, links and all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from billing.periods import Granularity, Period, beginning, buckets
from billing.query import SpendQuery
from billing.spend import EMPTY, Measures, over_time, spend
from billing.waterfall import Step
from console.interface.charts import Chart, Mark, Series
from console.interface.formatting import count
from console.reports.asking import Names, label_of
from console.reports.links import Trail

if TYPE_CHECKING:
    from console.tenants.models import Tenant

MOST_SERIES = 7  # more than so many colours nobody tells apart; the rest is one series
TIERS = ("premium", "mid", "lightweight", "small", "local")


def paid_and_baseline(tenant: Tenant, query: SpendQuery, trail: Trail) -> Chart:
    """Of the requests whose saving is known, so that the gap between the lines is the saving."""
    sums, starts, grain = _whole(tenant, query)
    links = [trail.requests(trail.bucket(start, grain), known="true") for start in starts]
    return Chart(
        kind="line",
        caption="Paid, and what the baseline would have cost",
        unit="usd",
        labels=labels(starts, grain),
        series=(
            Series(
                "Baseline", [one.known_baseline for one in sums], tone="baseline", links=links, dashed=True
            ),
            Series("Paid", [one.compared_cost for one in sums], tone="cost", links=links),
        ),
        marks=marks(tenant, query.period, starts, grain),
        first_column=grain.title(),
    )


def saved(tenant: Tenant, query: SpendQuery, trail: Trail) -> Chart:
    sums, starts, grain = _whole(tenant, query)
    return Chart(
        kind="bar",
        caption=f"Net saved, by {grain}",
        unit="usd",
        labels=labels(starts, grain),
        series=(
            Series(
                "Net saved",
                [one.saved for one in sums],
                tone="saving",
                links=[trail.requests(trail.bucket(start, grain), known="true") for start in starts],
            ),
        ),
        marks=marks(tenant, query.period, starts, grain),
        first_column=grain.title(),
    )


def apart(tenant: Tenant, query: SpendQuery, by: str, trail: Trail, names: Names) -> Chart:
    """Spend over time, told apart by one dimension: the dearest few, and all others as one."""
    grain = query.period.granularity
    answer = spend(tenant, query.told_apart(by, granularity=grain))
    starts = buckets(query.period, grain)
    lines = sorted(over_time(answer).items(), key=lambda line: -sum(one.known_cost for one in line[1]))
    few = len(lines) if len(lines) == MOST_SERIES + 1 else MOST_SERIES  # nobody is "1 others"
    shown, rest = lines[:few], lines[few:]
    series = [
        Series(
            names.of(by, value),
            [one.known_cost for one in sums],
            tone=value if by in {"tier", "called_for"} and value in TIERS else "",
            links=[
                trail.narrowed("requests", {by: value}, period=trail.bucket(start, grain)) for start in starts
            ],
        )
        for (value,), sums in shown
    ]
    if rest:
        others = [sum(sums[n].known_cost for _, sums in rest) for n in range(len(starts))]
        series.append(Series(f"{count(len(rest))} others", others, tone="neutral"))
    return Chart(
        kind="stacked",
        caption=f"Spend by {label_of(by).lower()}",
        unit="usd",
        labels=labels(starts, grain),
        series=series,
        first_column=grain.title(),
    )


def steps(waterfall: Sequence[Step], trail: Trail) -> Chart:
    """From the baseline down to what was paid."""
    links = [trail.narrowed("requests", {"known": "true", **step.only}) for step in waterfall]
    return Chart(
        kind="waterfall",
        caption="From the baseline to what was paid",
        unit="usd",
        labels=[step.label for step in waterfall],
        series=(
            Series("As declared", [step.amount for step in waterfall], links=links),
            Series("Second baseline", [step.second for step in waterfall], links=links),
        ),
        totals=[n for n, step in enumerate(waterfall) if step.is_total],
        first_column="Step",
    )


def labels(starts: Sequence[datetime], grain: Granularity) -> list[str]:
    if grain is Granularity.HOUR:
        return [f"{start:%Y-%m-%dT%H:%M}" for start in starts]
    return [start.date().isoformat() for start in starts]


def marks(tenant: Tenant, period: Period, starts: Sequence[datetime], grain: Granularity) -> list[Mark]:
    """The policies published in the period: what bends a curve."""
    written = dict(zip((start.astimezone(UTC) for start in starts), labels(starts, grain), strict=True))
    versions = tenant.policy_versions.filter(at__gte=period.start, at__lt=period.end).select_related("router")
    found: dict[str, list[str]] = {}
    for version in versions.order_by("at"):
        start = beginning(version.at, grain, period.zone)
        if start in written:
            found.setdefault(written[start], []).append(f"{version.router.slug} v{version.number}")
    return [Mark(at=at, label=_listed(published)) for at, published in found.items()]


def _listed(published: Sequence[str]) -> str:
    """Short, for it stands in a chart."""
    first, *rest = published
    return f"{first} and {len(rest)} more" if rest else first


def daily(tenant: Tenant, query: SpendQuery, value: Callable[[Measures], int | None]) -> list[int | None]:
    """For a sparkline."""
    sums, _, _ = _whole(tenant, query)
    return [value(one) for one in sums]


def _whole(tenant: Tenant, query: SpendQuery) -> tuple[list[Measures], list[datetime], Granularity]:
    grain = query.period.granularity
    starts = buckets(query.period, grain)
    answer = spend(tenant, query.told_apart(granularity=grain))
    return list(over_time(answer).get((), [EMPTY] * len(starts))), starts, grain
