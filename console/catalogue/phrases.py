"""Conditions and checks in words, for people who do not read YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from console.interface import formatting
from gateway.core.conditions import ALWAYS, Condition, Range, listed
from gateway.core.policy import Check, Policy
from gateway.core.strategy import COST, LATENCY, Strategy, Weights


class Clause(NamedTuple):
    """`class is` + `coding or reasoning`."""

    subject: str
    value: str

    def __str__(self) -> str:
        return f"{self.subject} {self.value}".strip()


def clauses(condition: Condition) -> tuple[Clause, ...]:
    """One for each part that is given; all of them must hold. None: it always holds."""
    return tuple(
        say(getattr(condition, name)) for name, say in _PARTS.items() if getattr(condition, name) is not None
    )


def sentence(condition: Condition) -> str:
    return " and ".join(map(str, clauses(condition))) or "always"


def check(one: Check) -> str:
    """`is not a refusal`, said of an answer."""
    for name, (true, false) in _YES_OR_NO.items():
        if (wanted := getattr(one, name)) is not None:
            return true if wanted else false
    if one.regex is not None:
        return f"matches {one.regex}"
    if one.length is not None:
        return f"has {span(one.length)} characters"
    if one.mean_logprob is not None:
        return f"has a mean log-probability {span(one.mean_logprob)}"
    if one.margin is not None:
        return f"has a mean margin {span(one.margin)}"
    return _asked(one)


def _asked(one: Check) -> str:
    if one.webhook is not None:
        return f"passes {urlsplit(one.webhook.url).hostname or 'a validator'}"
    if one.agreement is not None:
        return f"comes to the same as {one.agreement.model}"
    if one.self_agreement is not None:
        share = formatting.percent(one.self_agreement.at_least, 0)
        return f"comes to the same in {share} of {one.self_agreement.samples} tries"
    if one.judge is not None:
        return f"scores {formatting.percent(one.judge.at_least, 0)} or better with {one.judge.model}"
    return "is anything"


_YES_OR_NO: Mapping[str, tuple[str, str]] = {
    "not_refusal": ("is not a refusal", "is a refusal"),
    "not_hedging": ("does not hedge", "hedges"),
    "json_valid": ("is valid JSON", "is not JSON"),
    "schema_valid": ("follows the request's schema", "does not follow the request's schema"),
    "tool_arguments_valid": ("calls tools as they are declared", "calls tools otherwise than declared"),
}


def failover(policy: Policy) -> list[str]:
    """What a policy says of slow and failing providers, where that is not the usual."""
    said = []
    if (timeouts := policy.timeouts) is not None:
        said.append(f"{_seconds(timeouts.first_byte_ms)} to begin, {_seconds(timeouts.total_ms)} in all")
    if (retries := policy.retries) is not None:
        said.append("no retry" if not retries.times else f"retried {_times(retries.times)}")
    if (hedge := policy.hedge) is not None:
        said.append(f"a second is asked after {_seconds(hedge.after_ms)}")
    return said


def strategy(of: Strategy | None) -> str:
    """Who of a tier comes first; empty where nothing is said."""
    if isinstance(of, Weights):
        return "drawn by weights, " + ", ".join(f"{model} {weight}" for model, weight in of.weights.items())
    return {COST: "the cheapest first", LATENCY: "the fastest first"}.get(of or "", "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g} s"


def span(bounds: Range, write: Callable[[float], str] = formatting.count) -> str:
    parts = []
    if bounds.at_least is not None:
        parts.append(f"at least {write(bounds.at_least)}")
    if bounds.at_most is not None:
        parts.append(f"at most {write(bounds.at_most)}")
    if bounds.below is not None:
        parts.append(f"below {write(bounds.below)}")
    return " and ".join(parts) or "of any size"


def any_of(values: Iterable[str]) -> str:
    names = list(values)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}" if names else "nothing"


def _tags(asked: Mapping[str, str | tuple[str, ...]]) -> Clause:
    said = [f"{name} is {any_of(listed(values))}" for name, values in asked.items()]
    return Clause("tag", " and tag ".join(said))


def _has(asked: Any) -> Clause:
    needs = [_NEEDS.get(need, str(need)) for need in listed(asked)]
    return Clause("the request has", " and ".join(needs))


def _group(parts: Iterable[Condition], word: str) -> str:
    return f" {word} ".join(map(_member, parts))


def _member(part: Condition) -> str:
    """In brackets where its own "and" could be mistaken for the group's."""
    return f"({sentence(part)})" if len(clauses(part)) > 1 else sentence(part)


def _words(values: Any) -> str:
    return any_of(str(value).replace("_", " ") for value in listed(values))


def _percent(share: float) -> str:
    return formatting.percent(share)


_NEEDS = {
    "tools": "tools", "images": "images", "audio": "audio", "json_schema": "a JSON schema",
    "streaming": "streaming", "reasoning": "reasoning asked for",
}  # fmt: skip

_PARTS: Mapping[str, Callable[[Any], Clause]] = {
    "request_class": lambda asked: Clause("class is", _words(asked)),
    "semantic": lambda asked: Clause("looks like", any_of(listed(asked))),
    "difficulty": lambda asked: Clause("difficulty is", span(asked, str)),
    "confidence": lambda asked: Clause("confidence is", span(asked, str)),
    "input_tokens": lambda asked: Clause("the prompt has", f"{span(asked)} tokens"),
    "tag": _tags,
    "requested_model": lambda asked: Clause("the model asked for is", any_of(listed(asked))),
    "surface": lambda asked: Clause("it came as", _words(asked)),
    "has": _has,
    "key": lambda asked: Clause("the key is", any_of(listed(asked))),
    "share": lambda asked: Clause("it is among", f"{_percent(asked)} of requests"),
    "budget_left": lambda asked: Clause("the budget left is", span(asked, _percent)),
    "all_": lambda asked: Clause("", _group(asked, "and")),
    "any_": lambda asked: Clause("either", _group(asked, "or") or "nothing"),
    "not_": lambda asked: Clause("except when", sentence(asked)),
}

assert set(_PARTS) == set(ALWAYS.__struct_fields__)
