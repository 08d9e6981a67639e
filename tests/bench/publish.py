"""Publishes a tenant of thirty models and a policy of ten rules, for the benchmark's gateway.

python -m tests.bench.publish BASE_URL [--tenants N] [--keys N]
"""

from __future__ import annotations

import argparse
import os

import django
from redis import Redis

from gateway.core.conditions import Condition, Range
from gateway.core.facts import RequestClass, Tier
from gateway.core.policy import Otherwise, Policy, Rule, Unsure
from gateway.core.secrets import digest
from gateway.core.snapshot import GatewayKeySnapshot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("--tenants", type=int, default=1)
    parser.add_argument("--keys", type=int, default=1, help="of each tenant")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    from tests.gateway.world import KEY, MODELS, model, publish, snapshot

    rules = tuple(
        Rule(
            name=f"rule {n}",
            when=Condition(
                all_=(Condition(tag={"team": f"t{n}"}), Condition(input_tokens=Range(at_most=9000)))
            ),
            tier=Tier.SMALL,
        )
        for n in range(9)
    )
    routine = Rule(
        name="routine", when=Condition(request_class=RequestClass.CLASSIFICATION), tier=Tier.LIGHTWEIGHT
    )
    policy = Policy(
        baseline="openai/gpt-5",
        whitelist=("openai/*",),
        rules=(*rules, routine),
        otherwise=Otherwise(tier=Tier.MID),
        unsure=Unsure(tier=Tier.MID),
    )
    more = tuple(model(f"openai/m{n}", list(Tier)[1 + n % 4], (1 + n, 2 + n)) for n in range(24))
    redis = Redis.from_url(os.environ["REDIS_URL"])
    for number in range(arguments.tenants):
        name = f"tenant-{number + 1}"
        keys = [KEY if number == index == 0 else f"{KEY}-{number}-{index}" for index in range(arguments.keys)]
        tenant = snapshot(
            ("support", policy),
            tenant=name,
            models=(*MODELS, *more),
            bases={"openai": arguments.base},
            gateway_keys=tuple(
                GatewayKeySnapshot(digest=digest(key), id=f"{name}-{index}", name=f"app-{index}")
                for index, key in enumerate(keys)
            ),
        )
        publish(redis, tenant)


if __name__ == "__main__":
    main()
