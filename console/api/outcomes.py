"""`requests/{id}/outcome`: how good an answer was, as its caller found it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypedDict

from django.http import Http404
from django.utils import timezone
from msgspec import Meta, Struct

from billing import heard
from billing.models import RequestRecord
from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.errors import invalid
from console.tenancy import Role


class GivenOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """1 is an answer that did all it should, 0 one of no use; below 0.5 it counts as a sign of underkill."""

    score: Annotated[float, Meta(ge=0, le=1)]


class OutcomeRow(TypedDict):
    request: str
    score: float
    said_at: datetime


class OutcomeOf(Endpoint):
    called = "Outcome"

    @operation(Role.VIEWER, gives=OutcomeRow)
    def get(self, call: Call, request_id: str) -> Mapping[str, Any]:
        found = call.tenant.outcomes.filter(request_id=request_id).first()
        if found is None:
            raise Http404
        return {"request": found.request_id, "score": found.score, "said_at": found.said_at}

    @submission(Role.ANALYST, takes=GivenOutcome, gives=OutcomeRow)
    def put(self, call: Call, given: GivenOutcome, request_id: str) -> Mapping[str, Any]:
        """Of a request that was answered; what was said before is replaced. Quality is learnt from it, too."""
        request = _answered(call, request_id)
        said = heard.say(request, given.score, now=timezone.now())
        return {"request": said.request_id, "score": said.score, "said_at": said.said_at}


def _answered(call: Call, request_id: str) -> RequestRecord:
    request = call.tenant.requests.filter(request_id=request_id).first()
    if request is None:
        raise Http404
    if request.part != "answer":
        raise invalid("request", "This request was not answered by a model: there is nothing to judge.")
    return request
