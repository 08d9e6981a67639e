"""Carries out one ladder, whatever is asked for: attempts, time-outs, failures along a rung, rejections up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import random
from time import monotonic, time
from typing import Protocol

from msgspec import Struct

from gateway.allowance import Allowance
from gateway.breakers import Breakers
from gateway.core.ladder import HEDGED, MAX_ATTEMPTS, Attempt, AttemptOutcome, Kind, beside
from gateway.core.policy import Hedge, Retries
from gateway.core.price import NOTHING, UsageSource
from gateway.dialects import PROTOCOLS
from gateway.dialects.dialect import Outgoing, ProviderSide
from gateway.egress import Egress, EgressError, Response, Timeouts, UrlNotAllowed
from gateway.errors import (
    CallerError,
    CredentialUnavailable,
    LimitReached,
    ProviderInvalidRequest,
    Untranslatable,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamTimeout,
)
from gateway.failures import from_egress
from gateway.journey import Journey, Trial, reckoned
from gateway.keyring import Keyring
from gateway.learned import Learned
from gateway.state import url_for
from gateway.streaming import Stream
from gateway.webhook import Validators

LEAST = 0.1  # seconds that must be left for an attempt to be worth beginning
CONNECT, FIRST_BYTE, IDLE = 5.0, 60.0, 90.0  # seconds
RETRIES = Retries()
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
    """`dice` gives numbers in [0, 1)."""

    def __init__(
        self, egress: Egress, breakers: Breakers, secret_key: bytes, dice: Callable[[], float] = random
    ) -> None:
        self._egress, self._breakers, self._dice = egress, breakers, dice
        self.validators = Validators(egress, secret_key)
        self._learned, self._keyring = Learned(), Keyring()
        self._retries, self._hedges = Allowance(at_first=3.0), Allowance(at_first=1.0)

    async def climb(self, journey: Journey, errand: Errand) -> Came | Stream:
        """An answer that passed its checks, the last one that did not, or the reason why there is none."""
        best: Came | None = None
        problem: CallerError | LimitReached | UpstreamError | None = None
        while (model := self._next(journey)) is not None and journey.remaining > LEAST:
            if journey.attempts and journey.is_beyond_means(model):
                break
            try:
                if journey.attempts and journey.before_next:
                    await journey.before_next(model)
                came = await self._attempt(journey, errand, model)
            except LimitReached as limit:
                problem = limit
                break
            except Untranslatable as error:
                journey.skip(model)
                problem = problem or error
                continue
            except UpstreamError as error:
                problem = error
                if error.retryable:
                    await self._pause(journey, model, error)
                    continue
                break
            if isinstance(came, Stream) or came.attempt.outcome is AttemptOutcome.ANSWERED:
                return came
            best = came if came.body else best
        if best is None:
            raise problem or self._nobody(journey)
        return best

    def _next(self, journey: Journey) -> str | None:
        if journey.at_once:
            at_once, journey.at_once = journey.at_once, ""
            if journey.answers < MAX_ATTEMPTS and journey.attempts[-1].outcome is AttemptOutcome.FAILED:
                return at_once
        model = journey.next_model()
        return model if model is None or self._breakers.all_well else self._around(journey, model)

    def _around(self, journey: Journey, model: str) -> str | None:
        """Past what is failing while there is anything else, and past what wants to be left alone in any case."""
        now, tenant = monotonic(), journey.runtime.id
        shut = self._breakers.unavailable(tenant, now)
        if model not in shut:
            return model
        return journey.next_model(shut) or journey.next_model(self._breakers.cooling(tenant, now))

    def _nobody(self, journey: Journey) -> UpstreamError:
        """Why nobody was asked."""
        models = [model for rung in journey.ladder for model in rung.models]
        wait = self._breakers.retry_after(journey.runtime.id, models, monotonic())
        if wait is None or journey.remaining <= LEAST:
            return UpstreamTimeout()
        return UpstreamRateLimited(retry_after=wait)

    async def _attempt(self, journey: Journey, errand: Errand, model_id: str) -> Came | Stream:
        trial, outgoing, rejects = self._ready(journey, errand, model_id)
        hedge = journey.router.policy.hedge
        try:
            if hedge is None:
                response = await self.send(journey, trial, outgoing)
            else:
                trial, response = await self._race(journey, errand, trial, outgoing, hedge)
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
        except asyncio.CancelledError:
            self._cancelled(journey, trial)
            raise
        except Exception:
            broke(journey, trial)
            raise
        if isinstance(came, Stream):
            came.breakers = self._breakers  # what becomes of it is known at its end
        elif not self._breakers.all_well:
            self._breakers.succeeded(journey.runtime.id, trial.model.id, monotonic(), trial.started)
        return came

    def _ready(
        self, journey: Journey, errand: Errand, model_id: str
    ) -> tuple[Trial, Outgoing, frozenset[str]]:
        """Begun and announced; `Untranslatable` or `CredentialUnavailable` where it cannot be."""
        trial = self._learned.understood(journey.begin(model_id))
        if trial.model.keys:
            self._keyring.assign(journey, trial)
        if trial.connection.problem:
            raise self._failed(journey, trial, CredentialUnavailable())
        rejects = rejects_of(trial) | self._learned.of(trial, ours=bool(journey.router.id))
        outgoing = errand.outgoing(journey, trial, rejects)
        journey.dropped.update(outgoing.dropped)
        journey.announce(trial)
        self._breakers.probing(journey.runtime.id, model_id, trial.started)
        if not self._retries.is_unused:
            self._retries.earn(trial.connection.id, (journey.router.policy.retries or RETRIES).share)
        return trial, outgoing, rejects

    def _failed(self, journey: Journey, trial: Trial, error: UpstreamError) -> UpstreamError:
        if not trial.closed:
            journey.close(trial, AttemptOutcome.FAILED, because=error.code, status=error.upstream_status)
            self._hold_against(journey, trial, error)
        return error

    def _hold_against(self, journey: Journey, trial: Trial, error: UpstreamError) -> None:
        """What this request alone had wrong says nothing of the model, nor what one of its keys has."""
        if trial.model.keys and self._keyring.failed(journey, trial, error):
            journey.at_once = trial.model.id if trial.kind is Kind.ANSWER else ""
            return
        if error.retryable and not (
            isinstance(error, ProviderInvalidRequest) and error.upstream_status != 404
        ):
            self._breakers.failed(
                journey.runtime.id,
                trial.model.id,
                monotonic(),
                retry_after=error.retry_after,
                asked=error.asked,
            )

    def _cancelled(self, journey: Journey, trial: Trial, because: str = "") -> None:
        """The provider may bill what it read, so that is what we reckon with."""
        self._breakers.let_go(journey.runtime.id, trial.model.id)
        if not trial.closed:
            trial.usage, trial.usage_source = reckoned(
                trial.usage,
                trial.usage_source,
                characters=0,
                prompt_tokens=journey.facts.input_tokens,
                whole=False,
            )
            journey.close(trial, AttemptOutcome.CANCELLED, because=because, status=0)

    # Once more.

    async def _pause(self, journey: Journey, model: str, error: UpstreamError) -> None:
        """Until the model that failed may be asked once more, if that is what comes next."""
        retries = journey.router.policy.retries or RETRIES
        journey.again = ""
        if journey.at_once or not error.passing or error.retry_after or journey.retried >= retries.times:
            return
        wait = retries.backoff_ms / 1000 * 2**journey.retried * (0.5 + self._dice() / 2)
        if wait + LEAST > journey.remaining or (not retries.before_up and self._next(journey) is not None):
            return
        journey.again = model
        if self._next(journey) != model or not self._may_retry(journey, model):
            journey.again = ""
            return
        journey.retried += 1
        await asyncio.sleep(wait)

    def _may_retry(self, journey: Journey, model: str) -> bool:
        if model in self._breakers.unavailable(journey.runtime.id, monotonic()):
            return False
        key = journey.router.models[model].provider_key
        return self._retries.spend(journey.runtime.connections[key].id)

    # Two at the same time.

    async def _race(
        self, journey: Journey, errand: Errand, first: Trial, outgoing: Outgoing, hedge: Hedge
    ) -> tuple[Trial, Response]:
        """Who begins to answer first; the other is cancelled and stays on the books."""
        self._hedges.earn(first.connection.id, hedge.share)
        going = {asyncio.ensure_future(self.send(journey, first, outgoing)): first}
        try:
            done, _ = await asyncio.wait(going, timeout=hedge.after_ms / 1000)
            if not done and (second := await self._second(journey, errand, first)) is not None:
                going[asyncio.ensure_future(self.send(journey, *second))] = second[0]
            won = await self._first_of(journey, going)
        except BaseException:
            self._give_up(journey, going)
            raise
        self._give_up(journey, going, HEDGED)
        return won

    def _give_up(
        self, journey: Journey, going: Mapping[asyncio.Task[Response], Trial], because: str = ""
    ) -> None:
        for task, trial in going.items():
            task.cancel()
            task.add_done_callback(let_go)
            self._cancelled(journey, trial, because)

    async def _second(self, journey: Journey, errand: Errand, first: Trial) -> tuple[Trial, Outgoing] | None:
        """None where asking twice could do something twice, or is too much."""
        if journey.facts.native or journey.on_kept is not None or journey.answers + 1 >= MAX_ATTEMPTS:
            return None
        out = {each.model for each in journey.attempts}
        out |= self._breakers.unavailable(journey.runtime.id, monotonic())
        model = beside(journey.ladder, first.model.id, out)
        if journey.is_beyond_means(model, besides=first) or not self._hedges.spend(first.connection.id):
            return None
        try:
            if journey.before_next:
                await journey.before_next(model)
            return self._ready(journey, errand, model)[:2]
        except (LimitReached, Untranslatable, UpstreamError):
            return None

    async def _first_of(
        self, journey: Journey, going: dict[asyncio.Task[Response], Trial]
    ) -> tuple[Trial, Response]:
        alone = len(going) == 1
        while True:
            done, _ = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
            task = next(task for task in going if task in done)
            trial = going.pop(task)
            try:
                return trial, task.result()
            except UpstreamError as error:
                if alone:
                    raise
                self._failed(journey, trial, error)
                if not going:
                    raise
            except Exception:
                broke(journey, trial)
                raise

    async def ask(self, journey: Journey, trial: Trial, outgoing: Outgoing) -> bytes:
        """The whole body, of one call beside the answer's own; `UpstreamError` where nothing came of it."""
        if trial.model.keys:
            self._keyring.assign(journey, trial)
        if trial.connection.problem:
            raise CredentialUnavailable()
        if trial.model.id in self._breakers.unavailable(journey.runtime.id, trial.started):
            raise UpstreamError("The provider is failing just now.")
        journey.announce(trial)
        try:
            return await read_answer(journey, trial, await self.send(journey, trial, outgoing))
        except UpstreamError as error:
            self._hold_against(journey, trial, error)
            raise

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
                async with asyncio.timeout(max(LEAST, journey.remaining)):  # a token may have to be fetched
                    signed = await signer.sign(b"POST", url, headers, outgoing.body, self._egress)
                headers = (*headers, *signed)
            response = await self._egress.send(b"POST", url, headers, outgoing.body, patience(journey))
        except (EgressError, UrlNotAllowed) as error:
            raise from_egress(error)
        except TimeoutError:
            raise UpstreamTimeout() from None
        trial.first_byte = monotonic()
        if response.status != 200:
            raise await refused(response, trial)
        if trial.model.keys:
            self._keyring.came(journey, trial, response.headers)
        return response


def protocol_of(trial: Trial) -> ProviderSide:
    return PROTOCOLS[trial.dialect]


def broke(journey: Journey, trial: Trial) -> None:
    """A fault of ours: the provider was called all the same."""
    if not trial.closed:
        trial.usage_source = trial.usage_source if trial.usage != NOTHING else UsageSource.UNKNOWN
        journey.close(trial, AttemptOutcome.FAILED, because="internal_error", status=0)


def let_go(task: asyncio.Task[Response]) -> None:
    """What came too late is not wanted."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def read_answer(journey: Journey, trial: Trial, response: Response) -> bytes:
    """The whole body; of one that breaks off, the part that came has been paid for, and was to be as long as usual."""
    try:
        return await response.read()
    except EgressError as error:
        expected = 4 * journey.facts.output_tokens if response.size else 0
        trial.usage, trial.usage_source = reckoned(
            NOTHING,
            UsageSource.NONE,
            characters=max(response.size, expected),
            prompt_tokens=journey.facts.input_tokens,
            whole=False,
        )
        raise from_egress(error)


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
    left, asked = max(LEAST, journey.remaining), journey.router.policy.timeouts
    if asked is None:
        return Timeouts(connect=min(CONNECT, left), first_byte=min(FIRST_BYTE, left), idle=IDLE, total=left)
    return Timeouts(
        connect=min(asked.connect_ms / 1000, left),
        first_byte=min(asked.first_byte_ms / 1000, left),
        idle=asked.idle_ms / 1000,
        total=left,
    )
