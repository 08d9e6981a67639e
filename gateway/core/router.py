"""A router compiled once from what was published, so that deciding does no work twice.

The snapshot is data (`RouterSnapshot`), this is its runtime: whitelist patterns resolved to models, the
tenant's floors joined to the policy's. A model that no request may ever reach carries the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from gateway.core.baseline import Declared
from gateway.core.catalogue import SPOKEN, Model, Provider
from gateway.core.conditions import Test, compile_condition, matches, tag_asked
from gateway.core.facts import ModelKind, Tier
from gateway.core.lengths import Lengths
from gateway.core.naming import Models
from gateway.core.policy import REQUESTED, Floor, Otherwise, Policy, Rule
from gateway.core.price import Unpriced
from gateway.core.semantic import Prototypes, compile_classes
from gateway.core.snapshot import RouterSnapshot, TenantSnapshot
from gateway.core.strategy import LATENCY, Strategy, Weights

if TYPE_CHECKING:  # numpy is loaded only where somebody asks for quality
    from gateway.core.quality.expect import Expects


class Seat(Struct, frozen=True):
    """A model with the reason why no request of this router may reach it, or an empty string."""

    model: Model
    bar: str


class Bench(Struct, frozen=True):
    """The models of one kind that requests may reach, from one tier upwards."""

    models: tuple[Model, ...]
    rungs: tuple[tuple[Model, ...], ...]  # the same by tier, and each tier's by id
    context: int  # tokens, of the one with the least
    output: int  # tokens that each of them can answer


# A rule with its condition compiled, after the tag that it asks for, if any, and the values: most are told by that alone.
type Gated = tuple[str, frozenset[str], Test, Rule]


class Router(Struct, frozen=True, kw_only=True):
    """One tenant's router, ready to decide. `models` are all of the tenant's, `floors` the tenant's first.

    `rules` and `floors` carry their conditions compiled, `own` the examples of the tenant's own classes. `open` are
    the models that requests may reach, `reachable` their ids, `benches` the same by kind and from each tier upwards:
    an embedding is never asked of a model that chats, nor the reverse.
    """

    id: str
    policy: Policy
    policy_version: int
    enabled: bool
    rules: tuple[Gated, ...]
    floors: tuple[tuple[Test, Floor], ...]
    own: Prototypes | None
    open: tuple[Model, ...]
    reachable: frozenset[str]
    benches: Mapping[ModelKind, Mapping[Tier, Bench]]
    barred: tuple[Seat, ...]
    models: Mapping[str, Model]
    providers: Mapping[str, Provider]
    baselines: tuple[Declared, ...] = ()  # see core.baseline
    expects: Expects | None = None  # only where a rule asks for quality
    lengths: Lengths = {}  # of the tenant's answers, by class
    has_caches: bool = False  # whether there is a choice in which a provider's cache may count
    asks_speed: bool = False  # whether a rule goes by latency
    draws: bool = False  # whether a rule goes by weights


def compile_router(
    router: RouterSnapshot,
    tenant: TenantSnapshot,
    *,
    models: Models | None = None,
    expects: Expects | None = None,
) -> Router:
    """`models`: those of the tenant, where somebody has them by name already; `expects`: what is known of them."""
    providers = {provider.id: provider for provider in tenant.providers}
    by_name = frozenset(names_in(router.policy))
    seats = [
        Seat(
            model,
            bar_of(
                model,
                providers,
                tenant.whitelist,
                router.policy.whitelist,
                by_name=by_name,
                priced_only=tenant.unpriced_models is Unpriced.BLOCK,
            ),
        )
        for model in tenant.models
    ]
    reachable = tuple(seat.model for seat in seats if not seat.bar)
    return Router(
        id=router.id,
        policy=router.policy,
        policy_version=router.policy_version,
        enabled=router.enabled,
        rules=tuple(
            (*tag_asked(rule.when), compile_condition(rule.when), rule) for rule in router.policy.rules
        ),
        floors=tuple(
            (compile_condition(floor.when), floor) for floor in (*tenant.floors, *router.policy.floors)
        ),
        own=compile_classes(router.policy.classes),
        open=reachable,
        reachable=frozenset(model.id for model in reachable),
        benches={kind: {tier: bench_of(reachable, kind, tier) for tier in Tier} for kind in ModelKind},
        barred=tuple(seat for seat in seats if seat.bar),
        models=Models({model.id: model for model in tenant.models}) if models is None else models,
        providers=providers,
        baselines=router.baselines,
        expects=expects if asks_quality(router.policy) else None,
        lengths={length.request_class: length for length in tenant.lengths},
        has_caches=has_caches(reachable),
        asks_speed=any(strategy == LATENCY for strategy in strategies_in(router.policy)),
        draws=any(isinstance(strategy, Weights) for strategy in strategies_in(router.policy)),
    )


def has_caches(models: Sequence[Model]) -> bool:
    """Whether there are several, and one of them reads from a cache for less."""
    chatting = [model for model in models if model.kind is ModelKind.CHAT]
    return len(chatting) > 1 and any(
        price.cache_read is not None and price.cache_read < price.input
        for model in chatting
        for price in model.prices
    )


def strategies_in(policy: Policy) -> Iterator[Strategy | None]:
    yield policy.strategy
    yield policy.otherwise.strategy
    yield from (rule.strategy for rule in policy.rules)


def bench_of(models: Sequence[Model], kind: ModelKind, tier: Tier) -> Bench:
    found = tuple(model for model in models if model.kind is kind and model.tier >= tier)
    contexts = [model.context for model in found]
    outputs = [model.max_output for model in found if model.max_output]
    tiers = [sorted((m for m in found if m.tier is each), key=attrgetter("id")) for each in Tier]
    rungs = tuple(tuple(rung) for rung in tiers if rung)
    return Bench(found, rungs, min(contexts, default=0), min([*contexts, *outputs], default=0))


def direct_router(model: Model, tenant: TenantSnapshot, *, models: Models | None = None) -> Router:
    """What a call without a router amounts to: one model or none, under the tenant's whitelist and floors."""
    policy = Policy(baseline=REQUESTED, whitelist=(model.id,), otherwise=Otherwise(model=model.id))
    around = structs.replace(
        tenant, models=tuple(model if each.id == model.id else each for each in tenant.models)
    )
    router = RouterSnapshot(id="", policy=policy, policy_version=0)
    return compile_router(router, around, models=models.but(model) if models is not None else None)


def bar_of(
    model: Model,
    providers: Mapping[str, Provider],
    tenant_whitelist: Sequence[str] | None,
    router_whitelist: Sequence[str] | None,
    *,
    by_name: frozenset[str] = frozenset(),
    priced_only: bool = False,
) -> str:
    """Why the model is out of reach for good, or an empty string. `by_name`: models that the policy names."""
    if not on_whitelist(model.id, tenant_whitelist):
        return "not on the tenant's whitelist"
    if not on_whitelist(model.id, router_whitelist):
        return "not on the router's whitelist"
    if model.named_only and model.id not in by_name.union(tenant_whitelist or (), router_whitelist or ()):
        return f"{model.named_only}: used only where it is named"
    if priced_only and not model.prices:
        return "its price is unknown, and the tenant blocks such models"
    if not model.provider_key:
        return f"no provider key for {model.provider}"
    provider = providers.get(model.provider)
    if provider is None or (model.dialect or provider.dialect) not in SPOKEN:
        return "its provider's protocol is not spoken yet"
    return ""


def asks_quality(policy: Policy) -> bool:
    return policy.otherwise.quality is not None or any(rule.quality is not None for rule in policy.rules)


def names_in(policy: Policy) -> Iterator[str]:
    """The models that a policy speaks of by name."""
    all_of_them: tuple[Rule | Otherwise, ...] = (*policy.rules, policy.otherwise)
    for rule in all_of_them:
        if rule.model:
            yield rule.model
        for check in rule.cascade.checks if rule.cascade else ():
            if check.judge:
                yield check.judge.model
            if check.agreement:
                yield check.agreement.model


def on_whitelist(model_id: str, patterns: Iterable[str] | None) -> bool:
    """None admits every model, an empty whitelist none."""
    return patterns is None or any(matches(pattern, model_id) for pattern in patterns)
