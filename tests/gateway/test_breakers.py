"""Which models are left alone, and for how long: the state machine by itself, and under requests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from redis import Redis

from gateway import breakers as module
from gateway.breakers import (
    EJECT_AFTER,
    EJECTION,
    LONGEST,
    LONGEST_ASKED,
    PROBE_EVERY,
    Breakers,
)
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from tests.gateway.world import KEY, MODELS, Served, misbehaving, publish, serving_gateway, snapshot

NONE: frozenset[str] = frozenset()
SHUT = frozenset({"m"})
LIGHT = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))


def tripped(at: float = 100.0) -> Breakers:
    breakers = Breakers()
    for _ in range(EJECT_AFTER):
        breakers.failed("t", "m", at)
    return breakers


def test_five_failures_in_a_row_eject() -> None:
    breakers = Breakers()
    for _ in range(EJECT_AFTER):
        assert breakers.unavailable("t", 100.0) == NONE
        breakers.failed("t", "m", 100.0)
    assert breakers.unavailable("t", 100.0) == SHUT
    assert breakers.unavailable("t", 100.0 + EJECTION - 0.1) == SHUT
    assert breakers.unavailable("t", 100.0 + EJECTION) == NONE


def test_a_success_between_forgets() -> None:
    breakers = Breakers()
    for _ in range(10):
        for _ in range(EJECT_AFTER - 1):
            breakers.failed("t", "m", 100.0)
        breakers.succeeded("t", "m")
    assert breakers.unavailable("t", 100.0) == NONE


def test_one_tenants_failures_are_not_anothers() -> None:
    assert tripped().unavailable("another", 100.0) == NONE


def test_then_one_may_try_and_the_others_wait_for_it() -> None:
    breakers, now = tripped(), 100.0 + EJECTION
    breakers.probing("t", "m", now)
    assert breakers.unavailable("t", now + 0.5) == SHUT
    assert breakers.unavailable("t", now + PROBE_EVERY) == NONE
    breakers.succeeded("t", "m")
    assert breakers.unavailable("t", now + 0.5) == NONE


def test_each_failed_try_makes_it_longer_up_to_a_bound() -> None:
    breakers, now = tripped(), 100.0
    for times in range(2, 15):
        now += min(EJECTION * (times - 1), LONGEST)
        breakers.probing("t", "m", now)
        breakers.failed("t", "m", now)
        wait = min(EJECTION * times, LONGEST)
        assert breakers.unavailable("t", now + wait - 0.1) == SHUT
        assert breakers.retry_after("t", SHUT, now) == pytest.approx(wait)


def test_what_fails_late_while_ejected_does_not_make_it_longer() -> None:
    breakers = tripped()
    for _ in range(20):
        breakers.failed("t", "m", 101.0)
    assert breakers.unavailable("t", 100.0 + EJECTION) == NONE


@pytest.mark.parametrize(("asked", "waited"), [(7.0, 7.0), (0.5, 0.5), (10_000.0, LONGEST_ASKED)])
def test_as_long_as_the_provider_asks(asked: float, waited: float) -> None:
    breakers = Breakers()
    breakers.failed("t", "m", 100.0, retry_after=asked)
    assert breakers.unavailable("t", 100.0 + waited - 0.01) == SHUT
    assert breakers.unavailable("t", 100.0 + waited) == NONE
    assert breakers.retry_after("t", SHUT, 100.0) == waited


def test_a_shorter_wish_does_not_shorten() -> None:
    breakers = Breakers()
    breakers.failed("t", "m", 100.0, retry_after=60)
    breakers.failed("t", "m", 101.0, retry_after=1)
    assert breakers.unavailable("t", 159.0) == SHUT


events = st.lists(
    st.tuples(
        st.sampled_from(["failed", "asked", "succeeded", "probing"]), st.floats(0, 400, allow_nan=False)
    ),
    max_size=60,
)


@given(events)
def test_whatever_happens_it_is_tried_again_in_time(history: list[tuple[str, float]]) -> None:
    """Nothing is shut out for longer than the longest wait, and a success opens it at once."""
    breakers, now = Breakers(), 1000.0
    for what, later in history:
        now += later
        match what:
            case "failed":
                breakers.failed("t", "m", now)
            case "asked":
                breakers.failed("t", "m", now, retry_after=later)
            case "probing":
                breakers.probing("t", "m", now)
            case _:
                breakers.succeeded("t", "m")
                assert breakers.unavailable("t", now) == NONE
    assert breakers.unavailable("t", now + max(LONGEST, LONGEST_ASKED) + PROBE_EVERY) == NONE


async def test_another_model_takes_over_and_a_probe_brings_it_back(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EJECTION", 1.0)
    monkeypatch.setattr(module, "PROBE_EVERY", 0.2)
    down = snapshot(("support", LIGHT), models=(*MODELS, misbehaving("500")))
    async with serving_gateway(redis, tmp_path, down) as running:
        assert [await asked(running) for _ in range(8)] == ["2"] * EJECT_AFTER + ["1"] * 3
        well = replace(misbehaving("500"), upstream_model="gpt-5-nano")
        publish(redis, replace(snapshot(("support", LIGHT), models=(*MODELS, well)), version=2))
        await asyncio.sleep(1.3)
        assert await model_of(running) == "openai/500"
        assert await model_of(running) == "openai/500"


async def test_what_asks_for_time_is_left_alone(redis: Redis, tmp_path: Path) -> None:
    busy = snapshot(("support", LIGHT), models=(*MODELS, misbehaving("429-ra30")))
    async with serving_gateway(redis, tmp_path, busy) as running:
        assert [await asked(running) for _ in range(3)] == ["2", "1", "1"]


async def test_the_last_that_could_answer_is_asked_all_the_same(redis: Redis, tmp_path: Path) -> None:
    only = snapshot(("support", LIGHT), models=(misbehaving("500"),))
    async with serving_gateway(redis, tmp_path, only) as running:
        assert [await asked(running) for _ in range(EJECT_AFTER + 2)] == ["1"] * (EJECT_AFTER + 2)


async def answered(running: Served) -> Any:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            running.router("support") + "/v1/chat/completions",
            json={"model": "x", "messages": [{"role": "user", "content": "hi"}]},
            headers={"authorization": f"Bearer {KEY}"},
        )
    return answer.headers


async def asked(running: Served) -> str:
    """How many models were."""
    attempts: str = (await answered(running))["x-rungway-attempts"]
    return attempts


async def model_of(running: Served) -> str:
    name: str = (await answered(running))["x-rungway-model"]
    return name
