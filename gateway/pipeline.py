"""One request, from start to end. Every step is a function of its own; only this file knows their order."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter_ns

import structlog
from msgspec import Struct

from gateway.admit import Admission
from gateway.authenticate import Caller, authenticate, router_of
from gateway.breakers import Breakers
from gateway.core.classify import Classification, classify
from gateway.core.conversation import ChatRequest
from gateway.core.decide import Refusal, Route, decide
from gateway.core.events import Origin, RequestSettled
from gateway.core.explain import explain
from gateway.core.facts import RequestFacts
from gateway.core.observe import lot_of, observe
from gateway.core.prompt import Prompt
from gateway.core.report import explanation_of
from gateway.core.router import Router, named, on_whitelist
from gateway.dialects import SURFACES
from gateway.dialects.dialect import CallerSide
from gateway.dispatch import Dispatcher
from gateway.errors import (
    AccountingUnavailable,
    ContextTooLong,
    Draining,
    GatewayError,
    InternalError,
    InvalidRequest,
    ModelNotAllowed,
    ModelNotFound,
    NoEligibleModel,
)
from gateway.exchange import LEFT, Answer, Call
from gateway.journey import DEADLINE, Journey
from gateway.outgoing import committed, counted, decided, delivered, dry
from gateway.record import Spool
from gateway.state import World
from gateway.streaming import Stream

log = structlog.get_logger()


class Tools(Struct, frozen=True):
    """What a request needs besides itself."""

    spool: Spool
    dispatcher: Dispatcher
    breakers: Breakers
    admission: Admission


async def answer(call: Call, world: World, tools: Tools) -> Answer:
    caller = authenticate(call, world)
    endpoint = call.endpoint
    surface = SURFACES[endpoint.surface]
    request = surface.parse_request(
        call.body, call.headers, model=endpoint.model, streaming=endpoint.streaming
    )
    router = caller.router or router_for(request.requested_model, caller)
    began = perf_counter_ns()
    prompt = surface.prompt_of(request)
    seen = classify(prompt)
    facts = facts_of(call, caller, request, seen, tools.breakers)
    if call.headers.get(b"x-rungway-dry-run") == b"1":
        return dry(explanation_of(explain(facts, router), seen), call, caller, router)
    decision = decide(facts, router)
    origin = origin_of(call, caller, router, request)
    if isinstance(decision, Refusal):
        raise refuse(decision, facts, origin, tools.spool)
    journey = begin(call, caller, surface, request, prompt, router, facts, decision, origin, tools.spool)
    journey.decide_us = (perf_counter_ns() - began) // 1000
    return await travel(journey, caller, tools)


async def travel(journey: Journey, caller: Caller, tools: Tools) -> Answer:
    """Admit, dispatch, verify, escalate; settled whatever happens."""
    if not tools.spool.writable:
        raise AccountingUnavailable()
    reservation = await tools.admission.reserve(caller, journey.facts)

    def over() -> None:
        assert journey.settlement is not None
        tools.admission.release(reservation, journey.settlement)

    journey.on_settled = over
    try:
        came = await tools.dispatcher.climb(journey)
    except asyncio.CancelledError as reason:
        left = LEFT in reason.args
        journey.settle(
            delivered=None,
            status=499 if left else Draining.status,
            error="client_cancelled" if left else Draining.code,
        )
        raise
    except GatewayError as error:
        raise failed(journey, error)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is paid for, and told without its words
        log.error(
            "request.fault", request=journey.origin.request_id, kind=type(fault).__name__, at=place_of(fault)
        )
        raise failed(journey, InternalError())
    if isinstance(came, Stream):
        return committed(journey, came)
    journey.settle(delivered=came.attempt, status=200)
    return delivered(journey, came)


def failed(journey: Journey, error: GatewayError) -> GatewayError:
    journey.settle(delivered=None, status=error.status, error=error.code)
    error.routed = (*decided(journey), *counted(journey, "failed"))
    return error


def place_of(fault: Exception) -> str:
    """Where it happened; a traceback could hold a line of somebody's prompt."""
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def router_for(name: str, caller: Caller) -> Router:
    """Of a call without a router in its path: `router/{id}`, `provider/model`, or a bare model's name."""
    if name.startswith("router/"):
        return router_of(name.removeprefix("router/"), caller.runtime, caller.key)
    model = named(caller.runtime.models, name)
    if model is None:
        raise ModelNotFound(name)
    if not on_whitelist(model.id, caller.runtime.snapshot.whitelist):
        raise ModelNotAllowed(name)
    return caller.runtime.direct(model.id)


def facts_of(
    call: Call, caller: Caller, request: ChatRequest, seen: Classification, breakers: Breakers
) -> RequestFacts:
    return observe(
        request,
        seen,
        at=datetime.now(UTC),
        lot=lot_of(call.request_id),
        tags=caller.tags,
        key=caller.key.name,
        unavailable=breakers.unavailable(caller.runtime.id, call.arrived),
    )


def origin_of(call: Call, caller: Caller, router: Router, request: ChatRequest) -> Origin:
    return Origin(
        request_id=call.request_id,
        tenant=caller.runtime.id,
        router=router.id,
        gateway_key=caller.key.id,
        snapshot_version=caller.runtime.snapshot.version,
        policy_version=router.policy_version,
        end_user=call.text(b"x-rungway-end-user", 128) or request.end_user[:128],
        session=call.text(b"x-rungway-session", 128),
    )


def begin(
    call: Call,
    caller: Caller,
    surface: CallerSide,
    request: ChatRequest,
    prompt: Prompt,
    router: Router,
    facts: RequestFacts,
    route: Route,
    origin: Origin,
    spool: Spool,
) -> Journey:
    return Journey(
        runtime=caller.runtime,
        router=router,
        surface=surface,
        request=request,
        prompt=prompt,
        facts=facts,
        route=route,
        origin=origin,
        arrived=call.arrived,
        patience=patience(call.headers),
        spool=spool,
    )


def patience(headers: Mapping[bytes, bytes]) -> float:
    """Seconds the caller waits at most."""
    asked = headers.get(b"x-rungway-timeout-ms")
    if asked is None:
        return DEADLINE
    if not asked.isdigit() or not 0 < int(asked) <= DEADLINE * 1000:
        raise InvalidRequest(
            f"x-rungway-timeout-ms is a whole number of milliseconds up to {DEADLINE * 1000:.0f}.",
            param="x-rungway-timeout-ms",
        )
    return int(asked) / 1000


def refuse(refusal: Refusal, facts: RequestFacts, origin: Origin, spool: Spool) -> GatewayError:
    """The refusal is recorded like every decision, with no attempt and no money."""
    error = ContextTooLong() if refusal.code == ContextTooLong.code else NoEligibleModel(why(refusal))
    spool.put(
        RequestSettled(
            process=spool.process,
            seq=spool.next_seq(),
            at=facts.at,
            origin=origin,
            facts=facts,
            rule=refusal.target.rule,
            tier=None,
            floors=refusal.target.floors,
            outcome="failed",
            status=error.status,
            error=error.code,
            baseline=0,
        )
    )
    return error


def why(refusal: Refusal) -> str:
    """The nearest misses, by name."""
    target = refusal.target
    misses = "; ".join(f"{model.id}: {reason}" for model, reason in refusal.out[:3])
    return (
        f"Rule {target.rule} asks for {target.tier.value} and no model is left ({misses or 'none is open'})."
    )
