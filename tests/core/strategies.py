"""Any policy and any request over the small world of `build`."""

from __future__ import annotations

from hypothesis import strategies as st

from gateway.core.conditions import Condition, Range
from gateway.core.demand import Quality
from gateway.core.facts import Need, RequestClass, RequestFacts, Surface, Tier
from gateway.core.policy import (
    Agreement,
    Cascade,
    Check,
    Floor,
    Hedge,
    Judge,
    Otherwise,
    Policy,
    Retries,
    Rule,
    SelfAgreement,
    Timeouts,
    Unsure,
    Webhook,
)
from gateway.core.quality.estimate import Estimate
from gateway.core.strategy import COST, LATENCY, Strategy, Weights
from tests.core.build import MODELS, facts

tiers = st.sampled_from(list(Tier))
classes = st.sampled_from(list(RequestClass))
model_ids = st.sampled_from([model.id for model in MODELS])
patterns = st.one_of(model_ids, st.sampled_from(["*", "alpha/*", "beta/*", "*/mini", "local/*", "gamma/*"]))
whitelists = st.one_of(st.none(), st.lists(patterns, max_size=4).map(tuple))
shares = st.floats(0, 1, allow_nan=False)
values = st.sampled_from(["search", "regulated", "true", "x"])
tags = st.dictionaries(st.sampled_from(["team", "data", "escalated"]), values, max_size=3)

leaves = st.builds(
    Condition,
    request_class=st.none() | classes | st.lists(classes, min_size=1, max_size=3).map(tuple),
    difficulty=st.none() | st.builds(Range, at_least=st.none() | shares, below=st.none() | shares),
    confidence=st.none() | st.builds(Range, at_least=st.none() | shares),
    input_tokens=st.none() | st.builds(Range, at_most=st.none() | st.integers(0, 200_000)),
    tag=st.none() | tags,
    requested_model=st.none() | patterns,
    has=st.none() | st.sampled_from(list(Need)),
    share=st.none() | shares,
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Condition, all_=st.lists(inner, max_size=3).map(tuple)),
        st.builds(Condition, any_=st.lists(inner, max_size=3).map(tuple)),
        st.builds(Condition, not_=inner),
    ),
    max_leaves=4,
)
checks = st.sampled_from(
    [
        Check(not_refusal=True),
        Check(json_valid=True),
        Check(mean_logprob=Range(at_least=-0.5)),
        Check(regex="a"),
        Check(not_hedging=True),
        Check(schema_valid=True),
        Check(tool_arguments_valid=True),
        Check(length=Range(at_least=1, at_most=900)),
        Check(margin=Range(at_least=0.5)),
        Check(agreement=Agreement(model="beta/mini")),
        Check(self_agreement=SelfAgreement(samples=2, at_least=0.5)),
        Check(judge=Judge(model="alpha/mini", at_least=0.2)),
        Check(webhook=Webhook(url="https://validator.test/check", send=("answer",))),
    ]
)
cascades = st.none() | st.builds(
    Cascade,
    up_to=tiers,
    checks=st.lists(checks, max_size=3).map(tuple),
    hold=st.none() | st.integers(0, 1000),
    stream_unchecked=st.booleans(),
    max_cost_usd=st.sampled_from([None, 0.0, 0.0001, 0.25]),
)
estimates = st.tuples(shares, shares).map(lambda pair: Estimate(max(pair), min(pair)))
qualities = st.builds(Quality, at_least=st.sampled_from([0.3, 0.9, "0.5 of baseline", "0.95 of baseline"]))
orders: st.SearchStrategy[Strategy | None] = st.one_of(
    st.sampled_from([None, COST, LATENCY]),
    st.builds(Weights, weights=st.dictionaries(model_ids, st.integers(0, 5), max_size=4)),
)
outcomes = st.one_of(
    st.fixed_dictionaries({"tier": tiers, "cascade": cascades, "strategy": orders}),
    st.fixed_dictionaries({"model": model_ids, "cascade": cascades}),
    st.fixed_dictionaries({"quality": qualities, "cascade": cascades}),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    rules = [
        Rule(name=f"rule {n}", when=draw(conditions), **draw(outcomes))
        for n in range(draw(st.integers(0, 4)))
    ]
    return Policy(
        baseline=draw(st.one_of(st.just("requested"), model_ids)),
        whitelist=draw(whitelists),
        rules=tuple(rules),
        otherwise=Otherwise(**draw(outcomes)),
        unsure=draw(st.none() | st.builds(Unsure, tier=tiers, confidence_below=shares)),
        floors=draw(floors("router")),
        timeouts=draw(st.none() | st.builds(Timeouts, first_byte_ms=st.integers(1_000, 60_000))),
        retries=draw(
            st.none()
            | st.builds(Retries, times=st.integers(0, 2), backoff_ms=st.just(1), before_up=st.booleans())
        ),
        hedge=draw(st.none() | st.builds(Hedge, after_ms=st.integers(1, 50), share=shares)),
        strategy=draw(orders),
    )


def floors(whose: str) -> st.SearchStrategy[tuple[Floor, ...]]:
    return st.lists(st.tuples(conditions, tiers), max_size=3).map(
        lambda pairs: tuple(
            Floor(name=f"{whose} floor {n}", when=when, tier=tier) for n, (when, tier) in enumerate(pairs)
        )
    )


@st.composite
def requests(draw: st.DrawFn) -> RequestFacts:
    return facts(
        surface=draw(st.sampled_from(list(Surface))),
        requested_model=draw(st.one_of(st.just("auto"), model_ids, st.just("mid"))),
        request_class=draw(classes),
        difficulty=draw(shares),
        confidence=draw(shares),
        input_tokens=draw(st.integers(0, 150_000)),
        output_tokens=draw(st.integers(0, 8_000)),
        needs=draw(st.frozensets(st.sampled_from(list(Need)), max_size=2)),
        tags=draw(tags),
        lot=draw(st.floats(0, 1, exclude_max=True)),
        unavailable=draw(st.frozensets(model_ids, max_size=3)),
        expected=draw(st.dictionaries(model_ids, estimates)),
        outputs=draw(st.dictionaries(model_ids, st.integers(0, 8_000), max_size=2)),
        cached=draw(st.dictionaries(model_ids, st.integers(0, 150_000), max_size=3)),
        marks_cache=draw(st.booleans()),
        latency=draw(st.dictionaries(model_ids, st.integers(1, 60_000), max_size=3)),
        draw=draw(st.none() | st.floats(0, 1, exclude_max=True)),
    )
