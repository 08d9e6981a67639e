"""A stream on its way from a provider to a caller, from the commit point on.

Until something of the answer has come, another model may still be asked. After the first relayed byte there is
no second try: a stream that breaks ends with the surface's error event, never with its good end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from time import monotonic

import structlog
from msgspec.structs import replace

from gateway.breakers import Breakers
from gateway.core.assemble import assemble
from gateway.core.checks import Verdict
from gateway.core.conversation import (
    Delta,
    Ended,
    Finish,
    RefusalDelta,
    Reply,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolArguments,
    ToolCallStarted,
)
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.money import usd
from gateway.core.price import Usage, UsageSource
from gateway.dialects.dialect import CallerSide, StreamReader, StreamRelay, StreamWriter
from gateway.egress import EgressError, Response
from gateway.errors import Draining, GatewayError, InternalError, UpstreamError, UpstreamInvalidResponse
from gateway.failures import from_egress
from gateway.journey import Journey, Trial, reckoned

SILENCE = 15.0  # seconds after which a stream says that it is still there
CUT = "The provider's stream ended before its answer was whole."

log = structlog.get_logger()


class Translation:
    """A relay between two dialects: a provider's events are read, and written as the caller's."""

    def __init__(
        self, reader: StreamReader, writer: StreamWriter, *, named: Started | None = None, keeps: bool = False
    ) -> None:
        """`named` tells what some providers leave unsaid: the answer's id, and the model's name."""
        self._reader, self._writer, self._named, self._keeps = reader, writer, named, keeps
        self.content_seen = False
        self.characters = 0
        self._closed = False
        self.deltas: list[Delta] = []  # kept only for what checks the answer

    @property
    def id(self) -> str:
        return self._reader.id

    @property
    def model(self) -> str:
        return self._reader.model

    @property
    def usage(self) -> Usage:
        return self._reader.usage

    @property
    def usage_source(self) -> UsageSource:
        return self._reader.usage_source

    @property
    def finish(self) -> Finish | None:
        return self._reader.finish

    @property
    def complete(self) -> bool:
        return self._reader.complete

    @property
    def error(self) -> UpstreamError | None:
        return self._reader.error

    @property
    def reply(self) -> Reply:
        return assemble(self.deltas, logprobs=self._reader.logprobs)

    @property
    def text(self) -> str:
        return self.reply.text

    def feed(self, data: bytes) -> bytes:
        return self._write(self._reader.feed(data))

    def end(self) -> bytes:
        return self._write(self._reader.end())

    def _begun(self, started: Started) -> Started:
        named, self._named = self._named or started, None
        return replace(started, id=started.id or named.id, model=started.model or named.model)

    def _write(self, deltas: list[Delta]) -> bytes:
        if self._named is not None and deltas and isinstance(deltas[0], Started):
            deltas[0] = self._begun(deltas[0])
        for delta in deltas:
            if isinstance(delta, TextDelta | ThinkingDelta | RefusalDelta):
                self.characters += len(delta.text)
            elif isinstance(delta, ToolArguments):
                self.characters += len(delta.json)
            self.content_seen = self.content_seen or isinstance(delta, _CONTENT)
        if self._keeps:
            self.deltas += deltas
        written = b"".join(map(self._writer.write, deltas))
        if self._reader.complete and not self._closed:
            self._closed = True
            written += self._writer.close()
        return written


_CONTENT = (TextDelta, ThinkingDelta, RefusalDelta, ToolCallStarted, Ended)


class Stream:
    """Committed: iterate it to relay, `close` it whatever happens; the request is settled either way."""

    def __init__(
        self, journey: Journey, surface: CallerSide, trial: Trial, relay: StreamRelay, response: Response
    ) -> None:
        self.journey, self.trial, self.relay = journey, trial, relay
        self._surface, self._response = surface, response
        self._incoming = response.__aiter__()
        self._held: list[bytes] = []
        self._ended = False
        self.breakers: Breakers | None = None  # to be told what becomes of it after the commit point
        self.verdict: Callable[[], Verdict] | None = None  # of what was sent unchecked, once it is whole

    async def prime(self, *, until_whole: bool = False, hold: int = 0) -> None:
        """Read up to the commit point: something of the answer, or (`until_whole`) all of it or `hold` bytes."""
        held = 0
        while not self._ended:
            await self._read_on()
            held = sum(map(len, self._held)) if until_whole else 0
            if self.relay.error is not None:
                raise self.relay.error
            if self.relay.content_seen and (not until_whole or held > hold):
                return
        if not self.relay.complete:
            raise UpstreamInvalidResponse(CUT)

    @property
    def whole(self) -> bool:
        """Whether all of it is held."""
        return self._ended

    def take(self) -> bytes:
        """What is held, to be sent or checked."""
        parts, self._held = self._held, []
        return b"".join(parts)

    async def _read_on(self) -> None:
        try:
            data = await anext(self._incoming)
        except StopAsyncIteration:
            self._ended = True
            self._held.append(self.relay.end())
        except EgressError as error:
            raise from_egress(error)
        else:
            self._held.append(self.relay.feed(data))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Settled as soon as the answer is whole, for its caller may leave with the last event; then read to the
        end, so that the connection can serve again."""
        try:
            while True:
                if part := self._pass_on():
                    yield part
                if self._ended:
                    break
                if not await self._response.is_quiet(SILENCE):
                    await self._read_on()
                elif self.journey.settlement is None:
                    yield self._surface.keep_alive
            if self.journey.settlement is None:
                raise UpstreamInvalidResponse(CUT)
        except Exception as error:  # noqa: BLE001 - whatever it is, the stream must not look whole
            if self.journey.settlement is None:
                yield self.take() + self._broken(self._told(error))

    def _pass_on(self) -> bytes:
        """What is to be sent now; with the end of the answer, its bill."""
        if self.relay.error is not None:
            raise self.relay.error
        if self.journey.settlement is not None:
            self._held.clear()
            return b""
        if self.relay.complete:
            self.finish()
            return self.take() + self._bill()
        return self.take()

    def _told(self, error: Exception) -> GatewayError:
        if isinstance(error, UpstreamError):
            return error
        log.error("stream.fault", request=self.journey.origin.request_id, kind=type(error).__name__)
        return InternalError()

    def finish(self) -> Attempt:
        """It came whole."""
        self.account()
        self.trial.made = self.relay.id
        verdict = self.verdict() if self.verdict else None
        failed = verdict is not None and verdict.has_failed
        attempt = self.journey.close(
            self.trial,
            AttemptOutcome.REJECTED if failed else AttemptOutcome.ANSWERED,
            served=self.relay.model,
            because=verdict.objection if verdict and failed else self.journey.unchecked,
        )
        self._settle(attempt, 200)
        if self.breakers is not None and not self.breakers.all_well:
            self.breakers.succeeded(*self._asked, monotonic(), self.trial.started)
        return attempt

    def give_up(self, objection: str) -> Attempt:
        """Rejected before it is whole, with nothing of it sent: what came of it is paid for."""
        self.account()
        self._response.close()
        return self.journey.close(
            self.trial, AttemptOutcome.REJECTED, because=objection, served=self.relay.model
        )

    def stop(self) -> bytes:
        """We have to go before it is whole."""
        return self.take() + self._broken(Draining()) if self.journey.settlement is None else b""

    def close(self) -> None:
        """The caller left, if nothing else was said before."""
        if self.journey.settlement is None:
            self.account()
            attempt = self.journey.close(self.trial, AttemptOutcome.CANCELLED, served=self.relay.model)
            self._settle(attempt if self.relay.content_seen else None, 499, "failed", "client_cancelled")
            if self.breakers is not None:
                self.breakers.let_go(*self._asked)
        self._response.close()

    def account_failure(self) -> None:
        """It broke before the commit point: what the provider has said of its usage still counts."""
        said, source = self.relay.usage, self.relay.usage_source
        final = source is UsageSource.PROVIDER_FINAL and not self.relay.complete
        self.trial.usage, self.trial.usage_source = said, UsageSource.PROVIDER_PARTIAL if final else source
        self._response.close()

    def account(self) -> None:
        """Usage as the provider said it; else what came, estimated and marked so."""
        self.trial.usage, self.trial.usage_source = reckoned(
            self.relay.usage,
            self.relay.usage_source,
            characters=self.relay.characters,
            prompt_tokens=self.journey.facts.input_tokens,
            whole=self.relay.complete,
        )

    @property
    def _asked(self) -> tuple[str, str]:
        return self.journey.runtime.id, self.trial.model.id

    def _broken(self, error: GatewayError) -> bytes:
        self.account()
        if self.breakers is not None and isinstance(error, UpstreamError):
            self.breakers.failed(*self._asked, monotonic(), retry_after=error.retry_after, asked=error.asked)
        self.journey.close(self.trial, AttemptOutcome.FAILED, because=error.code, served=self.relay.model)
        self._settle(None, 200, "failed", error.code)
        return self._surface.stream_error(error)

    def _settle(self, delivered: Attempt | None, status: int, outcome: str = "", error: str = "") -> None:
        self.journey.settle(delivered=delivered, status=status, outcome=outcome, error=error)

    def _bill(self) -> bytes:
        """The money of a stream, known only now: a comment, where SDKs do not mind one."""
        if not self._surface.takes_comments:
            return b""
        settlement = self.journey.settlement
        assert settlement is not None
        cost, baseline = settlement.cost, settlement.baseline
        told = b": x-rungway-cost-usd=%b x-rungway-baseline-usd=%b" % (money(cost), money(baseline))
        if self.journey.unchecked:
            told += b" x-rungway-outcome=%b" % self.journey.outcome(self.journey.attempts[-1]).encode()
        return told + b"\n\n"


def money(nano: int | None) -> bytes:
    return b"unknown" if nano is None else usd(nano).encode()
