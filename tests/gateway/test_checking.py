"""Checks that take a call, over sockets: who is asked, what that costs, and where an answer goes that none speaks for."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from redis import Redis

from gateway import judge
from gateway.core.conditions import Range
from gateway.core.conversation import Conversation, Finish, Reply, Text
from gateway.core.facts import Tier
from gateway.core.policy import (
    Agreement,
    Cascade,
    Check,
    Floor,
    Judge,
    Otherwise,
    Policy,
    SelfAgreement,
)
from tests.gateway.world import KEY, MODELS, Served, misbehaving, model, serving_gateway, snapshot

NANO, MINI, HAIKU = "openai/gpt-5-nano", "openai/gpt-5-mini", "anthropic/claude-haiku-4-5"
SAME = model("openai/twin", Tier.LIGHTWEIGHT, (2, 2), upstream_model="gpt-5-nano")  # answers as nano does
REFUSES = misbehaving("refuse", tier=Tier.SMALL)


def cascade(*checks: Check, tier: Tier = Tier.LIGHTWEIGHT, **rest: Any) -> Policy:
    return Policy(
        baseline="openai/gpt-5",
        otherwise=Otherwise(tier=tier, cascade=Cascade(up_to=Tier.MID, checks=checks, **rest)),
    )


async def ask(served: Served, **body: Any) -> httpx.Response:
    told = {"model": "x", "messages": [{"role": "user", "content": "Say hello"}]} | body
    async with httpx.AsyncClient(timeout=20) as client:
        return await client.post(
            served.router("support") + "/v1/chat/completions",
            json=told,
            headers={"authorization": f"Bearer {KEY}"},
        )


async def climbed(
    redis: Redis, folder: Path, policy: Policy, *models: Any, **body: Any
) -> list[tuple[str, ...]]:
    """The attempts of one request: kind, model, outcome, why. Every one is a line with a price, and was really made."""
    async with serving_gateway(redis, folder, snapshot(("support", policy), models=models)) as served:
        reply = await ask(served, **body)
        (settled,) = await served.settled()
        said = {json.loads(line)["attempt"] for line in served.statement.read_text().splitlines()}
    assert reply.status_code == 200
    lines = [line.attempt for line in settled.attempts]
    assert said == {line.id for line in lines}
    assert reply.headers["x-rungway-attempts"] == str(len(lines)) or body.get("stream")
    assert all(line.cost for line in settled.attempts)
    return [(line.kind.value, line.model, line.outcome.value, line.because) for line in lines]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_two_that_agree_are_believed(stream: bool, redis: Redis, tmp_path: Path) -> None:
    policy = cascade(Check(agreement=Agreement(model=SAME.id)))
    assert await climbed(redis, tmp_path, policy, *MODELS, SAME, stream=stream) == [
        ("answer", NANO, "answered", ""),
        ("agreement", SAME.id, "answered", "agrees"),
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_two_that_differ_are_not(stream: bool, redis: Redis, tmp_path: Path) -> None:
    other = misbehaving("refuse", tier=Tier.SMALL)
    policy = cascade(Check(agreement=Agreement(model=other.id)))
    assert await climbed(redis, tmp_path, policy, *MODELS, other, stream=stream) == [
        ("answer", NANO, "rejected", "agreement"),
        ("agreement", other.id, "answered", "differs"),
        ("answer", MINI, "rejected", "agreement"),
        ("agreement", other.id, "answered", "differs"),
    ]


async def test_nobody_agrees_with_itself(redis: Redis, tmp_path: Path) -> None:
    policy = cascade(Check(agreement=Agreement(model=NANO)))
    assert (await climbed(redis, tmp_path, policy, *MODELS))[0] == (
        "answer",
        NANO,
        "rejected",
        "no check could tell",
    )


async def test_a_model_below_a_floor_is_not_asked_for_its_opinion(redis: Redis, tmp_path: Path) -> None:
    policy = replace(
        cascade(Check(agreement=Agreement(model=REFUSES.id))),
        floors=(Floor(name="f", tier=Tier.LIGHTWEIGHT),),
    )
    attempts = await climbed(redis, tmp_path, policy, *MODELS, REFUSES)
    assert {kind for kind, *_ in attempts} == {"answer"}
    assert attempts[0][2:] == ("rejected", "no check could tell")


async def test_a_model_that_says_the_same_again_is_believed(redis: Redis, tmp_path: Path) -> None:
    """Two of three are enough, so the third is not asked."""
    policy = cascade(Check(self_agreement=SelfAgreement(samples=3)))
    assert await climbed(redis, tmp_path, policy, *MODELS) == [
        ("answer", NANO, "answered", ""),
        ("sample", NANO, "answered", "agrees"),
    ]


@pytest.mark.parametrize(
    ("samples", "share", "agreeing", "asked", "finding"),
    [
        (3, 0.6, "y", 1, "passed"),
        (3, 0.6, "ny", 2, "passed"),
        (3, 0.6, "nn", 2, "failed"),
        (5, 0.6, "yy", 2, "passed"),  # three of five
        (5, 0.8, "yny", 4, "failed"),  # three at once, of which one differs: the last one is needed
        (5, 0.8, "ynyy", 4, "passed"),
        (5, 1.0, "nyyy", 4, "failed"),
        (3, 0.3, "", 0, "passed"),  # the first alone is so many
        (3, 0.6, "--", 2, "unknown"),  # nothing came
        (3, 1.0, "y-", 2, "passed"),  # of those that came
    ],
)
async def test_no_more_samples_are_drawn_than_decide_it(
    samples: int, share: float, agreeing: str, asked: int, finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Reply(id="", model="", parts=(Text("yes"),), finish=Finish.STOP)
    drawn = [
        None if how == "-" else replace(ours, parts=(Text("yes" if how == "y" else "no"),))
        for how in agreeing.ljust(samples - 1, "n")
    ]
    coming = iter(drawn)

    async def aside(*_: Any) -> Reply | None:
        return next(coming)

    monkeypatch.setattr(judge, "aside", aside)
    journey: Any = SimpleNamespace(before_aside=None, router=SimpleNamespace(models={}))
    check = SelfAgreement(samples=samples, at_least=share)
    nobody: Any = None
    found = await judge.again(nobody, journey, Conversation(messages=()), check, ours, "m")
    assert (found, len(drawn) - len(list(coming))) == (finding, asked)


CHECKS = (
    Check(judge=Judge(model="anthropic/claude-opus-4-5", at_least=0.0)),
    Check(agreement=Agreement(model=SAME.id)),
    Check(not_refusal=True),
)


async def test_what_costs_little_is_asked_before_what_costs_much(redis: Redis, tmp_path: Path) -> None:
    attempts = await climbed(redis, tmp_path, cascade(*CHECKS), *MODELS, SAME)
    assert [kind for kind, *_ in attempts[:3]] == ["answer", "agreement", "judge"]


async def test_what_costs_nothing_comes_first_and_may_end_it(redis: Redis, tmp_path: Path) -> None:
    attempts = await climbed(redis, tmp_path, cascade(*CHECKS, tier=Tier.SMALL), *MODELS, SAME, REFUSES)
    assert attempts[0] == ("answer", REFUSES.id, "rejected", "not_refusal")
    assert attempts[1][0] == "answer"


async def test_a_judge_who_does_not_tell_speaks_for_nothing(redis: Redis, tmp_path: Path) -> None:
    """Its model only ever refuses, so there is no number: the answer goes up, and comes as the last one did."""
    policy = cascade(Check(judge=Judge(model=REFUSES.id)))
    attempts = await climbed(redis, tmp_path, policy, *MODELS, REFUSES)
    assert attempts[0] == ("answer", NANO, "rejected", "no check could tell")
    assert attempts[1] == ("judge", REFUSES.id, "answered", "scored None")


async def test_one_cap_on_money_for_the_whole_ladder(redis: Redis, tmp_path: Path) -> None:
    """Neither the second opinion nor the rung above is asked; what came is sent, as not having passed."""
    policy = cascade(Check(agreement=Agreement(model=SAME.id)), max_cost_usd=0.000_000_1)
    assert await climbed(redis, tmp_path, policy, *MODELS, SAME) == [
        ("answer", NANO, "rejected", "no check could tell")
    ]


SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_the_callers_own_schema(provider: str, stream: bool, redis: Redis, tmp_path: Path) -> None:
    bad = misbehaving("bad-json", provider=provider, tier=Tier.SMALL)
    policy = replace(cascade(Check(schema_valid=True), tier=Tier.SMALL), whitelist=(bad.id, MINI))
    attempts = await climbed(redis, tmp_path, policy, *MODELS, bad, stream=stream, response_format=FORMAT)
    assert attempts == [("answer", bad.id, "rejected", "schema_valid"), ("answer", MINI, "answered", "")]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_the_arguments_of_the_callers_own_tools(stream: bool, redis: Redis, tmp_path: Path) -> None:
    attempts = await climbed(
        redis, tmp_path, cascade(Check(tool_arguments_valid=True)), *MODELS, stream=stream, tools=[TOOL],
        tool_choice="required",
    )  # fmt: skip
    assert attempts == [("answer", NANO, "answered", "")]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_the_margin_is_asked_for_and_held_to(stream: bool, redis: Redis, tmp_path: Path) -> None:
    policy = replace(cascade(Check(margin=Range(at_least=0.01))), whitelist=("openai/*",))
    attempts = await climbed(redis, tmp_path, policy, *MODELS, stream=stream)
    assert attempts == [("answer", NANO, "answered", "")]


async def test_the_first_rung_may_be_streamed_unchecked_and_the_next_not(
    redis: Redis, tmp_path: Path
) -> None:
    """The first fails before its commit point; who stands in for it on the same rung streams unchecked as well."""
    policy = cascade(Check(regex="^nothing says this$"), stream_unchecked=True)
    async with serving_gateway(
        redis, tmp_path, snapshot(("support", policy), models=(*MODELS, misbehaving("503")))
    ) as served:
        reply = await ask(served, stream=True)
        (settled,) = await served.settled()
    assert "[DONE]" in reply.text
    assert reply.headers["x-rungway-unchecked"] == "first_rung"
    assert [line.attempt.outcome.value for line in settled.attempts] == ["failed", "rejected"]
    assert (settled.attempts[1].attempt.model, settled.attempts[1].attempt.because) == (NANO, "regex")
    # Its headers were sent before anybody could know; its last comment and the books have the verdict.
    assert (reply.headers["x-rungway-outcome"], settled.outcome) == ("fell_back", "rejected")
    assert reply.text.rstrip().endswith("x-rungway-outcome=rejected")


async def streamed(redis: Redis, folder: Path, policy: Policy, *models: Any) -> tuple[httpx.Response, Any]:
    async with serving_gateway(redis, folder, snapshot(("support", policy), models=models)) as served:
        reply = await ask(served, stream=True)
        (settled,) = await served.settled()
    return reply, settled


def lines_of(settled: Any) -> list[tuple[str, ...]]:
    return [
        (line.attempt.model, line.attempt.outcome.value, line.attempt.because) for line in settled.attempts
    ]


LENGTH = Check(length=Range(at_most=10))
PATTERN = Check(regex="guest|hello|Hello|a|e")


async def test_a_stream_that_is_longer_than_is_held_says_that_it_is_unchecked(
    redis: Redis, tmp_path: Path
) -> None:
    """What its checks say at the end is in the books; here they pass."""
    reply, settled = await streamed(redis, tmp_path, cascade(PATTERN, hold=0), *MODELS)
    assert "[DONE]" in reply.text
    assert reply.headers["x-rungway-unchecked"] == "too_long"
    assert (reply.headers["x-rungway-outcome"], settled.outcome) == ("answered", "answered")
    assert lines_of(settled) == [(NANO, "answered", "unchecked_too_long")]


async def test_what_fails_already_climbs_at_the_bound(redis: Redis, tmp_path: Path) -> None:
    """Nothing was sent yet; what had come of it is paid for. The rung above is the last one, so its answer is sent."""
    reply, settled = await streamed(redis, tmp_path, cascade(LENGTH, hold=2_500), *MODELS)
    assert lines_of(settled) == [(NANO, "rejected", "length"), (MINI, "rejected", "length")]
    assert all(line.cost for line in settled.attempts)
    assert reply.text.count('"role":"assistant"') == 1
    assert reply.headers["x-rungway-model"] == MINI
    assert reply.headers["x-rungway-unchecked"] == "too_long"
    assert (reply.headers["x-rungway-outcome"], settled.outcome) == ("escalated", "rejected")


async def test_what_is_held_whole_is_not_unchecked(redis: Redis, tmp_path: Path) -> None:
    reply, settled = await streamed(redis, tmp_path, cascade(PATTERN), *MODELS)
    assert "x-rungway-unchecked" not in reply.headers
    assert lines_of(settled) == [(NANO, "answered", "")]
