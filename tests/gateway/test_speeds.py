"""Speeds as this gateway has seen them, and a rule that goes by them."""

from __future__ import annotations

from pathlib import Path

from redis import Redis

from gateway.core.facts import Tier
from gateway.core.ladder import Attempt, AttemptOutcome, Kind
from gateway.core.policy import Otherwise, Policy
from gateway.core.strategy import LATENCY, Weights
from gateway.experience import timed
from gateway.speeds import ENOUGH, RECENT, SAMPLES, Speeds
from tests.gateway.world import serving_gateway, snapshot


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_speed_is_the_median_of_enough_that_is_recent() -> None:
    clock = Clock()
    speeds = Speeds(clock)
    for milliseconds in (900, 100, 300, 200):
        speeds.note("t", "m", milliseconds, streamed=True)
    assert speeds.of("t", streamed=True) == {}
    speeds.note("t", "m", 250, streamed=True)
    assert speeds.of("t", streamed=True) == {"m": 250}
    assert speeds.of("t", streamed=False) == speeds.of("another", streamed=True) == {}
    clock.now += RECENT - 1
    for _ in range(ENOUGH - 1):
        speeds.note("t", "m", 50, streamed=True)
    assert speeds.of("t", streamed=True) == {"m": 100}
    clock.now += 2
    assert speeds.of("t", streamed=True) == {}
    for milliseconds in range(SAMPLES * 3):
        speeds.note("t", "m", milliseconds, streamed=True)
    assert speeds.of("t", streamed=True) == {"m": SAMPLES * 2 + SAMPLES // 2 - 1}


def test_streams_are_measured_to_their_first_byte_and_failures_not_at_all() -> None:
    def attempt(model: str, outcome: AttemptOutcome, kind: Kind = Kind.ANSWER) -> Attempt:
        return Attempt(id=model, model=model, outcome=outcome, kind=kind, first_byte_ms=40, total_ms=900)

    attempts = [
        attempt("came", AttemptOutcome.ANSWERED),
        attempt("rejected", AttemptOutcome.REJECTED),
        attempt("failed", AttemptOutcome.FAILED),
        attempt("judge", AttemptOutcome.ANSWERED, Kind.JUDGE),
    ]
    assert timed(attempts, streamed=True) == {"came": 40, "rejected": 40}
    assert timed(attempts, streamed=False) == {"came": 900, "rejected": 900}


async def test_a_rule_by_speed_measures_and_a_rule_by_weights_keeps_to_a_session(
    redis: Redis, tmp_path: Path
) -> None:
    fast = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, strategy=LATENCY))
    names = ("openai/gpt-5-nano", "anthropic/claude-haiku-4-5")
    drawn = Policy(
        strategy=Weights(weights=dict.fromkeys(names, 1)), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT)
    )
    async with serving_gateway(redis, tmp_path, snapshot(("fast", fast), ("drawn", drawn))) as served:
        chat = await served.chat("drawn")
        for _ in range(6):
            await chat.chat.completions.create(
                model="x",
                messages=[{"role": "user", "content": "Say hello"}],
                extra_headers={"x-rungway-session": "the same"},
            )
        by_speed = await served.chat("fast")
        await by_speed.chat.completions.create(model="x", messages=[{"role": "user", "content": "Hello"}])
        settled = await served.settled(7)
    (kept,) = {event.model for event in settled[:6]}
    assert {event.facts.draw for event in settled[:6]} == {settled[0].facts.draw}
    assert settled[0].facts.latency == {}
    assert settled[6].facts.latency.keys() == {kept}
