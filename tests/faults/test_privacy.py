"""Canary words in prompts, answers and keys, through every way a request can go: no sink ever holds one."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from console.audit.actor import Actor
from console.configuration.apply import apply
from console.configuration.document import parse
from console.publishing import delivery
from console.publishing.actions import publish_tenant
from console.tenancy import every_tenant
from console.tenants.models import Tenant
from tests.faults.processes import Plant, plant, until
from tests.faults.traffic import CHAT, MESSAGES, quiet

pytestmark = pytest.mark.django_db(transaction=True)
PROMPT, OUTPUT = "PROMPT-CANARY-4711", "OUTPUT-CANARY-0815"
PROVIDER_KEY, GATEWAY_KEY = "sk-CANARY-provider-0123456789", "rw_CANARY_0123456789abcdefghijklmnopqrstuvwx"
WRONG_KEY = "rw_CANARY_typed_wrong_0123456789abcdefghijkl"
WORDS = (PROMPT, OUTPUT, PROVIDER_KEY, GATEWAY_KEY, WRONG_KEY)
ENDS = (
    "well", "401-echo", "500", "html", "null", "truncated", "cut-rst-5", "err-after-5", "err-first", "context",
    "stall-after-5", "hang-headers", "refuse", "low-logprob", "404", "422", "429-ra1", "no-usage", "bad-event",
)  # fmt: skip
MODEL = """
  - {{id: openai/m-{0}, provider_key: main, upstream_model: gpt-5-nano-sim-{0}, tier: lightweight, context: 100000,
     can: [tools, json_schema], price: {{input: 0.01, output: 0.01}}}}"""
ROUTER = """
  - id: r-{0}
    policy:
      baseline: openai/m-well
      whitelist: [openai/m-{0}]
      otherwise: {{tier: lightweight}}"""
CASCADE = ", cascade: {up_to: mid, checks: [{not_refusal: true}, {judge: {model: openai/gpt-5-mini, at_least: 0.9}}]}"
TENANT = f"""
tenant: canary
name: Canary Inc
plan: pro
tags: [team]
provider_keys:
  - {{name: main, provider: openai, secret: {{value: {PROVIDER_KEY}}}, base_url: "simulator:/openai/v1"}}
  - {{name: other, provider: anthropic, secret: {{value: {PROVIDER_KEY}-2}}, base_url: "simulator:/anthropic"}}
gateway_keys:
  - {{name: app, secret: {{value: {GATEWAY_KEY}}}}}
models:{"".join(MODEL.format(end) for end in ENDS)}
routers:{"".join(ROUTER.format(end) for end in ENDS)}
  - {{id: fallback, policy: {{whitelist: [openai/m-500, openai/m-well], otherwise: {{tier: lightweight}}}}}}
  - {{id: other, policy: {{whitelist: [anthropic/claude-haiku-*], otherwise: {{tier: lightweight}}}}}}
  - id: checked
    policy:
      whitelist: [openai/m-refuse, openai/m-well, openai/gpt-5-mini]
      otherwise: {{tier: lightweight{CASCADE}}}
  - {{id: nobody, policy: {{whitelist: [], otherwise: {{tier: mid}}}}}}
"""
ROUTERS = (*(f"r-{end}" for end in ENDS), "fallback", "other", "checked", "nobody")


@pytest.fixture
def works(tmp_path: Path, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    with plant(tmp_path, log_level="DEBUG") as made:
        monkeypatch.setattr(settings, "SIMULATOR_URL", made.simulator)
        redis = made.redis
        monkeypatch.setattr(delivery, "_redis", lambda: redis)
        apply(parse(TENANT), acting=Actor.system("tests"))
        with every_tenant():
            publish_tenant(Tenant.objects.get(slug="canary").pk)
        made.start_gateway()
        yield made


def conversation(path: str, *, streaming: bool) -> dict[str, Any]:
    """Its answer repeats what the tool found."""
    call, schema = {"name": "look", "arguments": json.dumps({"for": PROMPT})}, {"type": "object"}
    body: dict[str, Any] = {"model": "auto", "max_tokens": 200, "stream": streaming, "user": "u1"}
    if path == CHAT:
        calls = [{"id": "c1", "type": "function", "function": call}]
        tool = {"type": "function", "function": {"name": "look", "description": PROMPT, "parameters": schema}}
        return body | {
            "tools": [tool],
            "messages": [
                {"role": "system", "content": f"Be brief. {PROMPT}"},
                {"role": "user", "content": f"Look for {PROMPT}."},
                {"role": "assistant", "content": None, "tool_calls": calls},
                {"role": "tool", "tool_call_id": "c1", "content": OUTPUT},
            ],
        }
    del body["user"]
    used = {"type": "tool_use", "id": "c1", "name": "look", "input": {"for": PROMPT}}
    found = {"type": "tool_result", "tool_use_id": "c1", "content": OUTPUT}
    return body | {
        "system": f"Be brief. {PROMPT}",
        "tools": [{"name": "look", "description": PROMPT, "input_schema": schema}],
        "messages": [
            {"role": "user", "content": f"Look for {PROMPT}."},
            {"role": "assistant", "content": [used]},
            {"role": "user", "content": [found]},
        ],
    }


def test_no_sink_holds_a_word_of_anybodys(works: Plant) -> None:
    works.start_worker()
    answers = asyncio.run(every_way(works.url))
    assert sum(OUTPUT in answer for answer in answers) >= 8, answers[:8]
    assert not any(PROVIDER_KEY in answer for answer in answers)
    until(lambda: recorded() >= 4 * len(ROUTERS) and works.redis.xlen("rungway:events") == 0)

    metrics = httpx.get(f"{works.url}/metrics").content
    sinks = {**files(works), "redis": in_redis(works.redis), "postgres": in_postgres(), "metrics": metrics}
    assert len(sinks["gateway.log"]) > 0
    assert len(sinks["postgres"]) > 100_000
    found = {
        (sink, word) for sink, word in product(sinks, WORDS) if any(w in sinks[sink] for w in spelled(word))
    }
    assert found == set()


async def every_way(url: str) -> list[str]:
    quiet()
    answers: list[str] = []
    async with httpx.AsyncClient(timeout=30) as client:

        async def send(router: str, path: str, body: Any, key: str = GATEWAY_KEY, **headers: str) -> None:
            given = {
                "authorization": f"Bearer {key}",
                "content-type": "application/json",
                "anthropic-version": "2023-06-01",
                "x-rungway-timeout-ms": "1500",
                **headers,
            }
            answer = await client.post(f"{url}/router/{router}{path}", content=body, headers=given)
            answers.append(answer.text)

        whole = [
            send(router, path, json.dumps(conversation(path, streaming=streaming)))
            for router, path, streaming in product(ROUTERS, (CHAT, MESSAGES), (False, True))
        ]
        for n in range(0, len(whole), 8):
            await asyncio.gather(*whole[n : n + 8])
        for path, streaming in product((CHAT, MESSAGES), (False, True)):
            body = json.dumps(conversation(path, streaming=streaming))
            await send("r-well", path, body, **{"idempotency-key": f"{path}-{streaming}"})
            await send("r-well", path, body, **{"idempotency-key": f"{path}-{streaming}"})
            await send("r-well", path, body, key=WRONG_KEY)
            await send("r-well", path, body[:-9])
            await send("r-well", path, body.replace('"messages": [', f'"messages": ["{PROMPT}", '))
            await send("r-well", path, body.replace('"max_tokens": 200', f'"max_tokens": "{PROMPT}"'))
            await left(client, f"{url}/router/r-stall-after-5{path}", body)
    return answers


async def left(client: httpx.AsyncClient, url: str, body: str) -> None:
    leaving = asyncio.create_task(
        client.post(
            url, json=json.loads(body), headers={"x-api-key": GATEWAY_KEY, "anthropic-version": "2023-06-01"}
        )
    )
    await asyncio.sleep(0.4)
    leaving.cancel()


def recorded() -> int:
    with every_tenant(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM billing_requestrecord")
        return int(cursor.fetchone()[0])


def files(works: Plant) -> dict[str, bytes]:
    """Whatever lies on disk, Redis's append-only file among it, but for what the providers themselves keep."""
    own = {works.statement, works.folder / "simulator.log"}
    paths = [path for path in works.folder.rglob("*") if path.is_file() and path not in own]
    return {str(path.relative_to(works.folder)): path.read_bytes() for path in paths}


def in_redis(redis: Redis) -> bytes:
    readers: dict[bytes, Any] = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": redis.xrange,
    }
    keys: Any = redis.keys()
    return b"\n".join(repr((key, readers[redis.type(key)](key))).encode() for key in keys)  # type: ignore[index]


def in_postgres() -> bytes:
    """Every row of every table."""
    with every_tenant(), connection.cursor() as cursor:
        rows = b""
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            rows += "\n".join(row[0] for row in cursor.fetchall()).encode()
    return rows


def spelled(word: str) -> list[bytes]:
    """As it is, and in what columns and snapshots write bytes as."""
    raw = word.encode()
    shifted = [b64encode(b" " * n + raw)[4 if n else 0 : -4] for n in range(3)]
    return [raw, raw.hex().encode(), *shifted]
