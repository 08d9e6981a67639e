"""Publishes a tenant of thirty models and a policy of ten rules, for the benchmark's gateway.

python -m tests.bench.publish BASE_URL
"""

from __future__ import annotations

import os
import sys

import django
from redis import Redis

from gateway.core.conditions import Condition, Range
from gateway.core.facts import RequestClass, Tier
from gateway.core.policy import Otherwise, Policy, Rule, Unsure


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    from tests.gateway.world import MODELS, model, publish, snapshot

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
    tenant = snapshot(("support", policy), models=(*MODELS, *more), bases={"openai": sys.argv[1]})
    publish(Redis.from_url(os.environ["REDIS_URL"]), tenant)


if __name__ == "__main__":
    main()
