"""Which models may answer a request, in what order, and why.

`decide` = match → lift → sieve → climb. The gateway, the playground, `explain`, the request page and the
what-if all call it. There is one evaluator and it always explains itself, so that an explanation cannot
differ from the decision it explains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter

from msgspec import Struct, structs

from gateway.core.catalogue import WORDS, Model, protocol_for
from gateway.core.conditions import Test, reads_classification
from gateway.core.demand import Quality
from gateway.core.expected import (
    cache_worth,
    cached_tokens,
    expected_amount,
    expected_cost,
    expected_output,
    is_particular,
)
from gateway.core.facts import RANK, ModelKind, Need, RequestFacts, Tier
from gateway.core.hold import hold
from gateway.core.ladder import Rung
from gateway.core.naming import rates_of
from gateway.core.policy import REQUESTED, Cascade, Effort, Floor, Otherwise, Policy, Rule
from gateway.core.quality.choose import Choice
from gateway.core.quality.estimate import Estimate
from gateway.core.reasons import place_of
from gateway.core.router import Bench, Router
from gateway.core.strategy import Strategy, arranged

OTHERWISE = "otherwise"
SPENT_BUDGET = "spent budget"  # what lowered a tier


class Candidate(Struct, frozen=True, kw_only=True):
    """One model as this request saw it. `expected_cost` is in nano-dollars, None when it has no price."""

    model: str
    tier: Tier
    expected_cost: int | None
    taken: bool
    because: str
    quality: Estimate | None = None  # expected, where a rule asks for it
    output_tokens: int = 0  # expected
    cached_tokens: int = 0  # of the prompt, that its provider is expected to have in a cache
    cache_worth: int = 0  # nano-dollars that it would cost more without
    latency_ms: int | None = None  # where a rule asks for speed and it is known


class Target(Struct, frozen=True, kw_only=True):
    """What the policy asks for before any model is looked at."""

    rule: str
    tier: Tier
    pin: str | None
    cascade: Cascade | None
    floors: tuple[str, ...]  # names of those that held
    lifted_by: str  # what raised the tier last, empty when nothing did
    quality: Quality | None = None  # that the rule asks for; None too where none could be promised
    strategy: Strategy | None = None  # within a rung; None: the cheapest first
    effort: Effort | None = None  # of thinking; None: as the caller says


class Route(Struct, frozen=True, kw_only=True):
    """A ladder to climb. `kept` are its models in order; why each other was left out is worked out when asked."""

    target: Target
    ladder: tuple[Rung, ...]
    facts: RequestFacts
    router: Router
    choice: Choice | None = None  # by which quality was held

    @property
    def tier(self) -> Tier:
        return self.ladder[0].tier

    @property
    def model(self) -> str:
        return self.ladder[0].models[0]

    def holds(self, model: str) -> bool:
        for rung in self.ladder:  # noqa: SIM110 - a loop is three times as quick as any() here
            if model in rung.models:
                return True
        return False

    @property
    def kept(self) -> Sequence[Model]:
        return models_on(self.ladder, self.router)

    @property
    def out(self) -> tuple[tuple[Model, str], ...]:
        return objections(self.target, self.facts, self.router, self.kept, self.choice)


class Refusal(Struct, frozen=True, kw_only=True):
    """No model is left. `code` is the error a caller sees."""

    target: Target
    code: str  # no_eligible_model | context_length_exceeded
    out: tuple[tuple[Model, str], ...]


def decide(facts: RequestFacts, router: Router) -> Route | Refusal:
    target = aim(facts, router) if facts.kind is ModelKind.CHAT else stay(facts, router)
    if target.effort or facts.effort:  # of facts that are decided on again: as it was, it counts for nothing
        facts = structs.replace(facts, effort=target.effort or "")
    kept = sieve(target, facts, router)
    if target.quality is not None and kept:
        return promise(target, target.quality, in_order(kept, target, facts, router), facts, router)
    return routed(target, kept, facts, router)


def routed(target: Target, kept: Sequence[Model], facts: RequestFacts, router: Router) -> Route | Refusal:
    if not kept:
        out = objections(target, facts, router, ())
        return Refusal(target=target, code=_code(out), out=out)
    if target.strategy is None and facts.kind is ModelKind.CHAT and not is_particular(facts):
        ladder = by_price(kept, target, facts, router)
    else:
        kept = in_order(kept, target, facts, router)
        ladder = climb(arranged(kept, target.strategy, facts) if target.strategy else kept)
    return Route(target=target, ladder=ladder, facts=facts, router=router)


def promise(
    target: Target, quality: Quality, kept: Sequence[Model], facts: RequestFacts, router: Router
) -> Route | Refusal:
    """The cheapest that holds the quality; where that cannot be told of any, the request goes where the unsure go."""
    day = facts.at.date()
    costs = {model.id: expected_cost(model, facts, day) for model in kept}
    held = hold(quality, kept, costs, facts, router)
    if held is None:
        unsure = router.policy.unsure
        tier = unsure.tier if unsure else kept[-1].tier
        if tier > target.tier:
            target = structs.replace(target, tier=tier, lifted_by="unsure")
        target = structs.replace(target, quality=None)
        return routed(target, sieve(target, facts, router), facts, router)
    return Route(
        target=target,
        ladder=climb(held.kept),
        facts=facts,
        router=router,
        choice=held.choice,
    )


def stay(facts: RequestFacts, router: Router) -> Target:
    """Vectors of two models do not compare: no rule is matched, for none may choose another model. Floors hold."""
    tier, held, floor = lift(Tier.LOCAL, router.floors, facts)
    return Target(rule=REQUESTED, tier=tier, pin=None, cascade=None, floors=held, lifted_by=floor)


def is_same(model: Model, name: str) -> bool:
    """Whether a name means this model, at whichever provider: `provider/model` or the model alone."""
    return name == model.id or bare(name) in {bare(model.id), bare(model.wire_name)}


def bare(name: str) -> str:
    """Without those who serve it: providers that relay others' models put two names before it."""
    return name.rpartition("/")[2]


def aim(facts: RequestFacts, router: Router) -> Target:
    """The rule that holds and the tier it comes to, after doubt and floors have raised it."""
    rule = match(router, facts)
    if facts.downgraded:
        return spare(rule, facts, router)
    pinned = router.models.get(rule.model) if rule.model else None
    tier = pinned.tier if pinned else rule.tier or Tier.LOCAL
    lifted, lifted_by = doubt(rule, router.policy, facts, tier)
    lifted, held, floor = lift(lifted, router.floors, facts)
    return Target(
        rule=rule.name if isinstance(rule, Rule) else OTHERWISE,
        tier=lifted,
        pin=rule.model if lifted == tier else None,
        cascade=rule.cascade,
        floors=held,
        lifted_by=floor or lifted_by,
        quality=rule.quality,
        strategy=rule.strategy or router.policy.strategy,
        effort=rule.effort,
    )


def spare(rule: Rule | Otherwise, facts: RequestFacts, router: Router) -> Target:
    """The cheapest tier that the floors allow, whatever the rule says: a budget is spent that asks for that."""
    tier, held, floor = lift(Tier.LOCAL, router.floors, facts)
    name = rule.name if isinstance(rule, Rule) else OTHERWISE
    return Target(
        rule=name, tier=tier, pin=None, cascade=rule.cascade, floors=held, lifted_by=floor or SPENT_BUDGET
    )


def match(router: Router, facts: RequestFacts) -> Rule | Otherwise:
    """The first rule that holds, in the order the tenant wrote them."""
    tags = facts.tags
    for tag, values, holds, rule in router.rules:
        if (not tag or tags.get(tag) in values) and holds(facts):
            return rule
    return router.policy.otherwise


def doubt(rule: Rule | Otherwise, policy: Policy, facts: RequestFacts, tier: Tier) -> tuple[Tier, str]:
    """An unsure classification raises the tier, where the rule rests on the classification at all."""
    unsure = policy.unsure
    if unsure is None or facts.confidence >= unsure.confidence_below or tier >= unsure.tier or rule.model:
        return tier, ""
    if isinstance(rule, Rule) and not reads_classification(rule.when):
        return tier, ""
    return unsure.tier, "unsure"


def lift(
    tier: Tier, floors: Sequence[tuple[Test, Floor]], facts: RequestFacts
) -> tuple[Tier, tuple[str, ...], str]:
    """Floors only ever raise a tier, so their order does not matter."""
    held = [floor for holds, floor in floors if holds(facts)]
    if not held:
        return tier, (), ""
    top = max(held, key=lambda floor: floor.tier.rank)
    names = tuple(floor.name for floor in held)
    return (top.tier, names, f"floor {top.name}") if top.tier > tier else (tier, names, "")


def sieve(target: Target, facts: RequestFacts, router: Router) -> Sequence[Model]:
    """The models that could answer: those of the tier or above to which nothing is objected."""
    bench = router.benches[facts.kind][target.tier]
    kept: Sequence[Model] = bench.models
    if target.pin or asks_much(facts, bench):
        kept = [model for model in kept if not object_to(model, target, facts, router)]
    if not facts.unavailable:
        return kept
    return [
        model for model in kept if model.id not in facts.unavailable
    ] or kept  # never is the last one given up


def within_floors(target: Target, facts: RequestFacts, router: Router) -> Sequence[Model]:
    """The models that could have answered, had no rule been asked: what baselines are chosen from."""
    tier = Tier.LOCAL
    if target.floors:
        tier = max([floor.tier for _, floor in router.floors if floor.name in target.floors], default=tier)
    bench = router.benches[facts.kind][tier]
    if not facts.unavailable and not asks_much(facts, bench):  # as a rule; this is asked after every request
        return bench.models
    return sieve(structs.replace(target, tier=tier, pin=None), facts, router)


def asks_much(facts: RequestFacts, bench: Bench) -> bool:
    """Whether there may be one on the bench that cannot answer this."""
    return (
        facts.kind is ModelKind.EMBEDDING
        or bool(facts.native)
        or (facts.max_output_tokens or 0) > bench.output
        or not _ABILITIES.isdisjoint(facts.needs)
        or facts.input_tokens + facts.output_tokens > bench.context
    )


def object_to(model: Model, target: Target, facts: RequestFacts, router: Router) -> str:
    """Why the model cannot answer, or an empty string."""
    if facts.kind is ModelKind.EMBEDDING and not is_same(model, facts.requested_model):
        return "another model's vectors do not compare"
    if target.pin and model.id != target.pin:
        return f"rule {target.rule} pins {target.pin}"
    if RANK[model.tier] < RANK[target.tier]:
        return f"below {target.tier.value}, which {target.lifted_by or 'rule ' + target.rule} asks for"
    if facts.native and not is_native(model, facts, router):
        return f"its provider cannot be told '{facts.native}'"
    if facts.made_by and facts.made_by not in (model.keys or (model.provider_key,)):
        return f"what this request follows was made with the key {facts.made_by}"
    if missing := (facts.needs & _ABILITIES) - model.can:
        return f"lacks {', '.join(sorted(missing))}"
    if facts.max_output_tokens and model.max_output and facts.max_output_tokens > model.max_output:
        return f"answers at most {model.max_output} tokens"
    if facts.input_tokens + facts.output_tokens > model.context:
        return f"context of {model.context} tokens is too small"
    return ""


def is_native(model: Model, facts: RequestFacts, router: Router) -> bool:
    """Whether its provider is spoken to in the caller's own protocol."""
    protocol = protocol_for(model, router.providers[model.provider], facts.surface)
    return WORDS.get(protocol, protocol) == facts.surface


def objections(
    target: Target,
    facts: RequestFacts,
    router: Router,
    kept: Sequence[Model],
    choice: Choice | None = None,
) -> tuple[tuple[Model, str], ...]:
    """Every model of the kind that was not kept, with the reason."""
    ids = {model.id for model in kept}
    against = dict(choice.against) if choice else {}
    return tuple(
        (model, object_to(model, target, facts, router) or _beyond(model, facts, against))
        for model in router.benches[facts.kind][Tier.LOCAL].models
        if model.id not in ids
    )


def _beyond(model: Model, facts: RequestFacts, against: Mapping[str, str]) -> str:
    """What stands against a model that could answer."""
    if model.id in facts.unavailable:
        return "its provider is failing just now"
    return against.get(model.id, "nothing is known of its quality")


def in_order(models: Sequence[Model], target: Target, facts: RequestFacts, router: Router) -> Sequence[Model]:
    """By tier, then by expected cost, one without a price last; the id breaks ties, so that a replay is the same.

    Of an embedding's model the one that was named comes first, then the same at other providers.
    """
    if len(models) == 1:
        return models
    if is_particular(facts):
        day = facts.at.date()
        return sorted(models, key=lambda model: _rank(model, facts, day))
    ordered = models_on(by_price(models, target, facts, router), router)
    if facts.kind is ModelKind.EMBEDDING:
        named = next((model.tier for model in ordered if model.id == facts.requested_model), None)
        ordered.sort(key=lambda model: (model.tier is not named, model.id != facts.requested_model))
    return ordered


def _rank(model: Model, facts: RequestFacts, day: date) -> tuple[int, bool, int, str]:
    amount = expected_amount(model, facts, day)
    return RANK[model.tier], amount is None, amount or 0, model.id


def by_price(
    models: Sequence[Model], target: Target, facts: RequestFacts, router: Router
) -> tuple[Rung, ...]:
    """The ladder where all of the models are expected to take the same tokens."""
    into, out = facts.input_tokens, facts.output_tokens
    sheet = rates_of(router.models).at(facts.at.date(), into)
    rungs = by_tier(models, router.benches[facts.kind][target.tier])
    return sheet.ladder(rungs, into, out)


def models_on(ladder: Iterable[Rung], router: Router) -> list[Model]:
    return [router.models[name] for rung in ladder for name in rung.models]


def by_tier(models: Sequence[Model], bench: Bench) -> Iterable[Sequence[Model]]:
    """Of a bench's models those that are kept, from its lowest tier upwards, each tier by id."""
    if len(models) == len(bench.models):
        return bench.rungs
    ids = {model.id for model in models}
    rungs = ([model for model in rung if model.id in ids] for rung in bench.rungs)
    return filter(None, rungs)


def climb(models: Iterable[Model]) -> tuple[Rung, ...]:
    """One rung a tier, of models that are in order."""
    rungs = groupby(models, key=_tier)
    return tuple([Rung(tier, tuple([model.id for model in rung])) for tier, rung in rungs])


def candidates(route: Route, facts: RequestFacts) -> tuple[Candidate, ...]:
    """The models of the ladder, for people: the one taken first, and when the others would come."""
    first = route.kept[0]
    return tuple(
        candidate_of(model, facts, because=place_of(model, route), taken=model is first)
        for model in route.kept
    )


def candidate_of(model: Model, facts: RequestFacts, *, because: str, taken: bool = False) -> Candidate:
    day = facts.at.date()
    return Candidate(
        model=model.id,
        tier=model.tier,
        expected_cost=expected_cost(model, facts, day),
        taken=taken,
        because=because,
        quality=facts.expected.get(model.id),
        output_tokens=expected_output(model, facts),
        cached_tokens=cached_tokens(model, facts),
        cache_worth=cache_worth(model, facts, day),
        latency_ms=facts.latency.get(model.id),
    )


def _code(out: Iterable[tuple[Model, str]]) -> str:
    too_long = any(objection.startswith("context") for _, objection in out)
    return "context_length_exceeded" if too_long else "no_eligible_model"


_tier = attrgetter("tier")

# What a model either has or has not. Streaming every model does; reasoning is asked for, not depended on.
_ABILITIES = frozenset({Need.TOOLS, Need.IMAGES, Need.AUDIO, Need.JSON_SCHEMA})
