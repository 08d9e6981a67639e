"""Carries out one ladder, whatever is asked for: attempts, time-outs, failures along a rung, rejections up."""

from __future__ import annotations

import asyncio
from time import monotonic, time
from typing import Protocol

from msgspec import Struct

from gateway.breakers import Breakers
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.price import NOTHING, UsageSource
from gateway.dialects import PROTOCOLS
from gateway.dialects.dialect import Outgoing, ProviderSide
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
from gateway.journey import Journey, Trial, reckoned
from gateway.learned import Learned
from gateway.state import url_for
from gateway.streaming import Stream

LEAST = 0.1  # seconds that must be left for an attempt to be worth beginning
CONNECT, FIRST_BYTE, IDLE = 5.0, 60.0, 90.0  # seconds
JSON = b"application/json"
EVENTS = b"text/event-stream; charset=utf-8"


class Came(Struct, frozen=True, kw_only=True):
    """A whole answer, as the caller will see it."""

    attempt: Attempt
    body: bytes
    content_type: bytes = JSON


class Errand(Protocol):
    """What is wanted of whichever model is asked: how it is asked, and what its provider's answer comes to."""

    def outgoing(self, journey: Journey, trial: Trial, rejects: frozenset[str]) -> Outgoing:
        """`Untranslatable` where this model's provider cannot be told."""
        ...

    async def receive(self, journey: Journey, trial: Trial, response: Response) -> Came | Stream:
        """The attempt is closed by what came; `UpstreamError` when nothing usable did."""
        ...


class Dispatcher:
    def __init__(self, egress: Egress, breakers: Breakers) -> None:
        self._egress, self._breakers = egress, breakers
        self._learned = Learned()

    async def climb(self, journey: Journey, errand: Errand) -> Came | Stream:
        """An answer that passed its checks, the last one that did not, or the reason why there is none."""
        best: Came | None = None
        problem: CallerError | UpstreamError | None = None
        while (model := journey.next_model()) is not None and journey.remaining > LEAST:
            try:
                came = await self._attempt(journey, errand, model)
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

    async def _attempt(self, journey: Journey, errand: Errand, model_id: str) -> Came | Stream:
        trial = self._learned.understood(journey.begin(model_id))
        if trial.connection.problem:
            raise self._failed(journey, trial, CredentialUnavailable())
        rejects = rejects_of(trial) | self._learned.of(trial, ours=bool(journey.router.id))
        outgoing = errand.outgoing(journey, trial, rejects)
        journey.dropped.update(outgoing.dropped)
        journey.announce(trial)
        self._breakers.probing(journey.runtime.id, model_id, trial.started)
        try:
            response = await self.send(journey, trial, outgoing)
            came = await errand.receive(journey, trial, response)
        except ProviderInvalidRequest as error:
            self._failed(journey, trial, error)
            # The router chose the model, so it is the router that leaves out what this one does not take.
            native, ours = bool(journey.facts.native), bool(journey.router.id)
            if not self._learned.learn(trial, error, rejects, ours=ours, native=native):
                raise
            return await self._attempt(journey, errand, model_id)
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
        # What this request alone had wrong says nothing of the model.
        if error.retryable and not (
            isinstance(error, ProviderInvalidRequest) and error.upstream_status != 404
        ):
            self._breakers.failed(
                journey.runtime.id, trial.model.id, monotonic(), retry_after=error.retry_after
            )
        return error

    async def send(self, journey: Journey, trial: Trial, outgoing: Outgoing) -> Response:
        """The response at its headers, with a status that announces an answer."""
        try:
            url = url_for(journey.runtime, trial.connection, outgoing.path)
            headers = (
                (b"content-type", JSON),
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


def protocol_of(trial: Trial) -> ProviderSide:
    return PROTOCOLS[trial.dialect]


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
