from __future__ import annotations

import re

import pytest

from gateway.core.checks import verify
from gateway.core.conditions import Range
from gateway.core.conversation import Finish, Part, Refused, Reply, Text, ToolCall
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


def test_an_answer_that_nothing_speaks_for_goes_up() -> None:
    assert objection(reply(Text("x")), SURE) == "no check could tell"
    assert objection(reply(Text("x")), SURE, REFUSED) == ""


def test_the_first_objection_ends_it() -> None:
    verdict = verify(reply(Text("")), (REFUSED, JSON), search=lambda *_: False)
    assert verdict.findings == (("not_refusal", "failed"),)


def test_no_checks_no_objection() -> None:
    assert objection(reply(Text("x"))) == ""
