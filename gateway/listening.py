"""Messages of a Redis channel, for as long as a worker lives. Nothing is promised: each has another way to learn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from redis.asyncio import Redis

POLL = 1.0  # seconds; as long again after Redis did not answer


async def listen(redis: Redis, channel: str, heed: Callable[[bytes], None]) -> None:
    while True:
        try:
            async with redis.pubsub() as subscribed:
                await subscribed.subscribe(channel)
                while True:
                    message = await subscribed.get_message(ignore_subscribe_messages=True, timeout=POLL)
                    if message:
                        heed(message["data"])
        except Exception:  # noqa: BLE001 - whatever Redis does, workers go on by themselves
            await asyncio.sleep(POLL)
