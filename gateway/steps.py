"""The steps of a request that are neither a decision nor a call: what `pipeline` puts in order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from functools import partial
from time import perf_counter_ns

import structlog
from msgspec import Struct

from gateway.admit import Admission, accounts_at
from gateway.aside import Aside
from gateway.authenticate import Caller, router_of
from gateway.breakers import Breakers
from gateway.core.classify import Classification
from gateway.core.conversation import ChatRequest
from gateway.core.decide import Refusal, decide, is_same
from gateway.core.embedding import EmbeddingRequest
from gateway.core.events import Origin, RequestSettled
from gateway.core.facts import ModelKind, RequestFacts, Tier
from gateway.core.naming import as_called, named
from gateway.core.observe import lot_of, observe
from gateway.core.router import Router, on_whitelist
from gateway.dispatch import Dispatcher
from gateway.errors import (
    AccountingUnavailable,
    ContextTooLong,
    Draining,
    EmbeddingModelNotFound,
    GatewayError,
    InternalError,
    InvalidRequest,
    LimitReached,
    ModelNotAllowed,
    ModelNotFound,
    NoEligibleModel,
    echo,
)
from gateway.exchange import LEFT, Call
from gateway.experience import Experience
from gateway.journey import DEADLINE, Journey
from gateway.listing import nameable
from gateway.makers import Makers
from gateway.outgoing import counted, decided
from gateway.record import Spool
from gateway.telemetry import place_of

log = structlog.get_logger()


class Tools(Struct, frozen=True):
    """What a request needs besides itself."""

    spool: Spool
    dispatcher: Dispatcher
    breakers: Breakers
    admission: Admission
    makers: Makers
    experience: Experience


async def settled[T](journey: Journey, going: Coroutine[None, None, T], caller: Caller, tools: Tools) -> T:
    """What comes of it, admitted first; where nothing does, the books say so before anybody else is told."""
    try:
        await admit(journey, caller, tools)
    except LimitReached as limit:
        going.close()
        raise failed(journey, limit) if tools.admission.is_news(caller) else limit
    except BaseException:
        going.close()
        raise
    try:
        return await going
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


async def admit(journey: Journey, caller: Caller, tools: Tools) -> None:
    if not tools.spool.writable:
        raise AccountingUnavailable()
    taken = await tools.admission.reserve(caller, journey)
    if taken is not None:
        journey.on_settled = partial(tools.admission.release, taken, journey)
        if taken.accounts:
            journey.is_bounded = any(account.budget.blocks for account in taken.accounts)
            journey.before_next = partial(tools.admission.next_attempt, taken, journey)
    if (caller.runtime.apart or journey.before_next) and journey.asks_others:
        aside = Aside(tools.admission, journey, taken)
        journey.before_aside, journey.on_settled = aside.hold, aside.release


def failed(journey: Journey, error: GatewayError) -> GatewayError:
    journey.settle(delivered=None, status=error.status, error=error.code)
    error.routed = (*decided(journey), *counted(journey))
    return error


def is_dry(call: Call) -> bool:
    return call.headers.get(b"x-rungway-dry-run") == b"1"


def check_is_served(name: str, router: Router, caller: Caller) -> None:
    """`EmbeddingModelNotFound`, with the models there are, where vectors are asked for of none of them."""
    if not any(is_same(model, name) for model in router.benches[ModelKind.EMBEDDING][Tier.LOCAL].models):
        served = [model.id for model in nameable(caller) if model.kind is ModelKind.EMBEDDING]
        raise EmbeddingModelNotFound(name, served)


def router_for(request: ChatRequest | EmbeddingRequest, caller: Caller) -> Router:
    """That of the path, else what the model's name says: `router/{id}`, `provider/model`, or a bare model's name."""
    if caller.router is not None:
        return caller.router
    name = request.requested_model
    if name.startswith("router/"):
        return router_of(name.removeprefix("router/"), caller.runtime, caller.key)
    model = named(caller.runtime.models, name)
    if model is None:
        raise ModelNotFound(name)
    if not on_whitelist(model.id, caller.runtime.snapshot.whitelist):
        raise ModelNotAllowed(name)
    if model.kind is ModelKind.EMBEDDING and request.kind is ModelKind.CHAT:
        raise InvalidRequest(
            f"'{echo(name)}' makes vectors, not answers; ask it for embeddings.", param="model"
        )
    return caller.runtime.direct(as_called(model, name))


def facts_of(
    call: Call,
    caller: Caller,
    request: ChatRequest | EmbeddingRequest,
    seen: Classification,
    tools: Tools,
    router: Router,
    *,
    counts_only: bool = False,
) -> RequestFacts:
    at, memory = datetime.now(UTC), tools.admission.memory
    accounts = accounts_at(caller, router.id, at) if caller.runtime.budgets else ()
    return observe(
        request,
        seen,
        at=at,
        lot=lot_of(call.request_id),
        tags=caller.tags,
        key=caller.key.name,
        unavailable=tools.breakers.unavailable(caller.runtime.id, call.arrived),
        budget_left=memory.share_left(accounts) if accounts else 1.0,
        downgraded=bool(accounts) and memory.is_to_lower(accounts),
        counts_only=counts_only,
    )


def origin_of(call: Call, caller: Caller, router: Router, request: ChatRequest | EmbeddingRequest) -> Origin:
    return Origin(
        request_id=call.request_id,
        tenant=caller.runtime.id,
        router=router.id,
        gateway_key=caller.key.id,
        snapshot_version=caller.runtime.snapshot.version,
        policy_version=router.policy_version,
        end_user=call.text(b"x-rungway-end-user", 128) or request.end_user[:128],
        session=call.session,
    )


def begin(
    call: Call,
    caller: Caller,
    request: ChatRequest | EmbeddingRequest,
    router: Router,
    facts: RequestFacts,
    began: int,
    spool: Spool,
) -> Journey:
    """Decided; `began` is when that began, in nanoseconds."""
    origin = origin_of(call, caller, router, request)
    decision = decide(facts, router)
    if isinstance(decision, Refusal):
        raise refuse(decision, facts, origin, spool)
    journey = Journey(
        runtime=caller.runtime,
        router=router,
        facts=facts,
        route=decision,
        origin=origin,
        arrived=call.arrived,
        patience=patience(call.headers),
        spool=spool,
    )
    journey.choices = request.choices if isinstance(request, ChatRequest) else 1
    journey.decide_us = (perf_counter_ns() - began) // 1000
    return journey


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
    error = (
        ContextTooLong()
        if refusal.code == ContextTooLong.code
        else NoEligibleModel(why(refusal), param=facts.native or None)
    )
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
