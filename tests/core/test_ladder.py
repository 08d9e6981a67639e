from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.facts import Tier
from gateway.core.ladder import MAX_ATTEMPTS, Attempt, AttemptOutcome, Kind, Rung, beside, next_model

LADDER = (
    Rung(Tier.LIGHTWEIGHT, ("mini", "mini-b")),
    Rung(Tier.MID, ("mid",)),
    Rung(Tier.PREMIUM, ("big", "big-b")),
)
A, R, F, C = (
    AttemptOutcome.ANSWERED,
    AttemptOutcome.REJECTED,
    AttemptOutcome.FAILED,
    AttemptOutcome.CANCELLED,
)


def tried(*pairs: tuple[str, AttemptOutcome], kind: Kind = Kind.ANSWER) -> list[Attempt]:
    return [Attempt(id=name, model=name, outcome=outcome, kind=kind) for name, outcome in pairs]


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([], "mini"),
        ([("mini", F)], "mini-b"),
        ([("mini", F), ("mini-b", F)], "mid"),
        ([("mini", R)], "mid"),
        ([("mini", F), ("mini-b", R)], "mid"),
        ([("mini", R), ("mid", F)], "big"),
        ([("mini", A)], None),
        ([("mini", C)], None),
        ([("mini", R), ("mid", R), ("big", R)], None),
    ],
)
def test_failures_move_along_and_rejections_up(
    attempts: list[tuple[str, AttemptOutcome]], expected: str | None
) -> None:
    assert next_model(LADDER, tried(*attempts), up_to=Tier.PREMIUM) == expected


def test_a_rejection_climbs_no_higher_than_the_cascade_allows() -> None:
    assert next_model(LADDER, tried(("mini", R), ("mid", R)), up_to=Tier.MID) is None
    assert next_model(LADDER, tried(("mini", R)), up_to=None) is None


def test_a_judge_is_no_answer() -> None:
    judged = [*tried(("mini", R)), *tried(("mini-b", A), kind=Kind.JUDGE)]
    assert next_model(LADDER, judged, up_to=Tier.PREMIUM) == "mid"


def test_what_is_avoided_is_passed_over() -> None:
    assert next_model(LADDER, [], avoiding={"mini"}) == "mini-b"
    assert next_model(LADDER, tried(("mini", F)), avoiding={"mini-b", "mid", "big"}) == "big-b"
    assert next_model(LADDER, [], avoiding={"mini", "mini-b", "mid", "big", "big-b"}) is None


def test_what_is_asked_again_comes_after_its_rung_and_before_the_next() -> None:
    assert next_model(LADDER, tried(("mini", F)), again="mini") == "mini-b"
    assert next_model(LADDER, tried(("mini", F), ("mini-b", F)), again="mini-b") == "mini-b"
    assert next_model(LADDER, tried(("mini", F), ("mini-b", F)), again="") == "mid"


def test_beside_it_the_next_of_its_rung_is_asked_or_itself() -> None:
    assert beside(LADDER, "mini", ()) == "mini-b"
    assert beside(LADDER, "mini", {"mini-b"}) == "mini"
    assert beside(LADDER, "mid", ()) == "mid"


models = [model for rung in LADDER for model in rung.models]


@given(
    st.lists(st.tuples(st.sampled_from(models), st.sampled_from([R, F])), max_size=3),
    st.sampled_from([None, *Tier]),
    st.sets(st.sampled_from(models)),
    st.sampled_from(["", *models]),
)
def test_nothing_leads_off_the_ladder(
    pairs: list[tuple[str, AttemptOutcome]], up_to: Tier | None, avoiding: set[str], again: str
) -> None:
    """Nor above `up_to` after a rejection, nor back to a rung whose answer did not pass."""
    model = next_model(LADDER, tried(*pairs), up_to=up_to, avoiding=avoiding, again=again)
    if model is None:
        return
    assert model in models
    assert model == again or (model not in avoiding and model not in {name for name, _ in pairs})
    rejected = {name for name, outcome in pairs if outcome is R}
    rung = next(rung for rung in LADDER if model in rung.models)
    assert rejected.isdisjoint(rung.models)
    assert not rejected or (up_to is not None and rung.tier <= up_to)


@given(st.lists(st.sampled_from([R, F]), max_size=6), st.sampled_from([None, *Tier]))
def test_it_ends_and_asks_no_model_twice(outcomes: list[AttemptOutcome], up_to: Tier | None) -> None:
    attempts: list[Attempt] = []
    while (model := next_model(LADDER, attempts, up_to=up_to)) is not None:
        outcome = outcomes[len(attempts)] if len(attempts) < len(outcomes) else A
        attempts += tried((model, outcome))
    assert len(attempts) <= MAX_ATTEMPTS
    assert len({attempt.model for attempt in attempts}) == len(attempts)
