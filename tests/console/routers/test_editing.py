"""Edits are pure, and no sequence of them leaves anything but a policy."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from console.routers import editing, text
from console.routers.editing import NotThere
from gateway.core.conditions import Condition
from gateway.core.facts import RequestClass, Tier
from gateway.core.policy import (
    Cascade,
    Check,
    Expectation,
    Floor,
    Otherwise,
    Policy,
    PolicyTest,
    Rule,
    Sample,
    Unsure,
)
from tests.console.routers.contract import POLICY
from tests.core import strategies

CONTRACT = text.read(POLICY)
A, B, C = (Rule(name=name, tier=Tier.MID) for name in "abc")
ABC = Policy(rules=(A, B, C))


def names(policy: Policy) -> str:
    return "".join(rule.name for rule in policy.rules)


def test_rules_are_added_moved_copied_and_removed() -> None:
    assert names(editing.add_rule(ABC, Rule(name="d", tier=Tier.MID))) == "abcd"
    assert names(editing.add_rule(ABC, Rule(name="d", tier=Tier.MID), at=0)) == "dabc"
    assert names(editing.move_rule(ABC, 0, 2)) == "bca"
    assert names(editing.move_rule(ABC, 2, 0)) == "cab"
    assert names(editing.move_rule(ABC, 0, 99)) == "bca"
    assert names(editing.move_rule(ABC, 2, -1)) == "cab"
    assert names(editing.order_rules(ABC, [2, 0, 1])) == "cab"
    assert names(editing.remove_rule(ABC, 1)) == "ac"
    assert names(editing.copy_rule(ABC, 0)) == "aa 2bc"
    assert names(ABC) == "abc"


@pytest.mark.parametrize("order", [[], [0, 1], [0, 1, 1], [0, 1, 2, 3], [-1, 0, 1]])
def test_an_order_names_every_rule_once(order: list[int]) -> None:
    with pytest.raises(NotThere):
        editing.order_rules(ABC, order)


@pytest.mark.parametrize("place", [-1, 3, 10**9])
def test_what_is_not_there_cannot_be_edited(place: int) -> None:
    edits: list[Callable[[], object]] = [
        lambda: editing.put_rule(ABC, place, A),
        lambda: editing.remove_rule(ABC, place),
        lambda: editing.copy_rule(ABC, place),
        lambda: editing.move_rule(ABC, place, 0),
        lambda: editing.remove_floor(ABC, place),
        lambda: editing.put_floor(ABC, place, Floor(name="x", tier=Tier.MID)),
        lambda: editing.remove_test(ABC, place),
        lambda: editing.remove_class(ABC, place),
    ]
    for edit in edits:
        with pytest.raises(NotThere):
            edit()


def test_the_contracts_example_can_be_built_by_edits_alone() -> None:
    policy = Policy()
    policy = editing.set_baseline(policy, CONTRACT.baseline)
    policy = editing.set_whitelist(policy, CONTRACT.whitelist)
    for rule in CONTRACT.rules:
        policy = editing.add_rule(policy, editing.set_cascade(replace(rule, cascade=None), rule.cascade))
    policy = editing.set_otherwise(policy, CONTRACT.otherwise)
    policy = editing.set_unsure(policy, CONTRACT.unsure)
    policy = editing.add_floor(policy, CONTRACT.floors[0])
    policy = editing.add_class(policy, CONTRACT.classes[0])
    policy = editing.add_test(policy, CONTRACT.tests[0])
    assert policy == CONTRACT
    assert text.read(text.write(policy)) == text.read(POLICY)


rules = st.builds(
    Rule,
    name=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12),
    when=strategies.conditions,
    tier=strategies.tiers,
    cascade=strategies.cascades,
)
floors = st.builds(
    Floor, name=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8), tier=strategies.tiers
)
tests = st.builds(
    PolicyTest,
    name=st.just("t"),
    request=st.builds(Sample, text=st.just("Tag this"), tags=strategies.tags),
    expect=st.builds(Expectation, tier=st.none() | strategies.tiers),
)
places = st.integers(-1, 5)
edits = st.one_of(
    st.tuples(st.just(editing.add_rule), rules),
    st.tuples(st.just(editing.put_rule), places, rules),
    st.tuples(st.just(editing.remove_rule), places),
    st.tuples(st.just(editing.copy_rule), places),
    st.tuples(st.just(editing.move_rule), places, places),
    st.tuples(st.just(editing.order_rules), st.permutations(range(3))),
    st.tuples(st.just(editing.add_floor), floors),
    st.tuples(st.just(editing.put_floor), places, floors),
    st.tuples(st.just(editing.remove_floor), places),
    st.tuples(st.just(editing.add_test), tests),
    st.tuples(st.just(editing.remove_test), places),
    st.tuples(st.just(editing.set_whitelist), strategies.whitelists),
    st.tuples(st.just(editing.set_baseline), strategies.model_ids),
    st.tuples(st.just(editing.set_otherwise), st.builds(Otherwise, tier=strategies.tiers)),
    st.tuples(st.just(editing.set_unsure), st.none() | st.builds(Unsure, tier=strategies.tiers)),
)


@settings(deadline=None)
@given(strategies.policies(), st.lists(edits, max_size=12))
def test_after_any_sequence_of_edits_there_is_a_policy(
    policy: Policy, sequence: list[tuple[Any, ...]]
) -> None:
    for edit, *arguments in sequence:
        try:
            policy = edit(policy, *arguments)
        except NotThere:
            continue
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(policy)), Policy) == policy
    assert text.read(text.write(policy)) == policy


def test_a_fresh_name() -> None:
    assert editing.fresh_name("rule", []) == "rule"
    assert editing.fresh_name("rule", ["rule", "rule 2"]) == "rule 3"


def test_a_rule_keeps_what_an_edit_does_not_name() -> None:
    rule = Rule(
        name="a", tier=Tier.MID, when=Condition(request_class=RequestClass.CODING), cascade=Cascade(checks=(Check(json_valid=True),))
    )  # fmt: skip
    assert editing.set_cascade(rule, None) == replace(rule, cascade=None)
