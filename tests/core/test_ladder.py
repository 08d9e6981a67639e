from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.facts import Tier
from gateway.core.ladder import MAX_ATTEMPTS, Attempt, AttemptOutcome, Kind, Rung, next_model

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


@given(st.lists(st.sampled_from([R, F]), max_size=6), st.sampled_from([None, *Tier]))
def test_it_ends_and_asks_no_model_twice(outcomes: list[AttemptOutcome], up_to: Tier | None) -> None:
    attempts: list[Attempt] = []
    while (model := next_model(LADDER, attempts, up_to=up_to)) is not None:
        outcome = outcomes[len(attempts)] if len(attempts) < len(outcomes) else A
        attempts += tried((model, outcome))
    assert len(attempts) <= MAX_ATTEMPTS
    assert len({attempt.model for attempt in attempts}) == len(attempts)
