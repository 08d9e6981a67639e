"""Extra calls stay a share of those that were asked for anyway, however long they are wanted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.allowance import MOST_ACCOUNTS, MOST_KEPT, Allowance


@given(st.lists(st.booleans(), max_size=400), st.floats(0, 1))
def test_never_more_than_what_was_in_hand_and_was_earned(asked: list[bool], share: float) -> None:
    """Of each request that goes to the key, some want another call."""
    allowance, extra = Allowance(at_first=3.0), 0
    for wants in asked:
        allowance.earn("key", share)
        extra += wants and allowance.spend("key")
    assert extra <= 3 + share * len(asked) + 1e-6


def test_a_key_that_is_down_gets_a_share_and_no_more() -> None:
    allowance = Allowance(at_first=3.0)
    extra = 0
    for _ in range(1000):
        allowance.earn("key", 0.2)
        extra += allowance.spend("key")
    assert 200 <= extra <= 203


def test_a_long_quiet_does_not_save_up_for_a_storm() -> None:
    allowance = Allowance(at_first=3.0)
    assert allowance.spend("key")
    for _ in range(10_000):
        allowance.earn("key", 0.2)
    assert sum(allowance.spend("key") for _ in range(100)) == MOST_KEPT


def test_one_key_does_not_spend_anothers() -> None:
    allowance = Allowance(at_first=1.0)
    assert [allowance.spend("one"), allowance.spend("one"), allowance.spend("other")] == [True, False, True]


def test_the_accounts_are_bounded() -> None:
    allowance = Allowance(at_first=1.0)
    assert allowance.is_unused
    for number in range(MOST_ACCOUNTS + 5):
        assert allowance.spend(str(number))
    assert len(allowance._accounts) == 5
