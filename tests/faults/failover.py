"""The charter's rows of providers that fail and of callers who leave, at their volume, on servers of their own:

    python -m tests.faults.failover [--times 500] [F-32 F-35 …]

One line a row: what was done, what came of it, and whether that is what the charter asks. Times are those of this
machine, busy with everything at once: callers, gateways and simulated providers. The suite holds the same promises at
a smaller volume (`tests/gateway/test_failover.py`, `test_breakers.py`, `test_cooldowns.py`, `test_wire.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic, time
from typing import Any

import httpx
from msgspec import Struct
from msgspec.structs import replace
from redis import Redis

from gateway.cooldowns import CHANNEL
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy, Timeouts
from tests.gateway.test_failover import HOME, OK, leave
from tests.gateway.upstream import always, until, upstream
from tests.gateway.world import (
    KEY,
    MODELS,
    Served,
    misbehaving,
    model,
    publish,
    serving_gateway,
    snapshot,
)
from tests.servers import running_servers

POLICY = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
AT_ONCE = 20
WELL = model("openai/gpt-5-nano", Tier.LIGHTWEIGHT, (0.05, 0.4))


class Came(Struct, frozen=True):
    what: str
    holds: bool


type Row = Callable[[Redis, Path, int], Awaitable[Came]]


async def cut_streams(redis: Redis, folder: Path, times: int) -> Came:
    """F-32: an error at the end, never a good end, and no word twice."""
    wrong = 0
    for how in ("cut-fin-5", "cut-rst-5", "err-after-5"):
        async with served(redis, folder / how, misbehaving(how)) as one:
            for reply in await asked(one, times, stream=True):
                good_end = "[DONE]" in reply.text or '"finish_reason":"stop"' in reply.text
                wrong += (
                    good_end or '"error"' not in reply.text or reply.text.count('"role":"assistant"') != 1
                )
    return Came(f"{3 * times} cut streams, {wrong} that look whole or begin twice", wrong == 0)


async def left_alone(redis: Redis, folder: Path, times: int) -> Came:
    """F-35: 429 with Retry-After 7: no call in the first 7 s by any of four gateways, the first one within 9 s."""
    async with AsyncExitStack() as stack:
        gateways = [
            await stack.enter_async_context(served(redis, folder / str(n), misbehaving("429-ra7"), *MODELS))
            for n in range(4)
        ]
        await until(lambda: dict(redis.pubsub_numsub(CHANNEL)).get(CHANNEL.encode()) == len(gateways))
        await asked(gateways[0], 1)
        began, until_then = time(), monotonic() + 10
        await asyncio.sleep(0.1)  # what was under way when the word came
        while monotonic() < until_then:
            await asyncio.gather(*(asked(one, 2) for one in gateways))
        calls = [line["at"] - began for one in gateways for line in lines_of(one) if "429" in line["model"]]
    later = sorted(at for at in calls if at > 0)
    first = later[0] if later else 0.0
    return Came(f"{len(later)} calls in 10 s, the first after {first:.1f} s", 6.5 <= first <= 9.5)


async def hard_down(redis: Redis, folder: Path, times: int) -> Came:
    """F-36: with nobody else to ask, at most 1.2 calls a request after the first two seconds; well again in time."""
    down = misbehaving("503")
    async with served(redis, folder, down) as one:
        await asked(one, 50)
        before, sent = len(lines_of(one)), 0
        while sent < times:
            await asked(one, 50)
            sent += 50
        calls = len(lines_of(one)) - before
        publish(redis, tenant(replace(down, upstream_model="gpt-5-nano"), version=2))
        since = monotonic()
        while (await asked(one, 1))[0].status_code != 200:
            if monotonic() - since > 40:
                return Came("does not recover within 40 s", holds=False)
            await asyncio.sleep(0.2)
        took = monotonic() - since
    return Came(
        f"{calls / sent:.2f} calls a request; answers {took:.1f} s after the provider", calls <= 1.2 * sent
    )


async def some_errors(redis: Redis, folder: Path, times: int) -> Came:
    """F-36: 20 % errors beside a healthy model: 99.9 % are answered, with at most 1.25 calls each."""
    async with served(redis, folder, misbehaving("err-p20"), WELL) as one:
        replies = await asked(one, 2 * times)
        calls = len(lines_of(one))
    good = sum(reply.status_code == 200 for reply in replies) / len(replies)
    each = calls / len(replies)
    return Came(f"{good:.2%} answered with {each:.2f} calls each", good >= 0.999 and each <= 1.25)


async def beside_a_hanging_one(redis: Redis, folder: Path, times: int) -> Came:
    """F-38: so many requests hang at one provider; those of another, at an address of its own, are answered as ever."""
    hangs = misbehaving("hang-headers", provider="anthropic")
    async with upstream(always(OK)) as provider:
        bases = {"anthropic": "simulator:/anthropic", "openai": f"http://127.0.0.1:{provider.port}/v1"}
        both = snapshot(("support", POLICY), models=(hangs, WELL), bases=bases)
        async with serving_gateway(redis, made(folder), both, **HOME) as one:
            return await hanging(one, hangs.id, times)


async def hanging(one: Served, model_id: str, times: int) -> Came:
    began = monotonic()
    await asked(one, 100, asks=WELL.id)
    alone = monotonic() - began
    waiting = asyncio.create_task(asked(one, times, asks=model_id, at_once=times))
    await asyncio.sleep(3)  # all of them are under way, or in the queue
    began = monotonic()
    replies = await asked(one, 100, asks=WELL.id)
    beside = monotonic() - began
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    good = sum(reply.status_code == 200 for reply in replies)
    return Came(
        f"{good} of 100 beside {times} that hang, in {beside:.2f} s; alone in {alone:.2f} s", good == 100
    )


async def deadlines(redis: Redis, folder: Path, times: int) -> Came:
    """F-39: two seconds for everything, each attempt slow: over by 2.25 s."""
    slow = [misbehaving("hang-headers"), replace(misbehaving("hang-headers"), id="openai/other")]
    policy = replace(POLICY, timeouts=Timeouts(first_byte_ms=1_200))
    async with served(redis, folder, *slow, policy=policy) as one:
        longest, attempts = 0.0, 0
        for _ in range(max(1, times // 100)):
            began = monotonic()
            replies = await asked(one, 5, patience_ms=2_000)
            longest = max(longest, monotonic() - began)
            attempts = max(attempts, *(int(reply.headers["x-rungway-attempts"]) for reply in replies))
    return Came(f"over after {longest:.2f} s, {attempts} attempts at most", longest <= 2.25 and attempts <= 3)


async def leave_streams(redis: Redis, folder: Path, times: int) -> Came:
    """F-47: who leaves within a stream: its provider is let go within a second, and it is on the books."""
    return await leaving(redis, folder, times, "stall-after-5", stream=True)


async def leave_early(redis: Redis, folder: Path, times: int) -> Came:
    """F-48: who leaves before headers; nothing is begun afterwards."""
    return await leaving(redis, folder, times, "hang-headers", stream=False)


async def leaving(redis: Redis, folder: Path, times: int, how: str, *, stream: bool) -> Came:
    longest, seen = 0.0, 0
    async with served(redis, folder, misbehaving(how)) as one:
        tasks = len(asyncio.all_tasks())
        while seen < times:
            await asyncio.gather(*(leave(one, stream=stream, after=0.3) for _ in range(50)))
            seen, left = seen + 50, monotonic()
            await until(lambda wanted=seen: len(lines_of(one)) >= wanted, within=10.0)  # type: ignore[misc]
            longest = max(longest, monotonic() - left)
        settled = await one.settled(seen)
        await until(lambda: len(asyncio.all_tasks()) <= tasks + 2, within=5.0)
    cancelled = sum(each.error == "client_cancelled" for each in settled)
    calls = sum(len(each.attempts) for each in settled)
    what = f"{cancelled} of {seen} on the books, {calls} calls; the last of 50 let go after {longest:.2f} s"
    return Came(what, cancelled == calls == seen and longest <= 1.0)


ROWS: Mapping[str, tuple[Row, ...]] = {
    "F-32": (cut_streams,),
    "F-35": (left_alone,),
    "F-36": (hard_down, some_errors),
    "F-38": (beside_a_hanging_one,),
    "F-39": (deadlines,),
    "F-47": (leave_streams,),
    "F-48": (leave_early,),
}


def tenant(*models: Any, policy: Policy = POLICY, version: int = 1) -> Any:
    return snapshot(("support", policy), models=models, version=version)


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def served(redis: Redis, folder: Path, *models: Any, policy: Policy = POLICY) -> AsyncIterator[Served]:
    async with serving_gateway(redis, made(folder), tenant(*models, policy=policy)) as one:
        yield one


def lines_of(one: Served) -> list[dict[str, Any]]:
    return (
        [json.loads(line) for line in one.statement.read_text().splitlines()]
        if one.statement.exists()
        else []
    )


async def asked(
    one: Served,
    times: int,
    *,
    stream: bool = False,
    patience_ms: int | None = None,
    asks: str = "",
    at_once: int = AT_ONCE,
) -> list[httpx.Response]:
    """So many requests, some at a time; through the router, unless they ask for a model."""
    body = {"model": asks or "x", "messages": [{"role": "user", "content": "Say hello"}], "stream": stream}
    headers = {"authorization": f"Bearer {KEY}"}
    if patience_ms is not None:
        headers["x-rungway-timeout-ms"] = str(patience_ms)
    base = one.url if asks else one.router("support")
    url, gate = base + "/v1/chat/completions", asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client:

        async def ask() -> httpx.Response:
            async with gate:
                return await client.post(url, json=body, headers=headers)

        return await asyncio.gather(*(ask() for _ in range(times)))


async def rows(wanted: list[str], times: int) -> int:
    failed = 0
    for name in wanted:
        for row in ROWS[name]:
            redis = Redis.from_url(os.environ["REDIS_URL"])
            redis.flushall()
            with tempfile.TemporaryDirectory(prefix="rungway-rows-") as folder:
                came = await row(redis, Path(folder), times)
            redis.close()
            failed += not came.holds
            print(f"{name}  {'holds' if came.holds else 'FAILS'}  {came.what}", flush=True)
    return failed


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; none: all of them")
    words.add_argument("--times", type=int, default=500)
    given = words.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        words.error(f"no row is named {', '.join(sorted(unknown))}")
    with running_servers() as environ:
        os.environ.update(environ, DJANGO_SETTINGS_MODULE="console.settings")
        return min(1, asyncio.run(rows(given.rows or list(ROWS), given.times)))


if __name__ == "__main__":
    sys.exit(main())
