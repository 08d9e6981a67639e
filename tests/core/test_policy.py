"""The contract's YAML is the policy's own form: it decodes, encodes back, and names each mistake's place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from gateway.core.policy import Policy
from tests.core.strategies import policies

CONTRACT: dict[str, Any] = {
    "baseline": "openai/gpt-5",
    "whitelist": ["openai/gpt-5", "openai/gpt-5-nano", "anthropic/claude-haiku-4-5"],
    "rules": [
        {"name": "escalated", "when": {"tag": {"escalated": "true"}}, "tier": "premium"},
        {
            "name": "routine",
            "when": {
                "all": [
                    {"class": ["classification", "extraction", "rewriting"]},
                    {"input_tokens": {"at_most": 2000}},
                ]
            },
            "tier": "lightweight",
            "cascade": {
                "checks": [
                    {"not_refusal": True},
                    {"json_valid": True},
                    {"mean_logprob": {"at_least": -0.5}},
                    {"regex": "^(positive|negative)$"},
                    {"judge": {"model": "openai/gpt-5-nano", "at_least": 0.8}},
                ],
                "up_to": "mid",
            },
        },
        {"name": "pinned", "when": {"requested_model": ["openai/gpt-5"]}, "model": "openai/gpt-5"},
    ],
    "otherwise": {"tier": "small"},
    "unsure": {"tier": "mid", "confidence_below": 0.6},
    "floors": [{"name": "reasoning", "tier": "mid", "when": {"class": ["reasoning"]}}],
    "classes": [{"name": "refund", "examples": ["I want my money back", "please refund order 123"]}],
    "tests": [
        {
            "name": "regulated stays up",
            "request": {"text": "Tag this", "tags": {"data": "regulated"}},
            "expect": {"tier": "premium"},
        }
    ],
}


def test_the_contracts_policy_survives_unchanged() -> None:
    assert msgspec.json.decode(msgspec.json.encode(msgspec.convert(CONTRACT, Policy))) == CONTRACT


@given(policies())
def test_any_policy_survives_json(policy: Policy) -> None:
    assert msgspec.json.decode(msgspec.json.encode(policy), type=Policy) == policy


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("rules", 0, "teir"), "mid", r"unknown field `teir` - at `\$\.rules\[0\]`"),
        (("rules", 0, "tier"), "medium", r"Invalid enum value 'medium' - at `\$\.rules\[0\]\.tier`"),
        (("rules", 0, "when", "tag", "escalated"), True, r"got `bool` - at `\$\.rules\[0\]\.when\.tag"),
        (
            ("rules", 1, "when", "all", 0, "class", 1),
            "extracting",
            r"\$\.rules\[1\]\.when\.all\[0\]\.class\[1\]",
        ),
        (
            ("rules", 1, "when", "all", 1, "input_tokens"),
            {"atmost": 1},
            r"`atmost` - at .*\.all\[1\]\.input_tokens",
        ),
        (("rules", 1, "cascade", "checks", 2), {"mean_logprob": -1}, r"\.cascade\.checks\[2\]\.mean_logprob"),
        (("otherwise",), "mid", r"Expected `object`, got `str` - at `\$\.otherwise`"),
        (("tests", 0, "expect", "teir"), "mid", r"unknown field `teir` - at `\$\.tests\[0\]\.expect`"),
    ],
)
def test_a_mistake_is_named_with_its_place(path: tuple[str | int, ...], value: object, place: str) -> None:
    broken = msgspec.json.decode(msgspec.json.encode(CONTRACT))
    *way, last = path
    spot = broken
    for step in way:
        spot = spot[step]
    spot[last] = value
    with pytest.raises(msgspec.ValidationError, match=place):
        msgspec.convert(broken, Policy)
