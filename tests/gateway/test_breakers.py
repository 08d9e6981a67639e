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
    LEAST_SEEN,
    LONGEST,
    LONGEST_ASKED,
    MOST,
    PROBE_PATIENCE,
    SPREAD,
    WINDOW,
    Breakers,
)
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy, Retries
from tests.gateway.world import KEY, MODELS, Served, misbehaving, publish, serving_gateway, snapshot

NONE: frozenset[str] = frozenset()
SHUT = frozenset({"m"})
LIGHT = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
ONCE = Retries(times=0)


def breakers_of(chance: float = 0.0) -> Breakers:
    return Breakers(lambda: chance)


def tripped(at: float = 100.0) -> Breakers:
    breakers = breakers_of()
    for _ in range(EJECT_AFTER):
        breakers.failed("t", "m", at)
    return breakers


def test_five_failures_in_a_row_eject() -> None:
    breakers = breakers_of()
    for _ in range(EJECT_AFTER):
        assert breakers.unavailable("t", 100.0) == NONE
        breakers.failed("t", "m", 100.0)
    assert breakers.unavailable("t", 100.0) == SHUT
    assert breakers.unavailable("t", 100.0 + EJECTION - 0.1) == SHUT
    assert breakers.unavailable("t", 100.0 + EJECTION) == NONE


def test_few_failures_among_many_answers_do_not() -> None:
    breakers = breakers_of()
    for number in range(100):
        breakers.failed("t", "m", 100.0 + number)
        for _ in range(4):
            breakers.succeeded("t", "m", 100.0 + number, 99.0)
    assert breakers.unavailable("t", 199.0) == NONE


def test_half_of_the_answers_failing_ejects_though_never_two_in_a_row() -> None:
    breakers = breakers_of()
    for _ in range(LEAST_SEEN // 2):
        breakers.failed("t", "m", 100.0)
        assert breakers.unavailable("t", 100.0) == NONE
        breakers.succeeded("t", "m", 100.0, 99.0)
    breakers.failed("t", "m", 105.0)
    assert breakers.unavailable("t", 105.0) == SHUT


def test_what_failed_before_the_window_is_forgotten() -> None:
    breakers = breakers_of()
    for _ in range(EJECT_AFTER - 1):
        breakers.failed("t", "m", 100.0)
        breakers.succeeded("t", "m", 100.0, 99.0)
    breakers.succeeded("t", "m", 100.0 + 1.5 * WINDOW, 99.0)
    assert breakers.all_well


def test_one_tenants_failures_are_not_anothers() -> None:
    assert tripped().unavailable("another", 100.0) == NONE


def test_then_one_may_try_and_the_others_wait_for_it() -> None:
    breakers, now = tripped(), 100.0 + EJECTION
    breakers.probing("t", "m", now)
    assert breakers.unavailable("t", now + PROBE_PATIENCE - 0.1) == SHUT
    assert breakers.unavailable("t", now + PROBE_PATIENCE) == NONE
    breakers.succeeded("t", "m", now + 1, now)
    assert breakers.all_well


def test_a_probe_whose_caller_leaves_makes_room_for_the_next() -> None:
    breakers, now = tripped(), 100.0 + EJECTION
    breakers.probing("t", "m", now)
    breakers.let_go("t", "m")
    assert breakers.unavailable("t", now) == NONE


def test_an_answer_to_what_was_asked_before_proves_nothing() -> None:
    breakers = tripped()
    breakers.succeeded("t", "m", 101.0, 99.0)
    assert breakers.unavailable("t", 101.0) == SHUT


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
    breakers = breakers_of()
    breakers.failed("t", "m", 100.0, retry_after=asked, asked=True)
    assert breakers.unavailable("t", 100.0 + waited - 0.01) == SHUT
    assert breakers.cooling("t", 100.0 + waited - 0.01) == SHUT
    assert breakers.unavailable("t", 100.0 + waited) == breakers.cooling("t", 100.0 + waited) == NONE
    assert breakers.retry_after("t", SHUT, 100.0) == waited


def test_workers_do_not_all_come_back_at_once() -> None:
    waits = []
    for chance in (0.0, 0.5, 0.999):
        breakers = breakers_of(chance)
        breakers.failed("t", "m", 100.0, retry_after=7, asked=True)
        waits.append(breakers.retry_after("t", SHUT, 100.0))
    assert waits == [7.0, pytest.approx(7.7), pytest.approx(8.4, abs=0.01)]


def test_a_wait_that_nobody_asked_for_does_not_turn_callers_away() -> None:
    breakers = breakers_of()
    breakers.failed("t", "m", 100.0, retry_after=1)
    assert (breakers.unavailable("t", 100.5), breakers.cooling("t", 100.5)) == (SHUT, NONE)


def test_a_shorter_wish_does_not_shorten_and_no_answer_does() -> None:
    breakers = breakers_of()
    breakers.failed("t", "m", 100.0, retry_after=60, asked=True)
    breakers.failed("t", "m", 101.0, retry_after=1, asked=True)
    breakers.succeeded("t", "m", 102.0, 101.5)
    assert breakers.cooling("t", 159.0) == SHUT


def test_each_wish_is_told_once() -> None:
    breakers, told = breakers_of(0.5), list[tuple[str, str, float]]()
    breakers.on_asked = lambda *wish: told.append(wish)
    breakers.failed("t", "m", 100.0, retry_after=7, asked=True)
    breakers.failed("t", "m", 100.0, retry_after=1)
    breakers.failed("t", "m", 100.0)
    breakers.cool("t", "m", 100.0, 9)  # from another worker
    assert told == [("t", "m", 7)]


events = st.lists(
    st.tuples(
        st.sampled_from(["failed", "asked", "succeeded", "probing"]), st.floats(0, 400, allow_nan=False)
    ),
    max_size=60,
)


@given(events, st.floats(0, 1, exclude_max=True))
def test_whatever_happens_it_is_tried_again_in_time(history: list[tuple[str, float]], chance: float) -> None:
    """Nothing is shut out for longer than the longest wait, and an answer opens what was not asked to be left alone."""
    breakers, now = breakers_of(chance), 1000.0
    for what, later in history:
        now += later
        match what:
            case "failed":
                breakers.failed("t", "m", now)
            case "asked":
                breakers.failed("t", "m", now, retry_after=later, asked=True)
            case "probing":
                breakers.probing("t", "m", now)
            case _:
                breakers.succeeded("t", "m", now, now)
                assert breakers.unavailable("t", now) == breakers.cooling("t", now)
    longest = max(LONGEST, LONGEST_ASKED * (1 + SPREAD))
    assert breakers.unavailable("t", now + longest + PROBE_PATIENCE) == NONE


def test_the_memory_of_it_is_bounded() -> None:
    breakers = breakers_of()
    for number in range(MOST + 50):
        breakers.failed("t", f"m{number}", 100.0, retry_after=60, asked=True)
    assert len(breakers.cooling("t", 100.0)) == MOST


async def test_another_model_takes_over_and_a_probe_brings_it_back(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EJECTION", 1.0)
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


async def test_none_is_asked_while_all_of_them_want_to_be_left_alone(redis: Redis, tmp_path: Path) -> None:
    busy = (misbehaving("429-ra30"), misbehaving("503-ra20"))
    async with serving_gateway(redis, tmp_path, snapshot(("support", LIGHT), models=busy)) as running:
        assert await asked(running) == "2"
        headers = await answered(running)
        settled = await running.settled(2)
    assert headers["x-rungway-attempts"] == "0"
    assert 19 <= int(headers["retry-after"]) <= 24
    assert (settled[1].status, settled[1].error, settled[1].attempts) == (429, "upstream_rate_limited", ())


async def test_the_last_that_could_answer_is_asked_all_the_same(redis: Redis, tmp_path: Path) -> None:
    only = snapshot(("support", replace(LIGHT, retries=ONCE)), models=(misbehaving("500"),))
    async with serving_gateway(redis, tmp_path, only) as running:
        assert [await asked(running) for _ in range(EJECT_AFTER + 2)] == ["1"] * (EJECT_AFTER + 2)


async def answered(running: Served) -> Any:
    async with httpx.AsyncClient(timeout=60) as client:
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
