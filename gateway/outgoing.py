"""The answer's headers: what was decided, what it came to, what it cost."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from gateway.authenticate import Caller
from gateway.core.ladder import Attempt, AttemptOutcome, outcome_of
from gateway.core.router import Router
from gateway.counting import Count
from gateway.dispatch import EVENTS, JSON, Came
from gateway.exchange import Answer, Call
from gateway.journey import Journey
from gateway.streaming import Stream, money

Headers = list[tuple[bytes, bytes]]


def delivered(journey: Journey, came: Came) -> Answer:
    headers = [
        *decided(journey),
        (b"x-request-id", journey.origin.request_id.encode()),
        (b"content-type", came.content_type),
        (b"x-rungway-model", came.attempt.model.encode()),
        *counted(journey),
        *qualified(journey, came.attempt.model),
    ]
    return Answer(status=200, headers=headers, body=came.body)


def counted(journey: Journey) -> Headers:
    """How it came out and what it cost, once that is settled."""
    settlement = journey.settlement
    assert settlement is not None
    return [
        (b"x-rungway-attempts", b"%d" % len(journey.attempts)),
        (b"x-rungway-outcome", journey.came_out.encode()),
        (b"x-rungway-cost-usd", money(settlement.cost)),
        (b"x-rungway-baseline-usd", money(settlement.baseline)),
    ]


def committed(journey: Journey, stream: Stream) -> Answer:
    """A stream's money is known at its end, and told there in a comment."""
    trial = stream.trial
    coming = Attempt(id=trial.id, model=trial.model.id, outcome=AttemptOutcome.ANSWERED)
    outcome = outcome_of([*journey.attempts, coming], coming)
    headers = [
        *decided(journey),
        (b"x-request-id", journey.origin.request_id.encode()),
        (b"content-type", EVENTS),
        (b"cache-control", b"no-cache"),
        (b"x-rungway-model", trial.model.id.encode()),
        (b"x-rungway-attempts", b"%d" % (len(journey.attempts) + 1)),
        (b"x-rungway-outcome", outcome.encode()),
        *qualified(journey, trial.model.id),
    ]
    return Answer(status=200, headers=headers, body=stream)


def qualified(journey: Journey, model: str) -> Headers:
    """Why an answer with checks went out without, or without all of them: first_rung, too_long, cap. And to how many
    tokens it was limited where its caller gave no limit."""
    headers: Headers = []
    if journey.unchecked:
        headers.append((b"x-rungway-unchecked", journey.unchecked.removeprefix("unchecked_").encode()))
    if limit := journey.limits.get(model):
        headers.append((b"x-rungway-max-output-tokens", b"%d" % limit))
    return headers


def counted_tokens(journey: Journey, count: Count) -> Answer:
    headers = [
        *decided(journey),
        (b"x-request-id", journey.origin.request_id.encode()),
        (b"content-type", JSON),
        (b"x-rungway-model", count.model.encode()),
        *counted(journey),
    ]
    if count.estimated:
        headers.append((b"x-rungway-estimated", b"true"))
    return Answer(status=200, headers=headers, body=count.body)


def decided(journey: Journey) -> Headers:
    headers = [
        (b"x-rungway-request-id", journey.origin.request_id.encode()),
        (b"x-rungway-router", journey.router.id.encode()),
        (b"x-rungway-policy-version", b"%d" % journey.router.policy_version),
        (b"x-rungway-rule", header_text(journey.route.target.rule)),
        (b"x-rungway-class", journey.facts.request_class.encode()),
        (b"x-rungway-tier", journey.tier.encode()),
    ]
    if journey.dropped:
        headers.append((b"x-rungway-dropped", header_text(", ".join(sorted(journey.dropped)))))
    return headers


def dry(explanation: object, call: Call, caller: Caller, router: Router) -> Answer:
    """`x-rungway-dry-run: 1`: decided and explained, nobody called."""
    body = msgspec.json.encode(explanation)
    headers = [
        (b"content-type", JSON),
        (b"x-rungway-request-id", call.request_id.encode()),
        (b"x-rungway-router", router.id.encode()),
        (b"x-rungway-policy-version", b"%d" % router.policy_version),
    ]
    return Answer(status=200, headers=headers, body=body)


@lru_cache(maxsize=4096)
def header_text(text: str) -> bytes:
    """Names are the tenant's; a header holds printable ASCII only."""
    return "".join(char if " " <= char <= "~" else "?" for char in text[:512]).encode()
