from __future__ import annotations

import re

import pytest

from gateway.core.checks import (
    NOTHING_PROMISED,
    UNTOLD,
    Finding,
    Promised,
    Verdict,
    examine,
    mean_margin,
    verify,
    verify_so_far,
)
from gateway.core.conditions import Range
from gateway.core.conversation import Finish, Part, Refused, Reply, Text, Token, ToolCall
from gateway.core.policy import Check


def reply(*parts: Part, finish: Finish = Finish.STOP, logprobs: tuple[float, ...] | None = None) -> Reply:
    return Reply(id="r", model="m", parts=parts, finish=finish, logprobs=logprobs)


def objection(answer: Reply, *checks: Check) -> str:
    return verify(answer, checks, search=lambda pattern, text: re.search(pattern, text) is not None).objection


REFUSED, JSON = Check(not_refusal=True), Check(json_valid=True)
SURE = Check(mean_logprob=Range(at_least=-0.5))


@pytest.mark.parametrize(
    ("answer", "check", "says"),
    [
        (reply(Text("positive")), REFUSED, ""),
        (reply(Text("I'm sorry, but I can't help with that.")), REFUSED, "not_refusal"),
        (reply(Text("I’m unable to answer that.")), REFUSED, "not_refusal"),
        (reply(Text("Sorry for the delay! Your order ships on Monday.")), REFUSED, ""),
        (reply(Text("  ")), REFUSED, "not_refusal"),
        (reply(Refused("no")), REFUSED, "not_refusal"),
        (reply(Text("Sure"), finish=Finish.CONTENT_FILTER), REFUSED, "not_refusal"),
        (reply(ToolCall("1", "f", "{}")), REFUSED, ""),
        (reply(Text('{"a": [1, 2]}')), JSON, ""),
        (reply(Text('{"a": [1, 2')), JSON, "json_valid"),
        (reply(Text('```json\n{"a": 1}\n```')), JSON, "json_valid"),
        (reply(ToolCall("1", "f", '{"a": 1}')), JSON, ""),
        (reply(ToolCall("1", "f", '{"a": ')), JSON, "json_valid"),
        (reply(Text("[" * 100_000)), JSON, "json_valid"),
        (reply(Text("positive")), Check(regex="^(positive|negative)$"), ""),
        (reply(Text("quite positive")), Check(regex="^(positive|negative)$"), "regex"),
        (reply(Text("x"), logprobs=(-0.1, -0.3)), SURE, ""),
        (reply(Text("x"), logprobs=(-0.1, -3.0)), SURE, "mean_logprob"),
    ],
)
def test_each_check(answer: Reply, check: Check, says: str) -> None:
    assert objection(answer, check) == says


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PROMISED = Promised(schema=SCHEMA, tools={"weather": SCHEMA})
FITS, CALLED = Check(schema_valid=True), Check(tool_arguments_valid=True)


def finding(answer: Reply, check: Check, promised: Promised = PROMISED) -> str:
    return examine(answer, check, lambda pattern, text: re.search(pattern, text) is not None, promised)


@pytest.mark.parametrize(
    ("answer", "check", "says"),
    [
        (reply(Text("It is 42.")), Check(not_hedging=True), "passed"),
        (reply(Text("It is 42, but I’m not sure.")), Check(not_hedging=True), "failed"),
        (reply(Text("I don't know.")), Check(not_hedging=False), "passed"),
        (reply(Text("abc")), Check(length=Range(at_least=3, at_most=3)), "passed"),
        (reply(Text("abcd")), Check(length=Range(at_least=3, at_most=3)), "failed"),
        (reply(ToolCall("1", "weather", "{}")), Check(length=Range(at_least=3)), "idle"),
        (reply(Text('{"city": "Oslo"}')), FITS, "passed"),
        (reply(Text('{"city": 7}')), FITS, "failed"),
        (reply(Text("Oslo")), FITS, "failed"),
        (reply(ToolCall("1", "weather", "{}")), FITS, "idle"),
        (reply(ToolCall("1", "weather", '{"city": "Oslo"}')), CALLED, "passed"),
        (reply(ToolCall("1", "weather", "{}")), CALLED, "failed"),
        (reply(ToolCall("1", "weather", '{"city": ')), CALLED, "failed"),
        (reply(ToolCall("1", "wether", '{"city": "Oslo"}')), CALLED, "failed"),
        (
            reply(ToolCall("1", "weather", '{"city": "Oslo"}'), ToolCall("2", "weather", "{}")),
            CALLED,
            "failed",
        ),
        (reply(Text("no tool")), CALLED, "idle"),
        (reply(Text("x")), Check(margin=Range(at_least=1.0)), "unknown"),
    ],
)
def test_each_further_check(answer: Reply, check: Check, says: str) -> None:
    assert finding(answer, check) == says


def test_what_was_not_promised_or_cannot_be_read_is_not_held_against_an_answer() -> None:
    assert finding(reply(Text("x")), FITS, NOTHING_PROMISED) == "idle"
    assert finding(reply(Text('{"a": 1}')), FITS, Promised(known=False)) == "unknown"
    assert finding(reply(Text('{"a": 1}')), FITS, Promised(schema={"$ref": "https://x.test/s"})) == "unknown"


def token(value: float, *others: float) -> Token:
    tops = tuple(Token(f"other {other}", other) for other in others)
    return Token("taken", value, top=(Token("taken", value), *tops))


def test_the_margin_is_over_the_next_likeliest() -> None:
    answer = Reply(
        id="r",
        model="m",
        parts=(Text("x"),),
        finish=Finish.STOP,
        tokens=(token(-0.25, -2.25, -9.0), token(-1.5, -0.5)),
    )
    assert mean_margin(answer.tokens) == 0.5
    assert finding(answer, Check(margin=Range(at_least=0.5))) == "passed"
    assert finding(answer, Check(margin=Range(at_least=0.6))) == "failed"
    assert mean_margin((token(-0.25),)) is None


@pytest.mark.parametrize(
    ("findings", "objection"),
    [
        ((), ""),
        (("idle",), ""),
        (("idle", "unknown"), UNTOLD),
        (("unknown", "passed"), ""),
        (("passed", "failed", "unknown"), "1"),
    ],
)
def test_what_findings_come_to(findings: tuple[Finding, ...], objection: str) -> None:
    assert Verdict(tuple((str(place), each) for place, each in enumerate(findings))).objection == objection


def test_an_answer_that_nothing_speaks_for_goes_up() -> None:
    assert objection(reply(Text("x")), SURE) == "no check could tell"
    assert objection(reply(Text("x")), SURE, REFUSED) == ""


def test_the_first_objection_ends_it() -> None:
    verdict = verify(reply(Text("")), (REFUSED, JSON), search=lambda *_: False)
    assert verdict.findings == (("not_refusal", "failed"),)


def test_no_checks_no_objection() -> None:
    assert objection(reply(Text("x"))) == ""


@pytest.mark.parametrize(
    ("text", "check", "fails"),
    [
        ("I'm sorry, but I can't help with that", Check(not_refusal=True), True),
        ("Sure", Check(not_refusal=True), False),
        ("", Check(not_refusal=True), False),  # nothing of it has come; of a whole answer it is a refusal
        ("I'm sorry, but I can't", Check(not_refusal=False), False),
        ("Perhaps. I'm not sure", Check(not_hedging=True), True),
        ("12345678901", Check(length=Range(at_least=20, at_most=10)), True),
        ("123", Check(length=Range(at_least=20)), False),
        ("nothing", Check(regex="^something$"), False),
        ("{", Check(json_valid=True), False),
    ],
)
def test_what_fails_whatever_is_still_to_come(text: str, check: Check, *, fails: bool) -> None:
    assert verify_so_far(reply(Text(text)), [check]).has_failed is fails
