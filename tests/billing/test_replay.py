"""What a draft would have done: figures that can be checked by hand, and what is said to be unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from billing import past as books
from billing.past import Line, Past
from billing.rejections import Cell, Rates, cascade_of, observed
from billing.replay import Draft, Projection, Replay, Span, Unknown
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.conditions import Condition
from gateway.core.demand import Quality
from gateway.core.facts import RequestClass, RequestFacts, Tier
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.core.policy import Cascade, Check, Floor, Judge, Otherwise, Policy, Rule, SemanticClass
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.core.quality.estimate import Estimate
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, NANO, NOON, attempt, settled
from tests.core import build
from tests.core.build import facts, router, tenant

USED = Usage(input=1000, output=200)
BIG, MID, MINI = 20_000_000, 4_000_000, 650_000  # nano-dollars for it, of alpha/big, alpha/mid, alpha/mini
TO_PREMIUM = Policy(otherwise=Otherwise(tier=Tier.PREMIUM))
TO_MINI = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
CHECKED = Cascade(checks=(Check(json_valid=True),))
CHECKED_MINI = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, cascade=CHECKED))
SEEN: Mapping[Cell, tuple[int, int]] = {(): (10, 100), ("json_valid",): (10, 100)}


def line(model: str = "alpha/big", cost: int | None = BIG, **fields: Any) -> Line:
    values: dict[str, Any] = {
        "kind": Kind.ANSWER,
        "part": "answer",
        "outcome": AttemptOutcome.ANSWERED,
        "usage_source": UsageSource.PROVIDER_FINAL,
        "usage": USED,
    }
    return Line(model=model, cost=cost, **(values | fields))


def came(*lines: Line, about: RequestFacts | None = None, **fields: Any) -> Past:
    values: dict[str, Any] = {
        "request_id": "r",
        "at": build.NOON,
        "facts": about or facts(),
        "rule": "otherwise",
        "tier": "premium",
        "outcome": "answered",
        "policy_version": 1,
        "cost": sum(each.cost or 0 for each in lines),
        "unpriced_attempts": sum(each.cost is None for each in lines),
        "baseline": BIG,
        "lines": lines,
    }
    return Past(**(values | fields))


def replayed(
    policy: Policy,
    *requests: Past,
    then: Policy = TO_PREMIUM,
    seen: Mapping[Cell, tuple[int, int]] | None = None,
    judges: Mapping[str, int] | None = None,
    repriced: frozenset[str] = frozenset(),
    **around: Any,
) -> Projection:
    published = tenant(policy, **around)
    draft = Draft(
        router(policy, **around), whitelist=published.whitelist, policies={1: then}, repriced=repriced
    )
    replay = Replay(draft, Rates(seen or {}, judges or {}))
    for request in requests:
        replay.take(request)
    return replay.projection()


def test_the_same_policy_costs_to_the_nano_dollar_what_it_cost() -> None:
    told = replayed(TO_PREMIUM, came(line(cost=19_999_999)), came(line(cost=7)))
    assert (told.changed, told.cost, told.projected.amount) == (0, 20_000_006, 20_000_006)
    assert told.difference == Span(amount=0, low=0, high=0)


def test_another_model_is_taken_to_use_the_same_tokens() -> None:
    told = replayed(TO_MINI, came(line()))
    assert (told.cost, told.projected.amount, told.difference.amount) == (BIG, MINI, MINI - BIG)
    assert told.saved == BIG - MINI
    reach = round(1.96 * (BIG - MINI))
    assert (told.difference.low, told.difference.high) == (MINI - BIG - reach, MINI - BIG + reach)
    (move,) = told.models
    assert (move.before, move.after, move.requests, move.projected) == ("alpha/big", "alpha/mini", 1, MINI)


def test_the_interval_grows_with_the_root_of_the_requests() -> None:
    told = replayed(TO_MINI, *[came(line()) for _ in range(100)])
    assert told.difference.high - told.difference.amount == round(1.96 * sqrt(100) * (BIG - MINI))


def test_escalation_is_expected_as_often_as_it_was_seen() -> None:
    told = replayed(CHECKED_MINI, *[came(line()) for _ in range(100)], seen=SEEN)
    assert told.projected.amount == 100 * (MINI + MID // 10 + BIG // 100)
    assert (told.projected_escalated, told.blind) == (10, 0)
    assert [(rate.model, rate.requests) for rate in told.rates] == [("alpha/mid", 100), ("alpha/mini", 100)]
    assert [rate.share for rate in told.rates] == pytest.approx([0.1, 0.1])
    assert [rate.answers for rate in told.rates] == [0, 0]


def test_where_nothing_was_seen_the_upper_end_has_all_of_them_climb() -> None:
    told = replayed(CHECKED_MINI, came(line()))
    assert (told.projected.amount, told.blind) == (MINI, 1)
    assert told.projected.high == MINI + round(1.96 * MINI) + MID + BIG


def test_what_began_alike_under_the_same_checks_keeps_its_escalation() -> None:
    rejected = line("alpha/mini", MINI, part="rejected", outcome=AttemptOutcome.REJECTED)
    told = replayed(CHECKED_MINI, came(rejected, line(), rule="otherwise"), then=CHECKED_MINI, seen=SEEN)
    assert (told.projected.amount, told.escalated, told.projected_escalated) == (MINI + BIG, 1, 1)


def test_without_checks_the_first_answer_is_the_only_one() -> None:
    rejected = line("alpha/mini", 123, part="rejected", outcome=AttemptOutcome.REJECTED)
    told = replayed(TO_MINI, came(rejected, line()), then=CHECKED_MINI)
    assert (told.cost, told.projected.amount, told.projected_escalated) == (BIG + 123, MINI, 0)


def test_a_failed_beginning_is_replayed_with_the_tokens_of_the_answer() -> None:
    failed = line("alpha/big", 0, part="failed", outcome=AttemptOutcome.FAILED, usage=NOTHING)
    told = replayed(TO_PREMIUM, came(failed, line("beta/big", 30_000_000)), then=CHECKED_MINI)
    assert told.projected.amount == BIG


def test_a_judge_costs_what_it_did_on_average_else_what_it_would_read() -> None:
    judged = Cascade(checks=(Check(judge=Judge("alpha/mini")),))
    policy = Policy(otherwise=Otherwise(tier=Tier.PREMIUM, cascade=judged))
    assert replayed(policy, came(line()), judges={"alpha/mini": 777}).projected.amount == BIG + 777
    shown = (100 + 1000 + 200) * 250 + 16 * 2000
    assert replayed(policy, came(line())).projected.amount == BIG + shown


def test_a_price_that_is_tried_out_changes_what_stays_where_it_is() -> None:
    cheap = tuple(
        build.model(model.id, model.tier, (5, 25)) if model.id == "alpha/big" else model
        for model in build.MODELS
    )
    told = replayed(TO_PREMIUM, came(line()), models=cheap, repriced=frozenset({"alpha/big"}))
    assert (told.changed, told.cost, told.projected.amount) == (0, BIG, BIG // 2)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (came(facts=None), Unknown.NO_FACTS),
        (came(about=facts(counts_only=True)), Unknown.COUNTED_ONLY),
        (came(outcome="cached"), Unknown.CACHED),
        (came(line(part="failed", outcome=AttemptOutcome.FAILED), outcome="failed"), Unknown.NO_ANSWER),
        (came(line(cost=None)), Unknown.UNSEEN),
    ],
)
def test_what_cannot_be_evaluated_says_why(request_: Past, reason: Unknown) -> None:
    told = replayed(TO_MINI, request_)
    assert (told.evaluated, told.unknown, told.share_evaluated) == (0, {reason: 1}, 0.0)
    assert told.unknown_cost == request_.cost


def test_a_model_without_a_price_leaves_the_cost_unknown() -> None:
    told = replayed(Policy(otherwise=Otherwise(model="gamma/odd")), came(line()))
    assert (told.unknown, told.unknown_cost, told.projected.amount) == ({Unknown.UNPRICED: 1}, BIG, 0)


def test_classes_of_ones_own_that_came_later_are_not_guessed() -> None:
    refund = Rule(name="refund", when=Condition(semantic="refund"), tier=Tier.PREMIUM)
    tagged = Rule(name="tagged", when=Condition(tag={"vip": "yes"}), tier=Tier.PREMIUM)
    draft = Policy(rules=(tagged, refund), classes=(SemanticClass(name="refund", examples=("money back",)),))
    sure, unsure = came(line(), about=facts(tags={"vip": "yes"})), came(line())
    assert replayed(draft, sure, unsure).unknown == {Unknown.OWN_CLASSES: 1}
    assert replayed(draft, sure, unsure, then=draft).unknown == {}


def test_what_would_be_refused_stands_apart() -> None:
    told = replayed(Policy(whitelist=("local/*",), otherwise=Otherwise(tier=Tier.PREMIUM)), came(line()))
    assert (told.refused, told.refused_cost, told.evaluated) == ({"no_eligible_model": 1}, BIG, 0)


def test_answers_that_the_draft_would_not_have_allowed_are_counted() -> None:
    narrow = Policy(whitelist=("alpha/mid",), otherwise=Otherwise(tier=Tier.MID))
    told = replayed(narrow, came(line()), came(line("alpha/mid", MID)))
    assert (told.outside_then, told.violations, told.models_checked) == (1, 0, 2)


@settings(max_examples=60, deadline=None)
@given(
    tier=st.sampled_from(Tier),
    floor=st.sampled_from(Tier),
    tenant_floor=st.sampled_from(Tier),
    whitelist=st.sampled_from([None, ("alpha/*",), ("beta/*", "local/*")]),
    kind=st.sampled_from(RequestClass),
)
def test_no_ladder_leaves_the_whitelists_or_goes_below_a_floor(
    tier: Tier, floor: Tier, tenant_floor: Tier, whitelist: tuple[str, ...] | None, kind: RequestClass
) -> None:
    policy = Policy(
        whitelist=("alpha/*", "beta/*", "gamma/small"),
        otherwise=Otherwise(tier=tier, cascade=CHECKED),
        floors=(Floor(name="own", tier=floor, when=Condition(request_class=RequestClass.CODING)),),
    )
    request = came(line(), about=facts(request_class=kind))
    told = replayed(
        policy, request, whitelist=whitelist, floors=(Floor(name="all", tier=tenant_floor),), seen=SEEN
    )
    assert told.violations == 0
    assert told.evaluated + sum(told.refused.values()) + sum(told.unknown.values()) == told.requests


def test_the_check_for_violations_finds_one() -> None:
    draft = Draft(
        router(Policy(floors=(Floor(name="up", tier=Tier.MID),))), whitelist=("alpha/*",), policies={}
    )
    assert draft.objects_to(came(line()), ["alpha/big", "alpha/mid"]) == 0
    assert draft.objects_to(came(line()), ["alpha/mini", "beta/big"]) == 2


def test_the_parts_sum_to_the_whole() -> None:
    told = replayed(CHECKED_MINI, *[came(line()), came(line("alpha/mini", MINI))] * 7, seen=SEEN)
    for moves in (told.models, told.rules, told.tiers):
        assert sum(move.requests for move in moves) == told.evaluated == 14
        assert sum(move.cost for move in moves) == told.cost
        assert sum(move.projected for move in moves) == told.projected.amount


def test_a_narrow_cell_is_drawn_towards_the_wider_one() -> None:
    cell = ("json_valid", "alpha/mini", "coding")
    rate = Rates({**SEEN, cell[:2]: (10, 100), cell: (5, 5)}, {}).of(CHECKED, "alpha/mini", "coding")
    assert rate.share == pytest.approx((5 + 0.1 * 20) / 25)
    assert (rate.answers, rate.evidence) == (5, 25)


def test_the_books_are_read_in_batches_without_what_was_taken_back(acme: Tenant, book: Book) -> None:
    for n in range(5):
        rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED)
        at = NOON + timedelta(minutes=n // 2)
        book(settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated", request_id=f"r{n}", at=at))
    span = {"start": NOON, "end": NOON + timedelta(hours=1)}
    found, after = [], None
    with within(acme):
        assert books.count(acme, "support", **span) == 5
        while batch := books.read(acme, "support", **span, after=after, at_once=2):
            found += batch
            after = batch[-1].position
    assert [past.request_id for past in found] == [f"r{n}" for n in range(5)]
    assert [each.model for each in found[0].lines] == [NANO.id, GPT_5.id]
    assert found[0].facts is not None
    assert (found[0].first, found[0].answer) == found[0].lines
    assert found[0].lines[0].usage == Usage(input=1000, output=200)


def test_rates_are_of_rules_that_had_checks(acme: Tenant, book: Book) -> None:
    policy = Policy(rules=(Rule(name="routine", tier=Tier.LIGHTWEIGHT, cascade=CHECKED),))
    rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED)
    book(
        settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated"),
        *[settled(acme.pk, attempt(NANO)) for _ in range(3)],
        settled(acme.pk, attempt(NANO), rule="otherwise"),
        settled(acme.pk, attempt(NANO), attempt(NANO, kind=Kind.JUDGE)),
    )
    with within(acme):
        rates = observed(acme, {("support", 3): policy}, start=NOON, end=NOON + timedelta(hours=1))
    assert cascade_of(policy, "otherwise") is None
    rate = rates.of(CHECKED, NANO.id, "classification")
    assert rate.share == pytest.approx((1 + 5 * 2 / 11) / 10)
    assert rate.answers == 5
    assert rates.judge(NANO.id) == 130_000


def test_a_quality_that_nothing_was_expected_of_then_cannot_be_evaluated() -> None:
    """Deciding anyway would send them all to where the unsure go, which is not what the draft would have done."""
    good = Rule(name="good", when=Condition(request_class=RequestClass.CODING), quality=Quality(at_least=0.5))
    draft = Policy(rules=(good,), otherwise=Otherwise(tier=Tier.PREMIUM))
    expected = {"alpha/mini": Estimate(0.9, 0.8), "alpha/big": Estimate(0.95, 0.9)}
    coding = facts(request_class=RequestClass.CODING)

    told = replayed(
        draft,
        came(line(), about=coding),
        came(line(), about=structs.replace(coding, expected=expected)),
        came(line()),
    )

    assert told.unknown == {Unknown.NO_ESTIMATES: 1}
    assert (told.evaluated, told.changed, told.unknown_cost) == (2, 1, BIG)
    assert told.projected.amount == MINI + BIG
    always = Policy(otherwise=Otherwise(quality=Quality(at_least=0.5)))
    assert replayed(always, came(line())).unknown == {Unknown.NO_ESTIMATES: 1}
