"""Model overkill: what was answered by a tier above what the work called for, and what would have done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from billing.periods import Granularity, Period, following
from billing.query import SpendQuery
from billing.spend import Measures, Row, spend
from gateway.core.catalogue import Model
from gateway.core.facts import Need, Tier
from gateway.core.overkill import Alternative, Fit, alternative
from gateway.core.price import Usage

if TYPE_CHECKING:
    from console.tenants.models import Tenant

type ModelsOf = Callable[[str], Iterable[Model]]  # router → the models it may use

NATIVE = "native"  # among the needs: something that only the caller's own protocol has words for
_BY = ("router", "rule", "class", "called_for", "tier", "model", "needs")


class Standing(StrEnum):
    """Whether there is anything to be mended."""

    IN_FORCE = "in_force"  # the policy that is served still sends such requests there
    BY_TAG = "by_tag"  # the caller's own tag asked for it, and outranks what the text looks like
    REPLACED = "replaced"  # another policy is served since


class InForce(Struct, frozen=True, kw_only=True):
    """What is served now: since when, by router, and the (router, rule) that a caller's tag alone decides."""

    since: Mapping[str, datetime] = {}
    by_tag: frozenset[tuple[str, str]] = frozenset()


class Part(Struct, frozen=True, kw_only=True):
    """Requests of one finding that one model answered."""

    model: str
    measures: Measures
    alternative: Alternative | None

    @property
    def saving(self) -> int | None:
        """What the alternative would have saved on the same tokens; None where it is unknown."""
        if self.alternative is None or self.measures.unpriced_attempts:
            return None
        return self.measures.known_cost - self.alternative.cost


class Finding(Struct, frozen=True, kw_only=True):
    """One rule's requests of one class in a part of the span. Costs are those of the answers."""

    standing: Standing
    period: Period
    router: str
    rule: str
    request_class: str
    called_for: Tier
    served: Tier
    parts: tuple[Part, ...]

    @property
    def requests(self) -> int:
        return sum(part.measures.requests for part in self.parts)

    @property
    def cost(self) -> int:
        return sum(part.measures.known_cost for part in self.parts)

    @property
    def unpriced_attempts(self) -> int:
        return sum(part.measures.unpriced_attempts for part in self.parts)

    @property
    def saving(self) -> int | None:
        known = [part.saving for part in self.parts if part.saving is not None]
        return sum(known) if known else None

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        found = {part.alternative.model: part.alternative for part in self.parts if part.alternative}
        return tuple(found.values())


class Report(Struct, frozen=True, kw_only=True):
    """`fits` says how all answered requests compare with what they called for (see `core.overkill.Fit`)."""

    findings: tuple[Finding, ...]
    fits: Mapping[str, Measures]

    @property
    def oversized(self) -> Measures:
        return self.fits.get(Fit.OVERKILL, Measures())

    @property
    def answered(self) -> int:
        return sum(measures.requests for measures in self.fits.values())

    @property
    def share(self) -> float | None:
        return self.oversized.requests / self.answered if self.answered else None

    @property
    def saving(self) -> int | None:
        return saving_of(self.findings)

    def standing(self, standing: Standing) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.standing is standing)


def saving_of(findings: Iterable[Finding]) -> int | None:
    known = [finding.saving for finding in findings if finding.saving is not None]
    return sum(known) if known else None


def overkill(
    tenant: Tenant, query: SpendQuery, *, models_of: ModelsOf, day: date, in_force: InForce
) -> Report:
    """`query` gives the span and filters; `day` the prices that the alternatives are reckoned with."""
    answers = query.only(part="answer")
    fits = spend(tenant, answers.told_apart("fit"))
    findings = [
        _finding(key, rows, models_of, day, period, standing or _standing(key, in_force))
        for period, standing, key, rows in _oversized(tenant, answers.only(fit=Fit.OVERKILL), in_force)
    ]
    findings.sort(key=lambda finding: (-(finding.saving or 0), -finding.cost))
    return Report(
        findings=tuple(findings), fits={row.key[0]: row.measures for row in fits.rows if row.key[0]}
    )


def _oversized(
    tenant: Tenant, query: SpendQuery, in_force: InForce
) -> Iterator[tuple[Period, Standing | None, tuple[str, ...], Sequence[Row]]]:
    """What one rule did with one class; of a router that was published within the span, before and since."""
    groups = _groups(spend(tenant, query.told_apart(*_BY)).rows)
    for router in dict.fromkeys(key[0] for key in groups):
        before, since = parts_of(query.period, router, in_force)
        for period, standing in ((before, Standing.REPLACED), (since, None)):
            if period is None:
                continue
            found = (
                groups if period == query.period else _groups(spend(tenant, _of(query, router, period)).rows)
            )
            yield from ((period, standing, key, rows) for key, rows in found.items() if key[0] == router)


def _of(query: SpendQuery, router: str, period: Period) -> SpendQuery:
    return query.only(router=router).over(period).told_apart(*_BY)


def _groups(rows: Iterable[Row]) -> Mapping[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.key[:5]].append(row)
    return groups


def parts_of(span: Period, router: str, in_force: InForce) -> tuple[Period | None, Period | None]:
    """Before and since the policy that is served; the hour it was published in still belongs to before."""
    if not router:
        return None, span
    published = in_force.since.get(router)
    if published is None or (start := following(published, Granularity.HOUR, span.zone)) >= span.end:
        return span, None
    if start <= span.start:
        return None, span
    return (
        Period(start=span.start, end=start, zone=span.zone),
        Period(start=start, end=span.end, zone=span.zone),
    )


def _standing(key: tuple[str, ...], in_force: InForce) -> Standing:
    return Standing.BY_TAG if key[:2] in in_force.by_tag else Standing.IN_FORCE


def _finding(
    key: tuple[str, ...],
    rows: Sequence[Row],
    models_of: ModelsOf,
    day: date,
    period: Period,
    standing: Standing,
) -> Finding:
    router, rule, request_class, calls_for, served = key
    return Finding(
        standing=standing,
        period=period,
        router=router,
        rule=rule,
        request_class=request_class,
        called_for=Tier(calls_for),
        served=Tier(served),
        parts=tuple(
            Part(
                model=row.key[5],
                measures=row.measures,
                alternative=_alternative(row, models_of(router), Tier(calls_for), Tier(served), day),
            )
            for row in rows
        ),
    )


def _alternative(
    row: Row, models: Iterable[Model], calls_for: Tier, served: Tier, day: date
) -> Alternative | None:
    """None, too, where only one protocol could be told, and who answered in it is no longer there."""
    model, needs, models = row.key[5], {need for need in row.key[6].split(",") if need}, tuple(models)
    like = next((each for each in models if each.id == model), None) if NATIVE in needs else None
    if NATIVE in needs and like is None:
        return None
    return alternative(
        models,
        calls_for=calls_for,
        served=served,
        needs={Need(need) for need in needs - {NATIVE}},
        longest=row.measures.longest,
        usage=usage_of(row.measures),
        requests=row.measures.requests,
        day=day,
        like=like,
    )


def usage_of(measures: Measures) -> Usage:
    return Usage(
        input=measures.input_tokens,
        cache_read=measures.cache_read_tokens,
        cache_write=measures.cache_write_tokens,
        cache_write_1h=measures.cache_write_1h_tokens,
        output=measures.output_tokens,
        reasoning=measures.reasoning_tokens,
        audio_input=measures.audio_input_tokens,
        audio_output=measures.audio_output_tokens,
        audio_cache_read=measures.audio_cache_read_tokens,
        image_input=measures.image_input_tokens,
        image_output=measures.image_output_tokens,
        tool_input=measures.tool_input_tokens,
        searches=measures.searches,
    )
