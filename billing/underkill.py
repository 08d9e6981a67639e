"""Model underkill: answers from a tier below what the work needed, what they wasted, and what a dearer one would cost.

The signs are that checks rejected the answer, that its caller asked the same again soon, and that its caller said it
was bad. None of them is proof; each is counted beside all that the model was asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct

from billing.heard import Heard, heard
from billing.overkill import NATIVE, InForce, ModelsOf, Standing, parts_of, usage_of
from billing.periods import Period
from billing.query import SpendQuery
from billing.spend import EMPTY, Measures, spend
from gateway.core.catalogue import Model
from gateway.core.facts import Need, Tier
from gateway.core.overkill import Alternative, alternative

if TYPE_CHECKING:
    from console.tenants.models import Tenant

_BY = ("router", "rule", "class", "tier", "model", "needs")
UNMENDED = ("rejected", "failed")  # how a request went to whom no better answer was sent

type Key = tuple[str, ...]


class Part(Struct, frozen=True, kw_only=True):
    """What one model was asked. `above` is the cheapest of the next tier, on the tokens of the answers that were sent.

    Where none was sent, on those of the rejected ones: that is no part of a difference.
    """

    model: str
    answered: Measures
    rejected: Measures
    unmended: int  # rejected answers after which no better one was sent
    heard: Heard
    above: Alternative | None

    @property
    def tries(self) -> int:
        return self.answered.requests + self.rejected.attempts

    @property
    def signs(self) -> int:
        return self.rejected.attempts + self.heard.repeated + self.heard.low

    @property
    def difference(self) -> int | None:
        """What sending all of it up at once would have cost more, or less below zero; checks are not in it."""
        if self.above is None or self.answered.unpriced_attempts or self.rejected.unpriced_attempts:
            return None
        instead = self.above.cost if self.answered.requests else 0
        return instead - self.answered.known_cost - self.rejected.known_cost


class Finding(Struct, frozen=True, kw_only=True):
    """One rule's requests of one class at one tier, in a part of the span."""

    standing: Standing
    period: Period
    router: str
    rule: str
    request_class: str
    served: Tier
    parts: tuple[Part, ...]

    @property
    def tries(self) -> int:
        return sum(part.tries for part in self.parts)

    @property
    def rejected(self) -> int:
        return sum(part.rejected.attempts for part in self.parts)

    @property
    def unmended(self) -> int:
        return sum(part.unmended for part in self.parts)

    @property
    def repeated(self) -> int:
        return sum(part.heard.repeated for part in self.parts)

    @property
    def low(self) -> int:
        return sum(part.heard.low for part in self.parts)

    @property
    def signs(self) -> int:
        return sum(part.signs for part in self.parts)

    @property
    def share(self) -> float:
        return self.signs / self.tries if self.tries else 0.0

    @property
    def wasted(self) -> int:
        """Known cost of the rejected answers."""
        return sum(part.rejected.known_cost for part in self.parts)

    @property
    def waited(self) -> int | None:
        """Milliseconds that a rejected answer took, on average."""
        return self.waited_in_all // self.rejected if self.rejected else None

    @property
    def waited_in_all(self) -> int:
        return sum(part.rejected.took_ms for part in self.parts)

    @property
    def difference(self) -> int | None:
        """None as soon as it is unknown of one model."""
        known = [part.difference for part in self.parts]
        return None if None in known else sum(each for each in known if each is not None)

    @property
    def cheaper(self) -> int:
        """By how much sending all of it up at once would have been."""
        return -(self.difference or 0)

    @property
    def above(self) -> tuple[Alternative, ...]:
        return tuple({part.above.model: part.above for part in self.parts if part.above}.values())


class Report(Struct, frozen=True, kw_only=True):
    findings: tuple[Finding, ...]

    def standing(self, standing: Standing) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.standing is standing)


def underkill(
    tenant: Tenant, query: SpendQuery, *, models_of: ModelsOf, day: date, in_force: InForce
) -> Report:
    """`query` gives the span and filters; `day` the prices that dearer models are reckoned with."""
    found = [
        _finding(key, parts, period, standing)
        for period, standing, router in _spans(tenant, query, in_force)
        for key, parts in _parts(tenant, query.only(router=router).over(period), models_of, day).items()
        if any(part.signs for part in parts)
    ]
    found.sort(key=lambda each: (-each.wasted, -each.signs, each.router, each.rule, each.request_class))
    return Report(findings=tuple(found))


def _spans(tenant: Tenant, query: SpendQuery, in_force: InForce) -> Iterator[tuple[Period, Standing, str]]:
    """Of each router the time before and since the policy that is served."""
    for row in spend(tenant, query.told_apart("router")).rows:
        before, since = parts_of(query.period, row.key[0], in_force)
        if before is not None:
            yield before, Standing.REPLACED, row.key[0]
        if since is not None:
            yield since, Standing.IN_FORCE, row.key[0]


def _parts(
    tenant: Tenant, query: SpendQuery, models_of: ModelsOf, day: date
) -> Mapping[Key, tuple[Part, ...]]:
    """By router, rule, class and tier, below the highest."""
    answered = _sums(tenant, query, part=("answer",))
    rejected = _sums(tenant, query, part=("rejected",))
    unmended = _sums(tenant, query, part=("rejected",), outcome=UNMENDED)
    words = dict(heard(tenant, query))
    parts: dict[Key, list[Part]] = defaultdict(list)
    for key in sorted({*answered, *rejected}):
        router, *_, tier, model, needs = key
        if tier in {"", Tier.PREMIUM}:
            continue
        sent, refused = answered.get(key, EMPTY), rejected.get(key, EMPTY)
        part = Part(
            model=model,
            answered=sent,
            rejected=refused,
            unmended=unmended.get(key, EMPTY).attempts,
            heard=words.pop(key[:5], Heard()),  # whatever was needed: once
            above=_above(models_of(router), Tier(tier), needs, sent if sent.requests else refused, day),
        )
        parts[key[:4]].append(part)
    return {key: tuple(found) for key, found in parts.items()}


def _sums(tenant: Tenant, query: SpendQuery, **only: tuple[str, ...]) -> Mapping[Key, Measures]:
    asked = SpendQuery(period=query.period, by=_BY, filters={**query.filters, **only})
    return {row.key: row.measures for row in spend(tenant, asked).rows}


def _above(
    models: Iterable[Model], served: Tier, needs: str, sums: Measures, day: date
) -> Alternative | None:
    """The cheapest of the next tier that has any. None, too, where only the caller's own protocol has the words."""
    named = {need for need in needs.split(",") if need}
    if NATIVE in named:
        return None
    models = tuple(models)
    for tier in (each for each in Tier if each > served):
        found = alternative(
            [model for model in models if model.tier is tier],
            calls_for=tier,
            served=None,
            needs={Need(need) for need in named},
            longest=sums.longest,
            usage=usage_of(sums),
            requests=max(1, sums.requests),
            day=day,
        )
        if found is not None:
            return found
    return None


def _finding(key: Key, parts: tuple[Part, ...], period: Period, standing: Standing) -> Finding:
    router, rule, request_class, tier = key
    return Finding(
        standing=standing,
        period=period,
        router=router,
        rule=rule,
        request_class=request_class,
        served=Tier(tier),
        parts=parts,
    )
