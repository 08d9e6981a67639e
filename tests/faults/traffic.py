"""Mixed requests of both surfaces: plain, streamed, with tools, answered, refused, cut, and left by their callers."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle
from time import monotonic
from typing import Any, Literal

import httpx
from msgspec import Struct

from tests.gateway.world import KEY

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
TEXTS = (
    "Classify the sentiment of this review as positive or negative: 'The battery died after two days.'",
    "Say hello",
    "Extract the order number from: my parcel 12345 never came",
    "Write three sentences about rivers.",
    "Prove step by step that there are infinitely many primes.",
)
TOOL = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
BILL = re.compile(r": x-rungway-cost-usd=(\S+) x-rungway-baseline-usd=(\S+)")
ROUTERS = {  # how often each is asked
    "plain": 30, "premium": 12, "anthropic": 12, "cascade": 12, "judged": 6, "unpriced": 6,
    "unknown-baseline": 3, "cut": 4, "busy": 4, "silent": 3, "stalls": 5, "stalls-too": 3,
}  # fmt: skip
LEFT = ("stalls", "stalls-too")  # their callers have to leave: nothing more comes

type End = Literal["whole", "error", "broken", "left", "failed"]


class Ask(Struct, frozen=True, kw_only=True):
    router: str
    path: str
    body: Mapping[str, Any]
    team: str = ""
    leaves: bool = False  # its caller, after a little of the answer

    @property
    def streaming(self) -> bool:
        return bool(self.body["stream"])


class Told(Struct, kw_only=True):
    """What the caller saw. Amounts as they were written, empty where none were."""

    ask: Ask
    end: End = "failed"
    status: int = 0
    request_id: str = ""
    cost: str = ""
    baseline: str = ""
    text: str = ""
    seconds: float = 0.0


def mixed(count: int, *, seed: int = 1, without: Iterable[str] = ()) -> list[Ask]:
    dice = random.Random(seed)
    routers = {name: often for name, often in ROUTERS.items() if name not in set(without)}
    chosen = dice.choices(list(routers), list(routers.values()), k=count)
    return [one(router, number, dice) for number, router in enumerate(chosen)]


def one(router: str, number: int, dice: random.Random) -> Ask:
    path = dice.choice((CHAT, MESSAGES))
    body: dict[str, Any] = {
        "model": dice.choice(("openai/gpt-5", "anthropic/sonnet", "nobody-knows-it")),
        "max_tokens": dice.choice((20, 60, 200)),
        "stream": router in LEFT or dice.random() < 0.25,
        "messages": [{"role": "user", "content": f"{dice.choice(TEXTS)} ({number})"}],
    }
    if dice.random() < 0.15:
        body |= tools(path)
    if body["stream"] and path == CHAT and dice.random() < 0.5:
        body["stream_options"] = {"include_usage": True}
    team = dice.choice(("search", "support", ""))
    return Ask(router=router, path=path, body=body, team=team, leaves=router in LEFT)


def tools(path: str) -> dict[str, Any]:
    about = {"name": "get_weather", "description": "Current weather in a city"}
    if path == CHAT:
        return {"tools": [{"type": "function", "function": {**about, "parameters": TOOL}}]}
    return {"tools": [{**about, "input_schema": TOOL}]}


async def send(client: httpx.AsyncClient, url: str, ask: Ask) -> Told:
    told, began = Told(ask=ask), monotonic()
    headers = {"authorization": f"Bearer {KEY}", "anthropic-version": "2023-06-01"}
    if ask.team:
        headers["x-rungway-tag-team"] = ask.team
    request = client.build_request(
        "POST", f"{url}/router/{ask.router}{ask.path}", json=ask.body, headers=headers
    )
    try:
        answer = await client.send(request, stream=True)
    except httpx.HTTPError:
        return told
    told.status, told.request_id = answer.status_code, answer.headers.get("x-rungway-request-id", "")
    told.cost = answer.headers.get("x-rungway-cost-usd", "")
    told.baseline = answer.headers.get("x-rungway-baseline-usd", "")
    try:
        told.end = await read(answer, told)
    except httpx.HTTPError:
        told.end = "broken"
    finally:
        await answer.aclose()
        told.seconds = monotonic() - began
    return told


async def read(answer: httpx.Response, told: Told) -> End:
    async for part in answer.aiter_text():
        told.text += part
        if told.ask.leaves and len(told.text) > 300:
            return "left"
    if bill := BILL.search(told.text):
        told.cost, told.baseline = bill.groups()
    if answer.status_code != 200:
        return "error"
    if told.ask.streaming and not ends_well(told):
        return "broken"
    return "whole"


def ends_well(told: Told) -> bool:
    return ("data: [DONE]" if told.ask.path == CHAT else "event: message_stop") in told.text


def going_on(asks: Iterable[Ask], over: asyncio.Event) -> Iterator[Ask]:
    """Again and again, until it is over."""
    for ask in cycle(asks):
        if over.is_set():
            return
        yield ask


def quiet() -> None:
    """httpx tells every request."""
    logging.getLogger("httpx").setLevel(logging.WARNING)


async def all_of(url: str, asks: Iterable[Ask], *, at_once: int = 16) -> list[Told]:
    """In order, so many at a time."""
    quiet()
    waiting, told = iter(asks), list[Told]()

    async def caller(client: httpx.AsyncClient) -> None:
        for ask in waiting:
            told.append(await send(client, url, ask))

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client, asyncio.TaskGroup() as callers:
        for _ in range(at_once):
            callers.create_task(caller(client))
    return told
