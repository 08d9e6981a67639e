"""From a finding of overkill or underkill to the rule that would mend it: a pure edit, saved to the draft and no further."""

from __future__ import annotations

from console.routers.editing import NotThere, add_rule, fresh_name
from gateway.core.conditions import ALWAYS, Condition, Range
from gateway.core.decide import OTHERWISE
from gateway.core.facts import RequestClass, Tier
from gateway.core.overkill import CALLS_FOR, EASY, HARD, SURE
from gateway.core.policy import Cascade, Check, Policy, Rule


def relieve(
    policy: Policy, rule: str, request_class: RequestClass, *, called_for: Tier, served: Tier
) -> tuple[Policy, int]:
    """The policy with a rule before the one that sends such work too high, and the place of the new one.

    It takes what that rule would have taken, of the class, as hard as the tier is called for at most, where the
    classifier is sure; an answer that is a refusal still climbs to where it went until now.
    """
    place, wider, _ = _found(policy, rule)
    narrow = Condition(
        request_class=request_class,
        difficulty=_bound(request_class, called_for),
        confidence=Range(at_least=SURE),
    )
    name = f"{request_class.value.replace('_', ' ')} to {called_for.value}"
    relief = Rule(
        name=fresh_name(name, (each.name for each in policy.rules)),
        when=narrow if wider == ALWAYS else Condition(all_=(wider, narrow)),
        tier=called_for,
        cascade=Cascade(up_to=served, checks=(Check(not_refusal=True),)),
    )
    return add_rule(policy, relief, at=place), place


def lift(policy: Policy, rule: str, request_class: RequestClass, *, to: Tier) -> tuple[Policy, int]:
    """The policy with a rule before the one that sends such work too low, and the place of the new one.

    It takes what that rule would have taken, of the class, and sends it to the tier at once; what that rule checks is
    checked there as well, as long as there is a tier above to climb to.
    """
    place, wider, cascade = _found(policy, rule)
    narrow = Condition(request_class=request_class)
    name = f"{request_class.value.replace('_', ' ')} up to {to.value}"
    lifted = Rule(
        name=fresh_name(name, (each.name for each in policy.rules)),
        when=narrow if wider == ALWAYS else Condition(all_=(wider, narrow)),
        tier=to,
        cascade=cascade if cascade and cascade.up_to > to else None,
    )
    return add_rule(policy, lifted, at=place), place


def _found(policy: Policy, rule: str) -> tuple[int, Condition, Cascade | None]:
    for place, each in enumerate(policy.rules):
        if each.name == rule:
            return place, each.when, each.cascade
    if rule == OTHERWISE:
        return len(policy.rules), ALWAYS, policy.otherwise.cascade
    raise NotThere(f"The draft has no rule {rule}.")


def _bound(request_class: RequestClass, tier: Tier) -> Range | None:
    """Up to where the class calls for no more than the tier."""
    easy, middling, hard = CALLS_FOR[request_class]
    if hard <= tier:
        return None
    if middling <= tier:
        return Range(below=HARD)
    if easy <= tier:
        return Range(below=EASY)
    raise NotThere(f"{request_class.value} never calls for {tier.value}.")
