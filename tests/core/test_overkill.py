"""When a dearer tier than called for is overkill, and what would have done."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.core.catalogue import Model
from gateway.core.conditions import ALWAYS, Condition, Range
from gateway.core.facts import Need, RequestClass, RequestFacts, Surface, Tier
from gateway.core.money import nano
from gateway.core.overkill import CALLS_FOR, Alternative, Fit, alternative, called_for, fit, is_by_tag
from gateway.core.price import Price, Usage

DAY = date(2026, 3, 10)


def facts(request_class: RequestClass, difficulty: float, confidence: float = 0.9) -> RequestFacts:
    return RequestFacts(
        at=datetime(2026, 3, 10, tzinfo=UTC),
        surface=Surface.OPENAI_CHAT,
        requested_model="openai/gpt-5",
        request_class=request_class,
        difficulty=difficulty,
        confidence=confidence,
        input_tokens=100,
        output_tokens=10,
    )


def model(name: str, tier: Tier, price: str | None, **fields: Any) -> Model:
    prices = () if price is None else (Price(since=date(2020, 1, 1), input=nano(price), output=nano(price)),)
    return Model(id=name, provider="p", tier=tier, prices=prices, **fields)


TAGGED = Condition(tag={"escalated": "true"})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (TAGGED, True),
        (Condition(tag={"escalated": "true"}, input_tokens=Range(at_most=2000)), True),
        (Condition(all_=(TAGGED, Condition(key="desk"))), True),
        (Condition(any_=(TAGGED, TAGGED)), True),
        (Condition(any_=(TAGGED, Condition(key="desk"))), False),
        (Condition(not_=TAGGED), False),
        (Condition(tag={"escalated": "true"}, difficulty=Range(at_least=0.5)), False),
        (Condition(key="desk"), False),
        (ALWAYS, False),
    ],
)
def test_a_callers_tag_decides_alone(condition: Condition, expected: bool) -> None:
    assert is_by_tag(condition) is expected


def test_every_class_has_its_row() -> None:
    assert set(CALLS_FOR) == set(RequestClass)
    assert all(easy <= middling <= hard for easy, middling, hard in CALLS_FOR.values())


@given(st.sampled_from(sorted(set(RequestClass) - {RequestClass.UNKNOWN})), st.floats(0, 0.2999))
def test_whatever_is_easy_is_overkill_on_a_premium_model(request_class: RequestClass, easy: float) -> None:
    assert fit(facts(request_class, easy), Tier.PREMIUM, outcome="answered") is Fit.OVERKILL


@given(
    st.sampled_from(RequestClass),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(Tier),
    st.sampled_from(("answered", "escalated", "fell_back", "rejected", "cached")),
)
def test_what_is_no_dearer_than_called_for_always_fits(
    request_class: RequestClass, difficulty: float, confidence: float, served: Tier, outcome: str
) -> None:
    verdict = fit(facts(request_class, difficulty, confidence), served, outcome=outcome)

    assert (verdict is Fit.FITS) == (served <= called_for(request_class, difficulty))


@pytest.mark.parametrize(
    ("verdict", "outcome", "floors", "confidence"),
    [
        (Fit.OVERKILL, "answered", (), 0.9),
        (Fit.NEEDED, "escalated", (), 0.9),
        (Fit.NEEDED, "fell_back", (), 0.9),
        (Fit.FLOORED, "answered", ("regulated",), 0.9),
        (Fit.UNSURE, "answered", (), 0.4),
    ],
)
def test_what_excuses_a_dearer_tier(
    verdict: Fit, outcome: str, floors: tuple[str, ...], confidence: float
) -> None:
    asked = facts(RequestClass.CLASSIFICATION, 0.1, confidence)

    assert fit(asked, Tier.MID, outcome=outcome, floors=floors) is verdict


def test_the_alternative_is_the_cheapest_that_can_do_the_work() -> None:
    tools = frozenset({Need.TOOLS})
    models = (
        model("too-weak", Tier.SMALL, "0.1", can=tools),
        model("cannot", Tier.LIGHTWEIGHT, "0.2"),
        model("too-short", Tier.LIGHTWEIGHT, "0.3", can=tools, context=1000),
        model("unpriced", Tier.LIGHTWEIGHT, None, can=tools),
        model("right", Tier.LIGHTWEIGHT, "1.25", can=tools),
        model("dearer", Tier.MID, "2", can=tools),
        model("same-tier", Tier.PREMIUM, "0.01", can=tools),
    )

    found = alternative(
        models,
        calls_for=Tier.LIGHTWEIGHT,
        served=Tier.PREMIUM,
        needs={Need.TOOLS, Need.STREAMING},
        longest=5000,
        usage=Usage(input=800_000, output=200_000),
        requests=200,
        day=DAY,
    )

    assert found == Alternative(model="right", tier=Tier.LIGHTWEIGHT, cost=nano("1.25"))


def test_what_only_one_protocol_has_words_for_is_told_by_the_same_provider() -> None:
    served = model("served", Tier.PREMIUM, "10")
    elsewhere = replace(model("elsewhere", Tier.LIGHTWEIGHT, "0.1"), provider="another")
    otherwise = replace(model("otherwise", Tier.LIGHTWEIGHT, "0.2"), dialect="telex")
    beside = model("beside", Tier.LIGHTWEIGHT, "0.3")

    def found(like: Model | None) -> str | None:
        option = alternative(
            [served, elsewhere, otherwise, beside],
            calls_for=Tier.LIGHTWEIGHT,
            served=Tier.PREMIUM,
            needs=(),
            longest=1,
            usage=Usage(input=1),
            requests=1,
            day=DAY,
            like=like,
        )
        return option.model if option else None

    assert found(None) == "elsewhere"
    assert found(served) == "beside"


def test_a_price_for_each_request_is_paid_by_each_request() -> None:
    cheap = Model(
        id="m",
        provider="p",
        tier=Tier.SMALL,
        prices=(Price(since=DAY, input=0, output=0, per_request=7),),
    )

    found = alternative(
        [cheap],
        calls_for=Tier.LOCAL,
        served=Tier.MID,
        needs=(),
        longest=1,
        usage=Usage(input=1),
        requests=3,
        day=DAY,
    )

    assert found is not None
    assert found.cost == 21
