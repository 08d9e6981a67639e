"""One request, from start to end. Every step is a function of its own; only this file knows their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from time import perf_counter_ns

from msgspec.structs import replace

from gateway.authenticate import Caller, authenticate
from gateway.chat import Chat
from gateway.core.classify import classify, unclassified
from gateway.core.explain import explain
from gateway.core.foresee import foresee
from gateway.core.report import explanation_of
from gateway.counting import count_tokens
from gateway.dialects import SURFACES
from gateway.dialects.counting import COUNT_SURFACES
from gateway.dialects.embeddings import SURFACES as EMBEDDING_SURFACES
from gateway.dispatch import Errand
from gateway.embedding import Embed
from gateway.exchange import Answer, Call
from gateway.framing import framed
from gateway.journey import Journey
from gateway.listing import listed
from gateway.outgoing import committed, counted_tokens, delivered, dry
from gateway.state import World
from gateway.steps import Tools, begin, check_is_served, facts_of, is_dry, router_for, settled
from gateway.streaming import Stream
from gateway.waiting import patiently


def answer(call: Call, world: World, tools: Tools) -> Awaitable[Answer]:
    return OPERATIONS[call.endpoint.operation](call, authenticate(call, world), tools)


async def chat(call: Call, caller: Caller, tools: Tools) -> Answer:
    endpoint = call.endpoint
    surface = SURFACES[endpoint.surface]
    request = surface.parse_request(
        call.body, call.headers, model=endpoint.model, streaming=endpoint.streaming
    )
    router = router_for(request, caller)
    began = perf_counter_ns()
    prompt = surface.prompt_of(request)
    seen = classify(prompt, router.own)
    facts = facts_of(call, caller, request, seen, tools, router)
    if request.follows:
        made_by = await tools.makers.of(caller.runtime.id, request.follows, request.native)
        facts = replace(facts, made_by=made_by)
    facts, sketch = foresee(facts, prompt, router)
    facts, learning = tools.experience.foresee(facts, prompt, router, caller.runtime, call)
    if is_dry(call):
        return dry(explanation_of(explain(facts, router), seen), call, caller, router)
    journey = begin(call, caller, request, router, facts, began, tools.spool)
    journey.sketch, journey.learning = sketch, learning
    if request.kept:
        journey.on_kept = partial(tools.makers.remember, caller.runtime.id)
    going = travel(journey, Chat(surface, request, prompt, tools.dispatcher), caller, tools)
    if not request.streaming:
        return await going
    return framed(await patiently(going, surface, journey), call)


async def embed(call: Call, caller: Caller, tools: Tools) -> Answer:
    """The model that was asked for, wherever it is served; of another the vectors would be worth nothing."""
    endpoint = call.endpoint
    surface = EMBEDDING_SURFACES[endpoint.surface]
    request = surface.parse_request(call.body, model=endpoint.model, batch=endpoint.batch)
    router = router_for(request, caller)
    began = perf_counter_ns()
    seen = unclassified(request.tokens)
    facts = facts_of(call, caller, request, seen, tools, router)
    if is_dry(call):
        return dry(explanation_of(explain(facts, router), seen), call, caller, router)
    check_is_served(request.requested_model, router, caller)
    journey = begin(call, caller, request, router, facts, began, tools.spool)
    return await travel(journey, Embed(surface, request), caller, tools)


async def count(call: Call, caller: Caller, tools: Tools) -> Answer:
    """How many tokens the prompt has for the model that would be tried first."""
    surface = SURFACES[call.endpoint.surface]
    counts = COUNT_SURFACES[call.endpoint.surface]
    request = counts.parse_request(call.body, call.headers, model=call.endpoint.model)
    router = router_for(request, caller)
    began = perf_counter_ns()
    prompt = surface.prompt_of(request)
    facts = facts_of(call, caller, request, classify(prompt, router.own), tools, router, counts_only=True)
    facts, _ = foresee(facts, prompt, router)
    journey = begin(call, caller, request, router, facts, began, tools.spool)
    asked = Chat(surface, request, prompt, tools.dispatcher)
    found = await settled(journey, count_tokens(journey, asked, counts, tools.dispatcher), caller, tools)
    journey.settle(delivered=None, status=200, outcome="answered")
    return counted_tokens(journey, found)


async def models(call: Call, caller: Caller, tools: Tools) -> Answer:
    return listed(call, caller)


OPERATIONS: Mapping[str, Callable[[Call, Caller, Tools], Awaitable[Answer]]] = {
    "chat": chat,
    "embed": embed,
    "count": count,
    "models": models,
}


async def travel(journey: Journey, errand: Errand, caller: Caller, tools: Tools) -> Answer:
    """Admit, dispatch, verify, escalate; settled whatever happens."""
    came = await settled(journey, tools.dispatcher.climb(journey, errand), caller, tools)
    if isinstance(came, Stream):
        return committed(journey, came)
    journey.checked = bool(journey.checks) and not journey.unchecked
    journey.settle(delivered=came.attempt, status=200)
    return delivered(journey, came)
