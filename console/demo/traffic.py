"""Six weeks of requests: who asked what when, and how the providers took it. The same dice, the same weeks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from math import exp
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from console.demo.scenarios import Scenario, applications
from gateway.core.catalogue import Model
from gateway.core.classify import Classification, Prompt, Turn, classify
from gateway.core.decide import Route, decide, within_floors
from gateway.core.events import Event, Origin, RequestSettled
from gateway.core.facts import Need, RequestFacts, Tier
from gateway.core.ladder import Attempt, AttemptOutcome, next_model, outcome_of
from gateway.core.observe import lot_of
from gateway.core.price import Usage, UsageSource
from gateway.core.router import Router
from gateway.core.settle import settle

DAYS = 42
CHANGE = timedelta(days=19)  # before now: the policy that bends the curve
INCIDENT = timedelta(days=9)  # before now: a provider fails for an afternoon
INCIDENT_HOURS = range(13, 17)
HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 18, 15, 17, 19, 18, 16, 13, 11, 9, 7, 5, 3, 2)
NIGHT = (20, 24, 24, 20, 12, 6, *([0] * 16), 6, 12)
WEEKEND: Mapping[str, float] = {"support": 0.55, "search": 1.25, "coding": 0.08, "back-office": 0.3}
PROCESS = "demo"


class Era(Struct, frozen=True, kw_only=True):
    """What was published from a moment on."""

    since: datetime
    version: int
    routers: Mapping[str, Router]


class Company(Struct, frozen=True, kw_only=True):
    tenant: str
    keys: Mapping[str, str]  # name → id
    tags: Mapping[str, Mapping[str, str]]  # of each key
    eras: Sequence[Era]  # oldest first
    troubled: str  # the provider that failed for an afternoon


def events(company: Company, *, now: datetime, seed: int = 11) -> Iterator[Event]:
    dice = Random(seed)  # noqa: S311 - a story, not a secret
    moments = sorted(arrivals(dice, now=now), key=lambda pair: pair[0])
    for seq, (at, router, scenario) in enumerate(moments, start=1):
        yield settled(company, router, scenario, at, dice, seq=seq, now=now)


def arrivals(dice: Random, *, now: datetime) -> Iterator[tuple[datetime, str, Scenario]]:
    """By day of the week, hour of the day and a slow growth."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(DAYS, -1, -1):
        day = midnight - timedelta(days=back)
        growth = 0.8 + 0.4 * (DAYS - back) / DAYS
        for router, application in applications().items():
            weekend = WEEKEND[router] if day.weekday() >= 5 else 1.0
            for _ in range(round(application.a_weekday * growth * weekend * dice.uniform(0.9, 1.1))):
                scenario = dice.choices(application.scenarios, weights_of(router))[0]
                hour = dice.choices(range(24), NIGHT if scenario.night else HOURS)[0]
                at = day + timedelta(hours=hour, seconds=dice.uniform(0, 3600))
                if at < now - timedelta(minutes=2):
                    yield at, router, scenario


class Story(Struct, frozen=True, kw_only=True):
    """One request, as far as it is told."""

    company: Company
    scenario: Scenario
    router: Router
    facts: RequestFacts
    route: Route
    request_id: str
    now: datetime


def settled(
    company: Company,
    router_id: str,
    scenario: Scenario,
    at: datetime,
    dice: Random,
    *,
    seq: int,
    now: datetime,
) -> RequestSettled:
    era = next(era for era in reversed(company.eras) if era.since <= at)
    request_id = f"{int(at.timestamp() * 1000):012x}{dice.getrandbits(80):020x}"
    facts = facts_of(scenario, at, dice, request_id, company.tags[scenario.key])
    router = era.routers[router_id]
    route = decide(facts, router)
    assert isinstance(route, Route)
    story = Story(
        company=company,
        scenario=scenario,
        router=router,
        facts=facts,
        route=route,
        request_id=request_id,
        now=now,
    )
    attempts = attempted(story, dice)
    origin = Origin(
        request_id=request_id,
        tenant=company.tenant,
        router=router.id,
        gateway_key=company.keys[scenario.key],
        snapshot_version=era.version,
        policy_version=router.policy_version,
    )
    return told(story, attempts, origin, seq=seq, decide_us=round(dice.gauss(180, 30)))


def attempted(story: Story, dice: Random) -> list[Attempt]:
    """Up the ladder as the gateway climbs it."""
    attempts: list[Attempt] = []
    cascade = story.route.target.cascade
    up_to = cascade.up_to if cascade else None
    while model_id := next_model(story.route.ladder, attempts, up_to=up_to):
        model = story.router.models[model_id]
        fails = failing(model.provider, story.company, story.facts.at, story.now)
        rejected = 0.0 if up_to is None else rejection(story.facts.difficulty, model.tier)
        attempts.append(attempt(story, model, attempts, dice, fails=fails, rejected=rejected))
    return attempts


def told(
    story: Story, attempts: Sequence[Attempt], origin: Origin, *, seq: int, decide_us: int
) -> RequestSettled:
    facts, route, last = story.facts, story.route, attempts[-1]
    delivered = None if last.outcome is AttemptOutcome.FAILED else last
    money = settle(
        attempts,
        models=story.router.models,
        baseline=story.router.policy.baseline,
        requested=facts.requested_model,
        day=facts.at.date(),
        delivered=delivered,
        declared=story.router.baselines,
        could=partial(within_floors, route.target, facts, story.router),
    )
    return RequestSettled(
        process=PROCESS,
        seq=seq,
        at=facts.at,
        origin=origin,
        facts=facts,
        rule=route.target.rule,
        tier=route.tier,
        floors=route.target.floors,
        outcome=outcome_of(attempts, delivered),
        status=200 if delivered else 502,
        error="" if delivered else "upstream_error",
        model=delivered.model if delivered else "",
        baseline_model=money.baseline_model,
        baseline=money.baseline,
        second_model=money.second_model,
        second=money.second,
        attempts=money.lines,
        total_ms=last.started_ms + last.total_ms,
        first_byte_ms=last.started_ms + (last.first_byte_ms or 0) if delivered else None,
        decide_us=decide_us,
    )


def facts_of(
    scenario: Scenario, at: datetime, dice: Random, request_id: str, tags: Mapping[str, str]
) -> RequestFacts:
    seen = seen_in(scenario)
    size = dice.lognormvariate(0, 0.45)
    return RequestFacts(
        at=at.astimezone(UTC),
        surface=scenario.surface,
        requested_model=scenario.model,
        request_class=seen.request_class,
        difficulty=min(1.0, max(0.0, seen.difficulty + dice.gauss(0, 0.03))),
        confidence=seen.confidence,
        input_tokens=max(20, round(scenario.input_tokens * size)),
        output_tokens=scenario.output_tokens,
        needs=scenario.needs,
        tags={**tags, **scenario.tags},
        key=scenario.key,
        lot=lot_of(request_id),
    )


def attempt(
    story: Story, model: Model, before: Sequence[Attempt], dice: Random, *, fails: float, rejected: float
) -> Attempt:
    """How one provider takes it: it fails with one chance, its answer does not pass the checks with another."""
    name = f"{story.request_id}-{len(before) + 1}"
    started = before[-1].started_ms + before[-1].total_ms + 2 if before else 1
    if dice.random() < fails:
        return Attempt(id=name, model=model.id, outcome=AttemptOutcome.FAILED, because="upstream_error", status=503,
                       started_ms=started, total_ms=round(dice.uniform(300, 9000)))  # fmt: skip
    passed = dice.random() >= rejected
    usage = used(story.facts, model.tier, story.scenario.cached, dice)
    first = round(dice.lognormvariate(0, 0.3) * LATENCY[model.tier])
    return Attempt(
        id=name,
        model=model.id,
        outcome=AttemptOutcome.ANSWERED if passed else AttemptOutcome.REJECTED,
        because="" if passed else "not_refusal",
        status=200,
        usage=usage,
        usage_source=UsageSource.PROVIDER_FINAL,
        served_model=model.wire_name,
        started_ms=started,
        first_byte_ms=first,
        total_ms=first + round(usage.output * PACE[model.tier]),
    )


def failing(provider: str, company: Company, at: datetime, now: datetime) -> float:
    """The chance that an attempt fails: small, and large in one afternoon at one provider."""
    afternoon = at.date() == (now - INCIDENT).date() and at.hour in INCIDENT_HOURS
    return 0.55 if afternoon and provider == company.troubled else 0.003


def rejection(difficulty: float, tier: Tier) -> float:
    """A light model is turned down seldom on easy work and often on hard, a premium one never."""
    if tier is Tier.PREMIUM:
        return 0.0
    return 1 / (1 + exp(-(9 * difficulty - 5.2 - 0.8 * tier.rank)))


def used(facts: RequestFacts, tier: Tier, known: float, dice: Random) -> Usage:
    """`known`: the share of the prompt that the provider has cached."""
    cached = round(facts.input_tokens * known * dice.uniform(0.7, 1.1))
    output = max(1, round(facts.output_tokens * dice.lognormvariate(0, 0.35)))
    reasoning = round(output * 0.3) if tier is Tier.PREMIUM and Need.TOOLS in facts.needs else 0
    cached = min(cached, facts.input_tokens)
    return Usage(input=facts.input_tokens - cached, cache_read=cached, output=output, reasoning=reasoning)


def seen_in(scenario: Scenario) -> Classification:
    seen = _classified(
        scenario.text, tools=Need.TOOLS in scenario.needs, schema=Need.JSON_SCHEMA in scenario.needs
    )
    return replace(seen, input_tokens=scenario.input_tokens)


@cache
def _classified(text: str, *, tools: bool, schema: bool) -> Classification:
    named = ("run_tests", "open_pull_request") if tools else ()
    return classify(Prompt(turns=(Turn("user", text),), tools=named, schema=schema, characters=len(text)))


@cache
def weights_of(router: str) -> list[float]:
    return [scenario.weight for scenario in applications()[router].scenarios]


LATENCY: Mapping[Tier, int] = {
    Tier.LOCAL: 140, Tier.SMALL: 160, Tier.LIGHTWEIGHT: 320, Tier.MID: 540, Tier.PREMIUM: 950,
}  # fmt: skip
PACE: Mapping[Tier, float] = {
    Tier.LOCAL: 9, Tier.SMALL: 4, Tier.LIGHTWEIGHT: 7, Tier.MID: 11, Tier.PREMIUM: 17,
}  # fmt: skip
