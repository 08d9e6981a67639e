"""What is wrong with a policy, found when it is saved and not when a request runs.

An error blocks publishing, a warning does not. Every finding names its place (`$.rules[2].when`), what is
wrong there, and the remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from gateway.core.baseline import WORDS
from gateway.core.catalogue import Model
from gateway.core.conditions import ALWAYS, Condition, Range, listed, matches
from gateway.core.demand import Quality
from gateway.core.facts import ModelKind, Tier
from gateway.core.ladder import MAX_ATTEMPTS
from gateway.core.logic import implies, is_impossible
from gateway.core.money import nano
from gateway.core.policy import Cascade, Check, Floor, Otherwise, Policy, Rule, Webhook
from gateway.core.router import Router
from gateway.core.semantic import compile_classes
from gateway.core.snapshot import TenantSnapshot
from gateway.core.strategy import COST, Strategy, Weights
from gateway.core.url import Url, UrlNotAllowed

MAX_PATTERN = 512
MAX_RULES = 200
MAX_SAMPLES = 8
MAX_WEBHOOK_MS = 30_000
MAX_TIMEOUT_MS = 600_000
MAX_OUTPUT = 10_000_000
MAX_BACKOFF_MS = 60_000
MAX_WEIGHT = 1_000_000

CheckRegex = Callable[[str], str]  # pattern → what is wrong with it, or ""


class Finding(Struct, frozen=True, kw_only=True):
    level: Literal["error", "warning"]
    place: str
    message: str
    remedy: str = ""


Findings = Iterator[Finding]


class Surroundings(Struct, frozen=True, kw_only=True):
    """What a policy is judged against."""

    models: tuple[Model, ...]
    open: frozenset[str]  # ids that this router can reach
    bars: Mapping[str, str]  # and why it cannot reach the others
    tags: frozenset[str]
    keys: frozenset[str]  # gateway keys, by name
    floors: tuple[Floor, ...]  # the policy's and the tenant's
    check_regex: CheckRegex


def lint(
    policy: Policy, router: Router, tenant: TenantSnapshot, *, check_regex: CheckRegex
) -> tuple[Finding, ...]:
    """`router` is the same policy compiled; `check_regex` asks the engine that the gateway will use."""
    around = Surroundings(
        models=tenant.models,
        open=frozenset(model.id for model in router.open),
        bars={seat.model.id: seat.bar for seat in router.barred},
        tags=frozenset(tenant.tags),
        keys=frozenset(key.name for key in tenant.gateway_keys),
        floors=(*policy.floors, *tenant.floors),
        check_regex=check_regex,
    )
    findings = (
        *_names(policy),
        *_policy(policy, around),
        *_failover(policy),
        *_rules(policy, around),
        *_floors(policy, around),
    )
    return tuple(sorted(findings, key=lambda finding: finding.level))


def has_errors(findings: Sequence[Finding]) -> bool:
    return any(finding.level == "error" for finding in findings)


def _policy(policy: Policy, around: Surroundings) -> Findings:
    known = {model.id for model in around.models}
    if policy.baseline not in known and policy.baseline not in WORDS:
        yield _unknown_model("$.baseline", policy.baseline)
    for place, pattern in _at("$.whitelist", policy.whitelist or ()):
        if not any(matches(pattern, model) for model in known):
            yield _warn(place, f"{pattern} matches no model", "Correct the pattern, or add the model first.")
    yield from _whitelist(policy, around)
    if not around.open:
        yield _warn("$.whitelist", "no model is within reach", "Add a provider key, or widen the whitelist.")
    if policy.unsure:
        yield from _share(policy.unsure.confidence_below, "$.unsure.confidence_below")
    yield from _strategy(policy.strategy, "$.strategy", around)
    if len(policy.rules) > MAX_RULES:
        yield _error("$.rules", f"more than {MAX_RULES} rules", "Join rules that lead to the same tier.")
    yield from _classes(policy)


def _whitelist(policy: Policy, around: Surroundings) -> Findings:
    """What lies under floors: models that never answer, and floors that the tenant set and nobody here reaches."""
    always = [floor for floor in around.floors if floor.when == ALWAYS]
    highest = max(always, key=lambda floor: floor.tier.rank, default=None)
    for place, pattern in _at("$.whitelist", policy.whitelist or ()):
        tiers = [m.tier for m in _answering(around) if matches(pattern, m.id)]
        if highest and tiers and all(tier < highest.tier for tier in tiers):
            yield _warn(place, f"{pattern} never answers: it is below floor {highest.name}, which holds for every request",
                        "Take it out, or narrow the floor.")  # fmt: skip
    for floor in around.floors:
        if floor not in policy.floors and not _reachable(floor.tier, around):
            yield _warn("$.whitelist", f"nothing on it reaches the tenant's floor {floor.name}, {floor.tier.value}",
                        "Whitelist a model of that tier or above; until then requests under that floor are refused.")  # fmt: skip


def _classes(policy: Policy) -> Findings:
    whose: dict[str, str] = {}
    for place, own in _at("$.classes", policy.classes):
        if compile_classes([own]) is None:
            yield _error(f"{place}.examples", f"class {own.name} has no example with a word in it",
                         "Give three or more sentences as people write them.")  # fmt: skip
        for example in own.examples:
            other = whose.setdefault(" ".join(example.lower().split()), own.name)
            if other != own.name:
                yield _error(
                    f"{place}.examples", f"{other} has the same example", "Keep it in one of the classes."
                )


def _rules(policy: Policy, around: Surroundings) -> Findings:
    earlier: list[Rule] = []
    for place, rule in _at("$.rules", policy.rules):
        yield from _outcome(rule, place, policy, around)
        yield from _when(rule.when, f"{place}.when", policy, around)
        yield from _lifted(rule, place, around)
        shadow = next((r for r in earlier if implies(rule.when, r.when)), None)
        if shadow:
            yield _warn(place, f"never reached: rule {shadow.name} holds first", "Move it up, or remove it.")
        earlier.append(rule)
    yield from _outcome(policy.otherwise, "$.otherwise", policy, around)


def _lifted(rule: Rule, place: str, around: Surroundings) -> Findings:
    """A rule all of whose requests a floor raises never does what it says."""
    pinned = next((model.tier for model in around.models if model.id == rule.model), None)
    tier = pinned or rule.tier
    floors = [
        floor for floor in around.floors if tier and floor.tier > tier and implies(rule.when, floor.when)
    ]
    if floors:
        what = f"{rule.model} never answers" if pinned else f"{floors[0].tier.value} answers instead"
        yield _warn(f"{place}.{'model' if pinned else 'tier'}", f"floor {floors[0].name} holds for all of its requests: {what}",
                    "Ask for the floor's tier, or narrow the floor.")  # fmt: skip


def _when(when: Condition, place: str, policy: Policy, around: Surroundings) -> Findings:
    found = list(_condition(when, place, policy, around))
    yield from found
    if is_impossible(when) and not any("can never hold" in finding.message for finding in found):
        yield _error(
            place,
            "can never hold: its parts exclude each other",
            "Take one of them out, or put them under `any`.",
        )


def _outcome(rule: Rule | Otherwise, place: str, policy: Policy, around: Surroundings) -> Findings:
    given = [name for name in ("tier", "model", "quality") if getattr(rule, name) is not None]
    if len(given) != 1:
        yield _error(place, f"names both a {' and a '.join(given)}" if given else "names neither a tier nor a model nor a quality",
                     "Give exactly one of `tier`, `model` and `quality`.")  # fmt: skip
    yield from _strategy(rule.strategy, f"{place}.strategy", around)
    if rule.strategy not in (None, COST) and rule.tier is None:
        yield _warn(f"{place}.strategy", "orders nothing: the rule names no tier, whose models it could order",
                    "Name a tier, or drop the strategy.")  # fmt: skip
    if rule.quality is not None:
        yield from _quality(rule.quality, f"{place}.quality", policy, around)
    if rule.model is not None:
        yield from _pin(rule.model, f"{place}.model", around)
    if rule.tier is not None and not _reachable(rule.tier, around):
        yield _warn(f"{place}.tier", f"no model of tier {rule.tier.value} or above is within reach",
                    "Whitelist one, or add its provider key; until then such requests are refused.")  # fmt: skip
    if rule.cascade is not None:
        yield from _cascade(rule.cascade, rule, f"{place}.cascade", around)


def _quality(quality: Quality, place: str, policy: Policy, around: Surroundings) -> Findings:
    basis = policy.baseline
    if quality.of_baseline and basis not in WORDS and basis not in around.open:
        yield _error(f"{place}.at_least", f"the baseline, {basis}, is not within reach: nothing can be held against it",
                     "Put it on the whitelist, or name a quality as such: 0.9.")  # fmt: skip
    if policy.unsure is None:
        yield _warn(place, "says nothing of requests for which no quality can be promised: the highest tier answers",
                    "Say where they go under `unsure`.")  # fmt: skip


def _strategy(strategy: Strategy | None, place: str, around: Surroundings) -> Findings:
    if not isinstance(strategy, Weights):
        return
    at = f"{place}.weights"
    for model, weight in strategy.weights.items():
        yield from _pin(model, f"{at}.{model}", around)
        yield from _whole(weight, 0, MAX_WEIGHT, f"{at}.{model}")
    if not any(weight > 0 for weight in strategy.weights.values()):
        yield _error(at, "gives no model any weight", "Give at least one a weight above 0.")


def _pin(model: str, place: str, around: Surroundings) -> Findings:
    if all(known.id != model for known in around.models):
        yield _unknown_model(place, model)
    elif "whitelist" in (bar := around.bars.get(model, "")):
        yield _error(place, f"{model} is {bar}", "Put it on the whitelist, or name another.")
    elif bar:
        yield _warn(place, f"{model} is out of reach: {bar}", "Add a provider key for it.")


def _cascade(cascade: Cascade, rule: Rule | Otherwise, place: str, around: Surroundings) -> Findings:
    tier = rule.tier
    if rule.model is not None:
        yield _warn(f"{place}.up_to", "a pinned model does not climb: an answer that does not pass is sent all the same",
                    "Name a tier instead of a model, or drop the checks.")  # fmt: skip
    if tier is not None and cascade.up_to < tier:
        yield _error(f"{place}.up_to", f"{cascade.up_to.value} is below the rule's tier, {tier.value}",
                     "Climb at least to the rule's own tier.")  # fmt: skip
    elif tier is not None and not _can_climb(tier, cascade.up_to, around):
        yield _warn(f"{place}.up_to", "nothing to climb to: no higher tier is within reach",
                    "Whitelist a model of a higher tier.")  # fmt: skip
    if not cascade.checks:
        yield _warn(f"{place}.checks", "without checks no answer is ever rejected", "Add a check.")
    if cascade.max_cost_usd is not None and not is_money(cascade.max_cost_usd):
        yield _error(f"{place}.max_cost_usd", f"{cascade.max_cost_usd} is no amount in USD",
                     "Write dollars, as 0.02, down to a billionth of one.")  # fmt: skip
    if cascade.max_cost_usd == 0:
        yield _warn(f"{place}.max_cost_usd", "nothing is left to climb with: every further call costs more than nothing",
                    "Give an amount, or drop the cascade.")  # fmt: skip
    if cascade.hold is not None and cascade.hold < 0:
        yield _error(f"{place}.hold", "is below zero", "Give a number of bytes.")
    for at, check in _at(f"{place}.checks", cascade.checks):
        yield from _check(check, at, around)
        yield from _asking(check, rule, at, around)


def is_money(dollars: float) -> bool:
    try:
        return nano(dollars) >= 0
    except ValueError:
        return False


def _check(check: Check, place: str, around: Surroundings) -> Findings:
    if not check.kind or " + " in check.kind:
        yield _error(place, "gives no check" if not check.kind else f"gives several checks: {check.kind}",
                     "Give one check an entry.")  # fmt: skip
    if check.regex is not None:
        wrong = (
            "longer than 512 characters"
            if len(check.regex) > MAX_PATTERN
            else around.check_regex(check.regex)
        )
        if wrong:
            yield _error(f"{place}.regex", f"not a usable pattern: {wrong}", "Patterns follow RE2's syntax.")
    for name in ("mean_logprob", "margin", "length"):
        if (span := getattr(check, name)) is not None:
            yield from _range(span, f"{place}.{name}")


def _asking(check: Check, rule: Rule | Otherwise, place: str, around: Surroundings) -> Findings:
    """Checks that take a call."""
    if check.judge is not None:
        yield from _pin(check.judge.model, f"{place}.judge.model", around)
        yield from _share(check.judge.at_least, f"{place}.judge.at_least")
    if check.agreement is not None:
        yield from _agreement(check.agreement.model, rule, f"{place}.agreement.with", around)
    if check.self_agreement is not None:
        yield from _share(check.self_agreement.at_least, f"{place}.self_agreement.at_least")
        yield from _whole(check.self_agreement.samples, 2, MAX_SAMPLES, f"{place}.self_agreement.samples")
        if check.self_agreement.at_least * check.self_agreement.samples <= 1:
            yield _warn(f"{place}.self_agreement.at_least", "passes whatever comes: the first answer alone is so many",
                        "Ask for more than one of them.")  # fmt: skip
    if check.webhook is not None:
        yield from _webhook(check.webhook, f"{place}.webhook")


def _agreement(model: str, rule: Rule | Otherwise, place: str, around: Surroundings) -> Findings:
    yield from _pin(model, place, around)
    first = [m.id for m in _answering(around) if rule.tier is not None and m.tier == rule.tier]
    if model == rule.model or first == [model]:
        yield _error(place, f"{model} would be asked whether it agrees with itself", "Name another model.")


def _webhook(webhook: Webhook, place: str) -> Findings:
    yield from _share(webhook.at_least, f"{place}.at_least")
    yield from _whole(webhook.timeout_ms, 1, MAX_WEBHOOK_MS, f"{place}.timeout_ms")
    if not webhook.send:
        yield _error(f"{place}.send", "the validator would be shown nothing",
                     "List what it may see: answer, prompt.")  # fmt: skip
    try:
        url = Url.parse(webhook.url)
    except UrlNotAllowed as refusal:
        yield _error(f"{place}.url", f"may not be called: {refusal}", "Give an https address of yours.")
    else:
        if url.scheme != "https":
            yield _error(f"{place}.url", "is not https", "A validator is asked over TLS only.")


def _failover(policy: Policy) -> Findings:
    """Time-outs, retries and hedges; and limits."""
    if (limit := policy.max_output_tokens) is not None:
        yield from _whole(limit, 1, MAX_OUTPUT, "$.max_output_tokens")
    if (timeouts := policy.timeouts) is not None:
        for name in timeouts.__struct_fields__:
            yield from _whole(getattr(timeouts, name), 1, MAX_TIMEOUT_MS, f"$.timeouts.{name}")
    if (retries := policy.retries) is not None:
        yield from _whole(retries.times, 0, MAX_ATTEMPTS - 1, "$.retries.times")
        yield from _whole(retries.backoff_ms, 0, MAX_BACKOFF_MS, "$.retries.backoff_ms")
        yield from _share(retries.share, "$.retries.share")
    if (hedge := policy.hedge) is not None:
        yield from _whole(hedge.after_ms, 1, MAX_TIMEOUT_MS, "$.hedge.after_ms")
        yield from _share(hedge.share, "$.hedge.share")


def _floors(policy: Policy, around: Surroundings) -> Findings:
    for place, floor in _at("$.floors", policy.floors):
        yield from _when(floor.when, f"{place}.when", policy, around)
        if not _reachable(floor.tier, around):
            yield _warn(f"{place}.tier", f"no model of tier {floor.tier.value} or above is within reach",
                        "Whitelist one, or add its provider key; until then such requests are refused.")  # fmt: skip


def _condition(when: Condition, place: str, policy: Policy, around: Surroundings) -> Findings:
    yield from _numbers(when, place)
    yield from _named_things(when, place, policy, around)
    for at, part in parts_of(when, place):
        yield from _condition(part, at, policy, around)
    if when.not_ == ALWAYS:
        yield _error(f"{place}.not", "can never hold", "Give it a condition.")
    if when.any_ == ():
        yield _error(f"{place}.any", "can never hold: it lists nothing", "Give it a condition.")


def parts_of(when: Condition, place: str) -> Iterator[tuple[str, Condition]]:
    yield from _at(f"{place}.all", when.all_ or ())
    yield from _at(f"{place}.any", when.any_ or ())
    if when.not_ is not None:
        yield f"{place}.not", when.not_


def _numbers(when: Condition, place: str) -> Findings:
    for name in ("difficulty", "confidence", "budget_left", "input_tokens"):
        if (span := getattr(when, name)) is not None:
            yield from _range(span, f"{place}.{name}")
    if when.share is not None:
        yield from _share(when.share, f"{place}.share")


def _named_things(when: Condition, place: str, policy: Policy, around: Surroundings) -> Findings:
    for tag in when.tag or ():
        if tag not in around.tags:
            yield _warn(f"{place}.tag.{tag}", f"tag {tag} is not declared", "Declare it in the settings.")
    for key in listed(when.key) if when.key is not None else ():
        if key not in around.keys:
            yield _warn(
                f"{place}.key", f"no gateway key is named {key}", "Correct the name, or make the key first."
            )
    known = {semantic.name for semantic in policy.classes}
    for name in listed(when.semantic) if when.semantic is not None else ():
        if name not in known:
            yield _error(f"{place}.semantic", f"no class is named {name}", "Add it under `classes`.")


def _range(span: Range, place: str) -> Findings:
    if not span.can_hold:
        yield _error(place, "can never hold: the bounds exclude each other", "Swap or widen the bounds.")
    if span == Range():
        yield _warn(place, "binds nothing", "Give `at_least`, `at_most` or `below`.")


def _whole(value: int, least: int, most: int, place: str) -> Findings:
    if not least <= value <= most:
        yield _error(place, f"{value} is not between {least:,} and {most:,}", "Give a number between them.")


def _share(value: float, place: str) -> Findings:
    if not 0 <= value <= 1:
        yield _error(place, f"{value} is not between 0 and 1", "Write a share: 0.1 is ten per cent.")


def _names(policy: Policy) -> Findings:
    for part in ("rules", "floors", "tests", "classes"):
        seen: set[str] = set()
        for place, item in _at(f"$.{part}", getattr(policy, part)):
            if not item.name.strip():
                yield _error(f"{place}.name", "has no name", "Name it: pages and headers show the name.")
            elif item.name in seen:
                yield _error(f"{place}.name", f"a second one is named {item.name}", "Give each its own name.")
            seen.add(item.name)


def _reachable(tier: Tier, around: Surroundings) -> bool:
    return not around.open or any(m.tier >= tier for m in _answering(around))


def _can_climb(tier: Tier, up_to: Tier, around: Surroundings) -> bool:
    return not around.open or any(tier < m.tier <= up_to for m in _answering(around))


def _answering(around: Surroundings) -> Iterator[Model]:
    return (m for m in around.models if m.id in around.open and m.kind is ModelKind.CHAT)


def _unknown_model(place: str, model: str) -> Finding:
    return _error(place, f"unknown model {model}", "Write it as provider/model, as the models page lists it.")


def _at[T](place: str, items: Sequence[T]) -> Iterator[tuple[str, T]]:
    return ((f"{place}[{index}]", item) for index, item in enumerate(items))


def _error(place: str, message: str, remedy: str) -> Finding:
    return Finding(level="error", place=place, message=message, remedy=remedy)


def _warn(place: str, message: str, remedy: str) -> Finding:
    return Finding(level="warning", place=place, message=message, remedy=remedy)
