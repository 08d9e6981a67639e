"""`requests`: the log, and of one request why it went where it went and what each attempt cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from django.http import Http404

from billing import figures, selectors
from console.api.asking import ASKED, Keys, question
from console.api.endpoint import Call, Endpoint, operation
from console.api.explain import Decision
from console.api.listing import PAGE, Listing, limit_of
from console.api.schema import Param
from console.publishing.again import Again, decided_again
from console.tenancy import Role
from gateway.core.classify import Classification
from gateway.core.facts import RequestFacts
from gateway.core.report import explanation_of

Common = TypedDict(
    "Common",
    {
        "id": str,
        "at": datetime,
        "router": str | None,
        "policy_version": int,
        "rule": str,
        "class": str | None,
        "tier": str | None,
        "requested_model": str,
        "model": str | None,
        "outcome": str,
        "status": int,
        "error": str | None,
        "tags": dict[str, str],
        "cost_usd": str | None,
        "baseline_usd": str | None,
        "saved_usd": str | None,
    },
)


class RequestRow(Common):
    attempts: int


class Attempt(TypedDict):
    """A line of the ledger. `price` is in USD per million tokens, as the cost was reckoned with it."""

    id: str
    kind: str
    provider: str
    model: str
    served_model: str | None
    tier: str
    outcome: str
    because: str | None
    status: int
    usage: dict[str, int]
    usage_source: str
    service_tier: str | None
    region: str | None
    cost_usd: str | None
    price: dict[str, str] | None
    started_at: datetime
    first_byte_ms: int | None
    total_ms: int


class RequestDetail(Common):
    """`decision` is made again of what the gateway knew then; `differences` is where it comes out otherwise.

    `undecided` says why it could not be made again; `taken_back` are lines that a late settlement corrected.
    """

    attempts: list[Attempt]
    taken_back: list[Attempt]
    decision: Decision | None
    differences: list[str]
    undecided: str | None
    key: str | None
    end_user: str | None
    session: str | None
    total_ms: int
    first_byte_ms: int | None
    decide_us: int
    interrupted: bool


class Requests(Endpoint):
    @operation(
        Role.VIEWER,
        gives=Listing[RequestRow],
        params=(*ASKED, Param("id", "Only those whose id begins so."), *PAGE),
    )
    def get(self, call: Call) -> Mapping[str, Any]:
        """The newest first. A filter on an attempt's model, tier or part finds requests with such an attempt."""
        page = selectors.requests(
            call.tenant,
            question(call),
            starts_with=call.param("id"),
            cursor=call.param("cursor"),
            limit=limit_of(call, selectors.PAGE),
        )
        return {"results": [figures.request_row(listed) for listed in page.rows], "next": page.next}


class OneRequest(Endpoint):
    called = "Request"

    @operation(Role.VIEWER, gives=RequestDetail)
    def get(self, call: Call, request_id: str) -> Mapping[str, Any]:
        detail = selectors.request(call.tenant, request_id)
        if detail is None:
            raise Http404
        record, again = detail.request, decided_again(call.tenant, detail.request)
        return {
            **figures.request_row(selectors.Listed(record, record.known_cost, record.attempts)),
            "attempts": [figures.attempt_row(line) for line in detail.lines],
            "taken_back": [figures.attempt_row(line) for line in detail.taken_back],
            "decision": decision(again),
            "differences": list(again.differences),
            "undecided": again.missing or None,
            "key": Keys(call.tenant).name(record.gateway_key) or None,
            "end_user": record.end_user or None,
            "session": record.session or None,
            "total_ms": record.total_ms,
            "first_byte_ms": record.first_byte_ms,
            "decide_us": record.decide_us,
            "interrupted": record.interrupted,
        }


def decision(again: Again) -> Mapping[str, Any] | None:
    if again.facts is None or again.explanation is None:
        return None
    return explanation_of(again.explanation, seen(again.facts))


def seen(facts: RequestFacts) -> Classification:
    """What is kept of the classification: the evidence would quote the prompt, and no prompt is kept."""
    return Classification(
        request_class=facts.request_class,
        difficulty=facts.difficulty,
        confidence=facts.confidence,
        input_tokens=facts.input_tokens,
        output_tokens=facts.output_tokens,
        evidence=(),
    )
