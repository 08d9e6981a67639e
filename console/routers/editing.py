"""Edits of a policy, each `Policy → Policy` and pure: what the editor's buttons and forms come down to.

Whatever sequence of them is applied, the result is a policy that can be written down and read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from gateway.core.policy import (
    Cascade,
    Floor,
    Hedge,
    Otherwise,
    Policy,
    PolicyTest,
    Retries,
    Rule,
    SemanticClass,
    Timeouts,
    Unsure,
)
from gateway.core.strategy import COST, Strategy


class NotThere(LookupError):
    """An edit of something that the policy does not hold: the page was older than the draft."""


def add_rule(policy: Policy, rule: Rule, *, at: int | None = None) -> Policy:
    place = len(policy.rules) if at is None else min(max(at, 0), len(policy.rules))
    return replace(policy, rules=(*policy.rules[:place], rule, *policy.rules[place:]))


def put_rule(policy: Policy, place: int, rule: Rule) -> Policy:
    return replace(policy, rules=_put(policy.rules, place, rule))


def remove_rule(policy: Policy, place: int) -> Policy:
    return replace(policy, rules=_without(policy.rules, place))


def copy_rule(policy: Policy, place: int) -> Policy:
    """Stands under the first, which wins as long as the two are alike."""
    rule = _get(policy.rules, place)
    copy = replace(rule, name=fresh_name(rule.name, (one.name for one in policy.rules)))
    return add_rule(policy, copy, at=place + 1)


def move_rule(policy: Policy, place: int, to: int) -> Policy:
    rule = _get(policy.rules, place)
    return add_rule(remove_rule(policy, place), rule, at=to)


def order_rules(policy: Policy, order: Sequence[int]) -> Policy:
    """`order` names each rule by the place it has now."""
    if sorted(order) != list(range(len(policy.rules))):
        raise NotThere("The order must name every rule once.")
    return replace(policy, rules=tuple(policy.rules[place] for place in order))


def set_otherwise(policy: Policy, otherwise: Otherwise) -> Policy:
    return replace(policy, otherwise=otherwise)


def set_unsure(policy: Policy, unsure: Unsure | None) -> Policy:
    return replace(policy, unsure=unsure)


def set_baseline(policy: Policy, baseline: str) -> Policy:
    return replace(policy, baseline=baseline)


def set_whitelist(policy: Policy, whitelist: Iterable[str] | None) -> Policy:
    return replace(policy, whitelist=None if whitelist is None else tuple(dict.fromkeys(whitelist)))


def add_floor(policy: Policy, floor: Floor) -> Policy:
    return replace(policy, floors=(*policy.floors, floor))


def put_floor(policy: Policy, place: int, floor: Floor) -> Policy:
    return replace(policy, floors=_put(policy.floors, place, floor))


def remove_floor(policy: Policy, place: int) -> Policy:
    return replace(policy, floors=_without(policy.floors, place))


def set_strategy(policy: Policy, strategy: Strategy | None) -> Policy:
    """By cost is how it is without one."""
    return replace(policy, strategy=None if strategy == COST else strategy)


def set_limit(policy: Policy, max_output_tokens: int | None) -> Policy:
    return replace(policy, max_output_tokens=max_output_tokens)


def set_failover(
    policy: Policy, *, timeouts: Timeouts | None, retries: Retries | None, hedge: Hedge | None
) -> Policy:
    return replace(policy, timeouts=timeouts, retries=retries, hedge=hedge)


def add_test(policy: Policy, test: PolicyTest) -> Policy:
    return replace(policy, tests=(*policy.tests, test))


def put_test(policy: Policy, place: int, test: PolicyTest) -> Policy:
    return replace(policy, tests=_put(policy.tests, place, test))


def remove_test(policy: Policy, place: int) -> Policy:
    return replace(policy, tests=_without(policy.tests, place))


def add_class(policy: Policy, semantic: SemanticClass) -> Policy:
    return replace(policy, classes=(*policy.classes, semantic))


def remove_class(policy: Policy, place: int) -> Policy:
    return replace(policy, classes=_without(policy.classes, place))


def set_cascade(rule: Rule, cascade: Cascade | None) -> Rule:
    return replace(rule, cascade=cascade)


def fresh_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted 2` and so on, so that no two are called alike."""
    names = set(taken)
    number, name = 1, wanted
    while name in names:
        number += 1
        name = f"{wanted} {number}"
    return name


def rule_at(policy: Policy, place: int) -> Rule:
    return _get(policy.rules, place)


def floor_at(policy: Policy, place: int) -> Floor:
    return _get(policy.floors, place)


def test_at(policy: Policy, place: int) -> PolicyTest:
    return _get(policy.tests, place)


def _get[T](items: Sequence[T], place: int) -> T:
    if not 0 <= place < len(items):
        raise NotThere(f"There is nothing at place {place + 1}.")
    return items[place]


def _put[T](items: tuple[T, ...], place: int, item: T) -> tuple[T, ...]:
    _get(items, place)
    return (*items[:place], item, *items[place + 1 :])


def _without[T](items: tuple[T, ...], place: int) -> tuple[T, ...]:
    _get(items, place)
    return (*items[:place], *items[place + 1 :])
