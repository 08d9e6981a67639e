"""Policies as YAML: strict in, readable out, and what is wrong has a line."""

import time

import pytest
from hypothesis import given, settings

from console.routers import text
from console.routers.text import Unreadable
from gateway.core.facts import RequestClass, Tier
from gateway.core.policy import Policy
from tests.console.routers.contract import POLICY
from tests.core.strategies import policies


def test_the_contracts_example_reads_and_is_written_the_same() -> None:
    policy = text.read(POLICY)
    assert [rule.name for rule in policy.rules] == ["escalated", "routine", "pinned"]
    assert policy.floors[0].when.request_class == (RequestClass.REASONING,)
    assert policy.rules[1].tier is Tier.LIGHTWEIGHT
    cascade = policy.rules[1].cascade
    assert cascade is not None
    assert [check.kind for check in cascade.checks] == [
        "not_refusal",
        "json_valid",
        "mean_logprob",
        "regex",
        "judge",
    ]
    assert text.read(text.write(policy)) == policy


def test_it_is_written_in_the_order_of_the_contract() -> None:
    written = text.write(text.read(POLICY))
    assert "  - {name: escalated, when: {tag: {escalated: 'true'}}, tier: premium}\n" in written
    assert "  - {name: reasoning, when: {class: [reasoning]}, tier: mid}\n" in written
    assert max(map(len, written.splitlines())) <= 110


@settings(deadline=None)
@given(policies())
def test_any_policy_survives_writing_and_reading(policy: Policy) -> None:
    assert text.read(text.write(policy)) == policy


def test_nothing_is_an_empty_policy() -> None:
    assert text.read("") == Policy()
    assert text.read("# nothing yet\n") == Policy()
    assert text.read(text.write(Policy())) == Policy()


@pytest.mark.parametrize(
    ("yaml", "line", "place", "said"),
    [
        ("rules:\n  - name: a\n    wen: {}\n    tier: mid", 3, "$.rules[0].wen", "no field wen"),
        (
            "rules:\n  - name: a\n    when:\n      class: [coding, codin]",
            4,
            "$.rules[0].when.class[1]",
            "coding",
        ),
        ("otherwise:\n  tier: huge", 2, "$.otherwise.tier", "lightweight"),
        ("rules:\n  - tier: mid", 2, "$.rules[0]", "name is missing"),
        ("rules:\n  - name: a\n    when: {tag: {vip: true}}", 3, "$.rules[0].when.tag[...]", "quotes"),
        ("baseline: a/b\nbaseline: c/d", 2, "$.baseline", "twice"),
        ("rules: [", 2, "$", "Not YAML"),
        ("- 1", 1, "$", "array"),
        ("rules: &all\n  - {name: a}\nfloors: *all", 1, "$", "Anchors"),
        ("unsure: {tier: mid, confidence_below: .nan}", 1, "$.unsure.confidence_below", "number"),
        ('baseline: "\\0"', 1, "$.baseline", "NUL"),
        ("? [a]\n: b", 1, None, "word"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_place(
    yaml: str, line: int, place: str | None, said: str
) -> None:
    with pytest.raises(Unreadable) as unreadable:
        text.read(yaml)
    problem = unreadable.value.problems[0]
    assert problem.line == line
    assert place in (None, problem.place)
    assert said in problem.message


@pytest.mark.parametrize(
    "yaml",
    [
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 100_000,
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "x" * 300_000,
        '!!python/object/apply:os.system ["true"]',
        "\x00\x01",
        "a: !!timestamp nonsense",
    ],
)
def test_hostile_text_is_refused_at_once(yaml: str) -> None:
    began = time.perf_counter()
    with pytest.raises(Unreadable):
        text.read(yaml)
    assert time.perf_counter() - began < 2


def test_a_date_is_meant_as_text() -> None:
    assert text.read("baseline: 2026-01-01").baseline == "2026-01-01"


@settings(deadline=None)
@given(policies())
def test_a_large_policy_stays_readable(policy: Policy) -> None:
    assert len(text.write(policy).splitlines()) < 200
