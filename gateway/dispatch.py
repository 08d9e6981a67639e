"""Carries out one ladder: attempts, time-outs, streams, failures along a rung, rejections up."""

from __future__ import annotations

import asyncio
from time import monotonic, time

import re2
from msgspec import Struct
from msgspec.structs import replace

from gateway.breakers import Breakers
from gateway.core.checks import verify
from gateway.core.conversation import Conversation, Reply
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.price import NOTHING, UsageSource
from gateway.dialects import PROTOCOLS
from gateway.dialects.dialect import Outgoing, ProviderSide, StreamRelay
from gateway.egress import Egress, EgressError, Response, Timeouts, UrlNotAllowed
from gateway.errors import (
    CallerError,
    CredentialUnavailable,
    ProviderInvalidRequest,
    Untranslatable,
    UpstreamError,
    UpstreamTimeout,
)
from gateway.failures import from_egress
from gateway.journey import Journey, Trial, characters_of, reckoned
from gateway.judge import consult
from gateway.learned import Learned
from gateway.state import url_for
from gateway.streaming import Stream, Translation

LEAST = 0.1  # seconds that must be left for an attempt to be worth beginning
HOLD = 262_144  # bytes of a stream held back at most while it is checked
CONNECT, FIRST_BYTE, IDLE = 5.0, 60.0, 90.0  # seconds
JSON = b"application/json"
EVENTS = b"text/event-stream; charset=utf-8"


class Came(Struct, frozen=True, kw_only=True):
    """A whole answer, as the caller will see it."""

    attempt: Attempt
    body: bytes
    content_type: bytes = JSON


class Dispatcher:
    def __init__(self, egress: Egress, breakers: Breakers) -> None:
        self._egress, self._breakers = egress, breakers
        self._learned = Learned()

    async def climb(self, journey: Journey) -> Came | Stream:
        """An answer that passed its checks, the last one that did not, or the reason why there is none."""
        best: Came | None = None
        problem: CallerError | UpstreamError | None = None
        while (model := journey.next_model()) is not None and journey.remaining > LEAST:
            try:
                came = await self._attempt(journey, model)
            except Untranslatable as error:
                journey.skip(model)
                problem = problem or error
                continue
            except UpstreamError as error:
                problem = error
                if error.retryable:
                    continue
                break
            if isinstance(came, Stream) or came.attempt.outcome is AttemptOutcome.ANSWERED:
                return came
            best = came
        if best is None:
            raise problem or UpstreamTimeout()
        return best

    async def _attempt(self, journey: Journey, model_id: str) -> Came | Stream:
        trial = journey.begin(model_id)
        if trial.connection.problem:
            raise self._failed(journey, trial, CredentialUnavailable())
        rejects = rejects_of(trial) | self._learned.of(trial, ours=bool(journey.router.id))
        outgoing = outgoing_of(journey, trial, rejects)
        journey.dropped.update(outgoing.dropped)
        journey.announce(trial)
        self._breakers.probing(journey.runtime.id, model_id, trial.started)
        try:
            response = await self._send(journey, trial, outgoing)
            came = await self._receive(journey, trial, response)
        except ProviderInvalidRequest as error:
            self._failed(journey, trial, error)
            # The router chose the model, so it is the router that leaves out what this one does not take.
            if not self._learned.learn(trial, error, rejects, ours=bool(journey.router.id)):
                raise
            return await self._attempt(journey, model_id)
        except UpstreamError as error:
            raise self._failed(journey, trial, error)
        except asyncio.CancelledError:  # the provider may bill what it read, so that is what we reckon with
            if not trial.closed:
                trial.usage, trial.usage_source = reckoned(
                    trial.usage,
                    trial.usage_source,
                    characters=0,
                    prompt_tokens=journey.facts.input_tokens,
                    whole=False,
                )
                journey.close(trial, AttemptOutcome.CANCELLED, status=0)
            raise
        except Exception:  # a fault of ours: the provider was called all the same
            if not trial.closed:
                trial.usage_source = trial.usage_source if trial.usage != NOTHING else UsageSource.UNKNOWN
                journey.close(trial, AttemptOutcome.FAILED, because="internal_error", status=0)
            raise
        self._breakers.succeeded(journey.runtime.id, model_id)
        return came

    def _failed(self, journey: Journey, trial: Trial, error: UpstreamError) -> UpstreamError:
        journey.close(trial, AttemptOutcome.FAILED, because=error.code, status=error.upstream_status)
        if error.retryable:
            self._breakers.failed(
                journey.runtime.id, trial.model.id, monotonic(), retry_after=error.retry_after
            )
        return error

    async def _send(self, journey: Journey, trial: Trial, outgoing: Outgoing) -> Response:
        """The response at its headers, with a status that announces an answer."""
        try:
            url = url_for(journey.runtime, trial.connection, outgoing.path)
            headers = (
                *outgoing.headers,
                *trial.connection.headers,
                (b"x-rungway-attempt", trial.id.encode()),
            )
            if signer := trial.connection.signer:
                signed = await signer.sign(b"POST", url, headers, outgoing.body, self._egress)
                headers = (*headers, *signed)
            response = await self._egress.send(b"POST", url, headers, outgoing.body, patience(journey))
        except (EgressError, UrlNotAllowed) as error:
            raise from_egress(error)
        trial.first_byte = monotonic()
        if response.status != 200:
            raise await refused(response, trial)
        return response

    async def _receive(self, journey: Journey, trial: Trial, response: Response) -> Came | Stream:
        if journey.request.streaming:
            return await self._receive_stream(journey, trial, response)
        return await self._whole(journey, trial, await read_whole(response))

    async def _whole(self, journey: Journey, trial: Trial, body: bytes) -> Came:
        protocol = protocol_of(trial)
        reply = protocol.parse_reply(body, secret=secret_of(trial))
        account(trial, reply, prompt_tokens=journey.facts.input_tokens)
        if protocol.words != journey.surface.name:
            body = journey.surface.render_reply(reply, journey.request, now=int(time()))
        return Came(attempt=await self._judged(journey, trial, reply), body=body)

    async def _receive_stream(self, journey: Journey, trial: Trial, response: Response) -> Came | Stream:
        stream = Stream(journey, trial, relay_for(journey, trial), response)
        cascade = journey.route.target.cascade
        held = bool(journey.checks) and not (cascade and cascade.stream_unchecked and not journey.attempts)
        try:
            await stream.prime(until_whole=held, hold=(cascade and cascade.hold) or HOLD)
        except BaseException:
            stream.account_failure()
            raise
        if not held or not stream.whole:
            return stream
        return await self._whole_stream(journey, trial, stream)

    async def _whole_stream(self, journey: Journey, trial: Trial, stream: Stream) -> Came:
        stream.account()
        body = stream.take()
        attempt = await self._judged(journey, trial, stream.relay.reply)
        return Came(attempt=attempt, body=body, content_type=EVENTS)

    async def _judged(self, journey: Journey, trial: Trial, reply: Reply) -> Attempt:
        """The attempt closed by what the checks say of its answer: those that cost nothing first."""
        if not journey.checks:
            return journey.close(trial, AttemptOutcome.ANSWERED, served=reply.model)
        verdict = verify(reply, journey.checks, search=search)
        judged = journey.judges if verdict.passed else ()
        attempt = journey.close(
            trial,
            AttemptOutcome.ANSWERED if verdict.passed else AttemptOutcome.REJECTED,
            because=verdict.objection,
            served=reply.model,
        )
        for judge in judged:
            if await consult(self._ask, journey, judge, reply) == "failed":
                return journey.overrule(attempt, "judge")
        return attempt

    async def _ask(self, journey: Journey, trial: Trial, conversation: Conversation) -> Reply:
        """One call beside the answer's own, under the same roof; `UpstreamError` when nothing usable came."""
        protocol = protocol_of(trial)
        outgoing = protocol.translate(conversation, trial.model, rejects=rejects_of(trial))
        journey.announce(trial)
        response = await self._send(journey, trial, outgoing)
        reply = protocol.parse_reply(await read_whole(response), secret=secret_of(trial))
        asked = characters_of(part for message in conversation.messages for part in message.parts)
        account(trial, reply, prompt_tokens=asked // 4)
        return reply


def account(trial: Trial, reply: Reply, *, prompt_tokens: int) -> None:
    came = characters_of(part for each in (reply, *reply.more) for part in each.parts)
    trial.usage, trial.usage_source = reckoned(
        reply.usage, reply.usage_source, characters=came, prompt_tokens=prompt_tokens
    )


def protocol_of(trial: Trial) -> ProviderSide:
    return PROTOCOLS[trial.connection.provider.dialect]


async def read_whole(response: Response) -> bytes:
    try:
        return await response.read()
    except EgressError as error:
        raise from_egress(error)


def rejects_of(trial: Trial) -> frozenset[str]:
    return trial.connection.provider.rejects | trial.model.rejects


def secret_of(trial: Trial) -> str:
    """For redacting it, should a provider repeat it."""
    return trial.connection.secret.reveal if trial.connection.secret else ""


def outgoing_of(journey: Journey, trial: Trial, rejects: frozenset[str]) -> Outgoing:
    """The caller's own words where the dialects are equal, else what they mean."""
    protocol, request = protocol_of(trial), journey.request
    logprobs = journey.needs_logprobs and "logprobs" not in rejects
    if protocol.words == journey.surface.name:
        if logprobs and not request.raw.get("logprobs"):
            request = replace(request, raw={**request.raw, "logprobs": True})
        return protocol.pass_through(request, trial.model, rejects=rejects)
    conversation = replace(journey.conversation, logprobs=True) if logprobs else journey.conversation
    return protocol.translate(conversation, trial.model, rejects=rejects)


def relay_for(journey: Journey, trial: Trial) -> StreamRelay:
    protocol, keeps, secret = protocol_of(trial), bool(journey.checks), secret_of(trial)
    if protocol.words == journey.surface.name:
        return protocol.stream_relay(journey.request, keeps=keeps, secret=secret)
    writer = journey.surface.stream_writer(
        journey.request, now=int(time()), prompt_tokens=journey.facts.input_tokens
    )
    return Translation(protocol.stream_reader(secret=secret), writer, keeps=keeps)


async def refused(response: Response, trial: Trial) -> UpstreamError:
    """What a provider's status and body mean; the body is read up to a bound."""
    try:
        body = await response.read(65_536)
    except EgressError:
        body = b""
    return protocol_of(trial).classify_error(
        response.status, dict(response.headers), body, now=time(), secret=secret_of(trial)
    )


def patience(journey: Journey) -> Timeouts:
    left = max(LEAST, journey.remaining)
    return Timeouts(connect=min(CONNECT, left), first_byte=min(FIRST_BYTE, left), idle=IDLE, total=left)


def search(pattern: str, text: str) -> bool:
    """RE2: linear in the text, whatever the pattern. The engine keeps compiled patterns itself."""
    return re2.search(pattern, text) is not None
