"""How many events a second one worker stores: `python -m tests.bench.billing [requests]`.

Half of the events are intents, as the gateway sends them. Prints requests, ledger lines and events a second,
and what a line took at the start and at the end, which should not differ.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from gateway.core.events import Event

ROUND = 20_000  # requests between two readings


def main(requests: int) -> None:
    from tests.servers import running_servers

    with running_servers() as environment:
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="console.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        measure(requests)


def measure(requests: int) -> None:
    from redis import Redis

    from billing import ingest
    from billing.stream import Stream
    from console.tenants.models import Tenant
    from gateway.core.events import RequestSettled
    from tests.billing.events import send

    tenants = [Tenant.objects.create(slug=f"bench-{n}", name="Bench").pk for n in range(4)]
    redis = Redis.from_url(os.environ["REDIS_URL"])
    print(f"{'requests':>10} {'lines/s':>10} {'events/s':>10} {'µs a line':>10}")
    for done in range(0, requests, ROUND):
        events = list(traffic(tenants, min(ROUND, requests - done), seed=done))
        lines = sum(len(event.attempts) for event in events if isinstance(event, RequestSettled))
        send(redis, events)
        start = time.perf_counter()
        drained = ingest.drain(Stream(redis), seconds=600)
        took = time.perf_counter() - start
        assert (drained.entries, drained.dead) == (len(events), 0)
        speeds = f"{lines / took:>10,.0f} {len(events) / took:>10,.0f} {took / lines * 1e6:>10.0f}"
        print(f"{done + len(events) // 2:>10,} {speeds}")


def traffic(tenants: list[UUID], requests: int, *, seed: int) -> Iterator[Event]:
    """Believable variety: four routers, six classes, five models, three tags, a thousand requests an hour."""
    from gateway.core.facts import RequestClass
    from gateway.core.ladder import AttemptOutcome
    from gateway.core.price import Usage
    from tests.billing.events import GPT_5, HAIKU, MINI, NANO, NOON, OPUS, attempt, intent, settled

    dice = random.Random(seed)
    classes = list(RequestClass)[:6]
    for n in range(requests):
        tenant = dice.choice(tenants)
        at = NOON + timedelta(seconds=(seed + n) * 3.6)
        usage = Usage(input=dice.randrange(50, 4000), output=dice.randrange(10, 800))
        tries = [attempt(dice.choice((NANO, HAIKU, MINI)), usage=usage, id=uuid4().hex)]
        if dice.random() < 0.1:
            tries[0] = attempt(NANO, usage=usage, id=uuid4().hex, outcome=AttemptOutcome.REJECTED)
            tries.append(attempt(dice.choice((GPT_5, OPUS)), usage=usage, id=uuid4().hex))
        request = f"req_{uuid4().hex}"
        yield intent(tenant, request, NANO, attempt_id=tries[0].id, at=at)
        yield settled(
            tenant,
            *tries,
            outcome="escalated" if len(tries) > 1 else "answered",
            request_id=request,
            at=at,
            router=dice.choice(("support", "search", "coding", "office")),
            gateway_key=f"key-{dice.randrange(6)}",
            about={
                "request_class": dice.choice(classes),
                "difficulty": dice.random(),
                "tags": {
                    "team": dice.choice("abc"),
                    "env": dice.choice(("prod", "test")),
                    "feature": dice.choice("xyzuvw"),
                },
            },
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
