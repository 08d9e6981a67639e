"""Retries, hedges, time-outs and callers who leave: over sockets, with the simulated providers' own account as witness."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from redis import Redis

from gateway.core.facts import Tier
from gateway.core.policy import Hedge, Otherwise, Policy, Retries, Timeouts
from gateway.core.price import UsageSource
from tests.gateway.upstream import always, answer, until, upstream
from tests.gateway.world import KEY, MODELS, Served, misbehaving, model, serving_gateway, snapshot

LIGHT = Otherwise(tier=Tier.LIGHTWEIGHT)
SOON = Retries(backoff_ms=10)
GOOD = json.dumps(
    {
        "id": "c", "object": "chat.completion", "created": 1, "model": "gpt-5-nano",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "fine"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
    }
).encode()  # fmt: skip
OK, DOWN = answer(GOOD, b"content-type: application/json"), answer(b"{}", status=b"503 Down")
NANO = model("openai/gpt-5-nano", Tier.LIGHTWEIGHT, (0.05, 0.4))
HOME = {"allowed_private_networks": ("127.0.0.0/8",)}


async def ask(
    served: Served, *, router: str = "support", stream: bool = False, patience_ms: int | None = None
) -> httpx.Response:
    async with httpx.AsyncClient(timeout=20) as client:
        return await client.post(
            served.router(router) + "/v1/chat/completions",
            json={"model": "x", "messages": [{"role": "user", "content": "Say hello"}], "stream": stream},
            headers={"authorization": f"Bearer {KEY}"}
            | ({} if patience_ms is None else {"x-rungway-timeout-ms": str(patience_ms)}),
        )


def in_turn(*answers: bytes) -> Any:
    """Each request gets the next answer, the last one again and again."""
    left = list(answers)

    async def behave(visit: Any) -> None:
        while True:
            await visit.request()
            await visit.say(left.pop(0) if len(left) > 1 else left[0])

    return behave


def of(policy: Policy, *models: Any, **rest: Any) -> Any:
    return snapshot(("support", policy), models=models, **rest)


# Retries.


async def test_what_may_pass_is_asked_once_more(redis: Redis, tmp_path: Path) -> None:
    async with upstream(in_turn(DOWN, OK)) as provider:
        tenant = of(
            Policy(otherwise=LIGHT, retries=SOON),
            NANO,
            bases={"openai": f"http://127.0.0.1:{provider.port}/v1"},
        )
        async with serving_gateway(redis, tmp_path, tenant, **HOME) as served:
            reply = await ask(served)
            (settled,) = await served.settled()
    assert (reply.status_code, reply.headers["x-rungway-attempts"]) == (200, "2")
    assert [
        (line.attempt.model, line.attempt.outcome.value, line.attempt.status) for line in settled.attempts
    ] == [
        ("openai/gpt-5-nano", "failed", 503),
        ("openai/gpt-5-nano", "answered", 200),
    ]
    assert len({line.attempt.id for line in settled.attempts}) == 2


@pytest.mark.parametrize("how", ["429", "401-echo", "402", "400", "redirect-302", "503-ra20"])
async def test_what_will_not_pass_is_not(how: str, redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(
        redis, tmp_path, of(Policy(otherwise=LIGHT, retries=SOON), misbehaving(how))
    ) as served:
        assert (await ask(served)).headers["x-rungway-attempts"] == "1"


async def test_others_come_first_and_the_rung_above_unless_told(redis: Redis, tmp_path: Path) -> None:
    down = misbehaving("503")
    first = Retries(backoff_ms=10, before_up=True)
    routers = snapshot(
        ("above", Policy(whitelist=("openai/503", "openai/gpt-5-mini"), otherwise=LIGHT, retries=SOON)),
        ("again", Policy(whitelist=("openai/503", "openai/gpt-5-mini"), otherwise=LIGHT, retries=first)),
        ("along", Policy(whitelist=("openai/503", "openai/gpt-5-nano"), otherwise=LIGHT, retries=first)),
        models=(*MODELS, down),
    )  # fmt: skip
    async with serving_gateway(redis, tmp_path, routers) as served:
        for router in ("above", "again", "along"):
            await ask(served, router=router)
        settled = await served.settled(3)
    assert [[line.attempt.model for line in each.attempts] for each in settled] == [
        ["openai/503", "openai/gpt-5-mini"],
        ["openai/503", "openai/503", "openai/gpt-5-mini"],
        ["openai/503", "openai/gpt-5-nano"],
    ]


async def test_what_is_down_is_not_hammered(redis: Redis, tmp_path: Path) -> None:
    """Charter F-36: at most 1.2 calls a request. Here it is never long enough quiet to be ejected."""
    policy = Policy(otherwise=LIGHT, retries=Retries(times=2, backoff_ms=1))
    async with upstream(always(DOWN)) as provider:
        tenant = of(policy, NANO, bases={"openai": f"http://127.0.0.1:{provider.port}/v1"})
        async with serving_gateway(redis, tmp_path, tenant, **HOME) as served:
            for _ in range(10):
                await asyncio.gather(*[ask(served) for _ in range(10)])
            settled = await served.settled(100)
    calls = sum(len(each.attempts) for each in settled)
    assert calls <= 1.2 * 100
    assert calls > 100


async def test_backing_off_ends_with_the_deadline(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(otherwise=LIGHT, retries=Retries(backoff_ms=60_000))
    async with serving_gateway(redis, tmp_path, of(policy, misbehaving("503"))) as served:
        began = monotonic()
        reply = await ask(served, patience_ms=400)
    assert (reply.status_code, reply.headers["x-rungway-attempts"]) == (502, "1")
    assert monotonic() - began < 2


async def test_where_nobody_listens_the_next_is_asked(redis: Redis, tmp_path: Path) -> None:
    """Charter F-27: one more attempt, and what was not called cost nothing."""
    async with upstream(always(OK)) as provider:
        port = provider.port
    tenant = of(
        Policy(otherwise=LIGHT),
        NANO,
        model("anthropic/claude-haiku-4-5", Tier.LIGHTWEIGHT, (1, 5)),
        bases={"openai": f"http://127.0.0.1:{port}/v1", "anthropic": "simulator:/anthropic"},
    )
    async with serving_gateway(redis, tmp_path, tenant, **HOME) as served:
        reply = await ask(served)
        (settled,) = await served.settled()
    assert (reply.status_code, reply.headers["x-rungway-outcome"]) == (200, "fell_back")
    assert [(line.attempt.outcome.value, bool(line.cost)) for line in settled.attempts] == [
        ("failed", False),
        ("answered", True),
    ]


# Time-outs.


async def test_one_deadline_for_all_attempts(redis: Redis, tmp_path: Path) -> None:
    """Charter F-39: the second has what the first has left, and a third would have nothing."""
    policy = Policy(otherwise=LIGHT, timeouts=Timeouts(first_byte_ms=500))
    slow = [
        model(f"openai/{name}", Tier.LIGHTWEIGHT, (1, 1), upstream_model="gpt-5-nano-sim-hang-headers")
        for name in ("one", "two", "three")
    ]
    async with serving_gateway(redis, tmp_path, of(policy, *slow)) as served:
        reply = await ask(served, patience_ms=900)
        (settled,) = await served.settled()
    assert (reply.status_code, reply.headers["x-rungway-attempts"]) == (504, "2")
    first, second = [line.attempt.total_ms for line in settled.attempts]
    assert first >= 500 > second


@pytest.mark.parametrize(
    ("timeouts", "how", "at"),
    [
        (Timeouts(first_byte_ms=400), "hang-headers", 0.4),
        (Timeouts(idle_ms=500), "stall-after-5", 0.5),
        (Timeouts(total_ms=600), "hang-headers", 0.6),
        (Timeouts(total_ms=1300), "drip", 1.3),
    ],
    ids=["first-byte", "idle", "total", "total-of-a-drip"],
)
async def test_the_policy_says_how_long(
    timeouts: Timeouts, how: str, at: float, redis: Redis, tmp_path: Path
) -> None:
    policy = Policy(otherwise=LIGHT, timeouts=timeouts)
    async with serving_gateway(redis, tmp_path, of(policy, misbehaving(how))) as served:
        began = monotonic()
        reply = await ask(served, stream=how.startswith("stall"))
        took = monotonic() - began
        (settled,) = await served.settled()
    assert at <= took <= at + 0.5
    assert settled.error == "upstream_timeout"
    assert reply.status_code == (200 if how.startswith("stall") else 504)


async def test_a_slow_but_living_stream_is_not_cut(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(otherwise=LIGHT, timeouts=Timeouts(idle_ms=400, first_byte_ms=400))
    async with serving_gateway(redis, tmp_path, of(policy, misbehaving("slow-200"))) as served:
        reply = await ask(served, stream=True)
    assert reply.text.rstrip().rpartition("data: ")[2].startswith("[DONE]")


# What broke off has been paid for.


async def test_a_body_that_is_cut_costs_what_was_used(redis: Redis, tmp_path: Path) -> None:
    part = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b'{"id":"c","choices":[' + b" " * 700

    async def cut(visit: Any) -> None:
        await visit.request()
        await visit.say(part)
        visit.close()

    async with upstream(cut) as provider:
        tenant = of(Policy(otherwise=LIGHT), NANO, bases={"openai": f"http://127.0.0.1:{provider.port}/v1"})
        async with serving_gateway(redis, tmp_path, tenant, **HOME) as served:
            reply = await ask(served)
            (settled,) = await served.settled()
    assert reply.status_code == 502
    line = settled.attempts[0]
    assert (line.attempt.outcome.value, line.attempt.usage_source) == ("failed", UsageSource.ESTIMATED)
    assert line.attempt.usage.output == max(settled.facts.output_tokens, -(-721 // 4))
    assert line.attempt.usage.input == settled.facts.input_tokens
    assert line.cost == line.attempt.usage.input * 50 + line.attempt.usage.output * 400


# What breaks after the commit point is held against the model all the same.


async def test_streams_that_break_eject(redis: Redis, tmp_path: Path) -> None:
    tenant = of(Policy(otherwise=LIGHT), *MODELS, misbehaving("cut-fin-5"))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        models = [(await ask(served, stream=True)).headers["x-rungway-model"] for _ in range(7)]
    assert models == ["openai/cut-fin-5"] * 5 + ["openai/gpt-5-nano"] * 2


# Two at the same time.

HEDGED = Policy(otherwise=LIGHT, hedge=Hedge(after_ms=150, share=1.0))


def lines_of(served: Served) -> list[dict[str, Any]]:
    return [json.loads(line) for line in served.statement.read_text().splitlines()]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_second_is_asked_when_the_first_is_slow(stream: bool, redis: Redis, tmp_path: Path) -> None:
    """Charter F-40: the first to answer wins, the loser is closed within a second, both are on the books."""
    async with serving_gateway(redis, tmp_path, of(HEDGED, *MODELS, misbehaving("hang-headers"))) as served:
        reply = await ask(served, stream=stream)
        (settled,) = await served.settled()
        await until(lambda: len(lines_of(served)) == 2, within=1.0)
        said = {line["attempt"]: line["ended"] for line in lines_of(served)}
    assert (reply.status_code, reply.headers["x-rungway-model"]) == (200, "openai/gpt-5-nano")
    assert (reply.headers["x-rungway-attempts"], settled.outcome) == ("2", "answered")
    slow, quick = [line.attempt for line in settled.attempts]
    assert (slow.model, slow.outcome.value, slow.because) == ("openai/hang-headers", "cancelled", "hedged")
    assert (quick.model, quick.outcome.value) == ("openai/gpt-5-nano", "answered")
    assert said == {slow.id: "stalled", quick.id: "completed"}
    assert settled.attempts[0].cost == settled.facts.input_tokens * 10
    assert settled.model == "openai/gpt-5-nano"


async def test_a_quick_one_is_alone(redis: Redis, tmp_path: Path) -> None:
    slow_to_hedge = Policy(otherwise=LIGHT, hedge=Hedge(after_ms=5_000))
    async with serving_gateway(redis, tmp_path, of(slow_to_hedge, *MODELS)) as served:
        assert (await ask(served)).headers["x-rungway-attempts"] == "1"


async def test_a_pin_is_asked_twice_and_nobody_else(redis: Redis, tmp_path: Path) -> None:
    pinned = Policy(
        otherwise=Otherwise(model="openai/hang-headers"), hedge=HEDGED.hedge, timeouts=Timeouts(total_ms=900)
    )
    async with serving_gateway(redis, tmp_path, of(pinned, *MODELS, misbehaving("hang-headers"))) as served:
        reply = await ask(served)
        (settled,) = await served.settled()
    assert reply.status_code == 504
    assert {line.attempt.model for line in settled.attempts} == {"openai/hang-headers"}
    assert len(settled.attempts) == 2


async def test_where_the_first_fails_the_second_answers(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(
        otherwise=LIGHT, hedge=Hedge(after_ms=100, share=1.0), timeouts=Timeouts(first_byte_ms=300)
    )
    slow = misbehaving("slow-200")
    tenant = of(policy, misbehaving("hang-headers"), slow)
    async with serving_gateway(redis, tmp_path, tenant) as served:
        reply = await ask(served, stream=True)
        (settled,) = await served.settled()
    assert reply.headers["x-rungway-model"] == slow.id
    assert [line.attempt.outcome.value for line in settled.attempts] in (
        ["failed", "answered"],
        ["cancelled", "answered"],
    )


async def test_hedges_stay_a_share_of_the_traffic(redis: Redis, tmp_path: Path) -> None:
    """Charter F-40: at most 5 %, but for the one in hand."""
    policy = Policy(otherwise=LIGHT, hedge=Hedge(after_ms=1), timeouts=Timeouts(first_byte_ms=5_000))
    tenant = of(policy, model("openai/slow", Tier.LIGHTWEIGHT, (1, 1), upstream_model="gpt-5-nano"))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        for _ in range(8):
            await asyncio.gather(*[ask(served) for _ in range(5)])
        settled = await served.settled(40)
    assert sum(len(each.attempts) for each in settled) <= 40 + 1 + 0.05 * 40


# Callers who leave.


async def leave(served: Served, *, stream: bool, after: float) -> None:
    """A raw socket that asks and goes."""
    host, _, port = served.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(
        {"model": "x", "messages": [{"role": "user", "content": "Say hello"}], "stream": stream}
    ).encode()
    writer.write(
        b"POST /router/support/v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (KEY.encode(), len(body), body)
    )
    await writer.drain()
    if stream:
        await reader.readuntil(b"data:")
    await asyncio.sleep(after)
    writer.close()


@pytest.mark.parametrize(
    ("how", "stream", "hedge"),
    [
        ("stall-after-5", True, None),
        ("hang-headers", False, None),
        ("hang-headers", False, Hedge(after_ms=50, share=1)),
    ],
    ids=["streamed", "before-headers", "hedged"],
)
async def test_who_leaves_takes_the_provider_along(
    how: str, stream: bool, hedge: Hedge | None, redis: Redis, tmp_path: Path
) -> None:
    """Charter F-47, F-48: upstream closed within 1 s, every attempt on the books, no task left."""
    policy = Policy(otherwise=LIGHT, hedge=hedge)
    leavers = 50
    async with serving_gateway(redis, tmp_path, of(policy, misbehaving(how))) as served:
        before = len(asyncio.all_tasks())
        await asyncio.gather(*[leave(served, stream=stream, after=0.3) for _ in range(leavers)])
        left = monotonic()
        await until(lambda: served.statement.exists() and len(lines_of(served)) >= leavers, within=1.0)
        assert monotonic() - left < 1.0
        settled = await served.settled(leavers)
        lines = lines_of(served)
        await until(lambda: len(asyncio.all_tasks()) <= before + 2)
    attempts = {line.attempt.id: line.attempt for each in settled for line in each.attempts}
    assert set(attempts) == {line["attempt"] for line in lines}
    assert {attempt.outcome.value for attempt in attempts.values()} == {"cancelled"}
    assert {line["ended"] for line in lines} <= {"client_gone", "stalled"}
    assert {each.error for each in settled} == {"client_cancelled"}


async def test_who_leaves_while_we_back_off_is_not_asked_for_again(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(otherwise=LIGHT, retries=Retries(backoff_ms=1_500))
    async with upstream(always(DOWN)) as provider:
        tenant = of(policy, NANO, bases={"openai": f"http://127.0.0.1:{provider.port}/v1"})
        async with serving_gateway(redis, tmp_path, tenant, **HOME) as served:
            await leave(served, stream=False, after=0.4)
            (settled,) = await served.settled()
            assert provider.accepted == 1
    assert (settled.error, len(settled.attempts)) == ("client_cancelled", 1)
