"""How many tokens a prompt has: asked of the provider that would answer it, where that says so for nothing.

Else it is our own estimate, and marked as one. Either is recorded as what it is: a question that cost nothing.
"""

from __future__ import annotations

from asyncio import CancelledError

from msgspec import Struct

from gateway.chat import Chat
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.dialects.counting import COUNT_PROTOCOLS, CountSurface
from gateway.dispatch import Dispatcher, read_whole, rejects_of
from gateway.errors import ProviderInvalidRequest, Untranslatable, UpstreamError
from gateway.journey import Journey, Trial


class Count(Struct, frozen=True):
    body: bytes
    model: str
    estimated: bool


async def count_tokens(journey: Journey, chat: Chat, surface: CountSurface, dispatcher: Dispatcher) -> Count:
    """Of the model that would be tried first; `ProviderInvalidRequest` where its provider says what is wrong."""
    trial = journey.begin(journey.route.model, kind=Kind.COUNT)
    try:
        body = await asked(journey, chat, surface, dispatcher, trial)
    except UpstreamError as error:
        journey.close(trial, AttemptOutcome.FAILED, because=error.code, status=error.upstream_status)
        # Not every provider of a protocol has this part of it.
        if isinstance(error, ProviderInvalidRequest) and error.upstream_status != 404:
            raise
        body = None
    except Untranslatable:
        body = None
    except CancelledError:
        journey.close(trial, AttemptOutcome.CANCELLED, status=0)
        raise
    if body is not None:
        journey.close(trial, AttemptOutcome.ANSWERED)
        return Count(body, trial.model.id, estimated=False)
    return Count(surface.render(journey.facts.input_tokens), trial.model.id, estimated=True)


async def asked(
    journey: Journey, chat: Chat, surface: CountSurface, dispatcher: Dispatcher, trial: Trial
) -> bytes | None:
    """The provider's word, in the caller's shape; None where it has none."""
    protocol = COUNT_PROTOCOLS.get(trial.dialect)
    if protocol is None or trial.connection.problem:
        return None
    outgoing = protocol.outgoing(chat.outgoing(journey, trial, rejects_of(trial)))
    journey.announce(trial)
    body = await read_whole(await dispatcher.send(journey, trial, outgoing))
    tokens = protocol.parse(body)
    return body if protocol.words == chat.surface.name else surface.render(tokens)
