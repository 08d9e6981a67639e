"""The errand of a conversation: its next turn, whole or as it is written, checked where the rule says so."""

from __future__ import annotations

from time import time

from msgspec.structs import replace

from gateway.checking import afterwards, checked
from gateway.core.checks import AT_ONCE, TOO_LONG, verify_so_far
from gateway.core.conversation import ChatRequest, Conversation, Reply, Started
from gateway.core.facts import Need
from gateway.core.policy import Cascade
from gateway.core.price import UsageSource
from gateway.core.prompt import Prompt
from gateway.dialects.dialect import CallerSide, Outgoing, StreamRelay
from gateway.dialects.limits import limited
from gateway.dialects.unshown import unshown
from gateway.dispatch import (
    EVENTS,
    Came,
    Dispatcher,
    protocol_of,
    read_answer,
    rejects_of,
    secret_of,
)
from gateway.egress import Response
from gateway.journey import Journey, Trial, characters_of, reckoned
from gateway.streaming import Stream, Translation
from gateway.webhook import Validators

HOLD = 262_144  # bytes of a stream held back at most while it is checked
LITTLE = "minimal"  # thought: as little as a model can be told to think
NEXT_LIKELIEST = 2  # tokens told in each place, for a margin


class Chat:
    def __init__(
        self, surface: CallerSide, request: ChatRequest, prompt: Prompt, dispatcher: Dispatcher
    ) -> None:
        self.surface, self.request, self.prompt = surface, request, prompt
        self._dispatcher = dispatcher  # a judge is asked beside the answer
        self._conversation: Conversation | None = None

    @property
    def conversation(self) -> Conversation:
        """The request's meaning, read once, and only when a provider speaks another dialect."""
        if self._conversation is None:
            self._conversation = self.surface.conversation_of(self.request)
        return self._conversation

    def outgoing(self, journey: Journey, trial: Trial, rejects: frozenset[str]) -> Outgoing:
        """The caller's own words where the dialects are equal and nothing is to be changed, else what they mean."""
        protocol, request = protocol_of(trial), self.request
        effort = effort_of(journey, trial, request)
        logprobs = journey.needs_logprobs and "logprobs" not in rejects
        beside = NEXT_LIKELIEST if logprobs and journey.needs_margin else 0
        if protocol.words == self.surface.name and not effort:
            if logprobs:
                request = replace(request, wants_logprobs=True, wants_likeliest=beside)
            if (limit := journey.limit_for(trial.model)) is not None:
                request = limited(request, limit)
            return protocol.pass_through(request, trial.model, rejects=rejects)
        conversation = bounded(self.conversation, journey, trial)
        if effort:
            conversation = replace(conversation, reasoning_effort=effort, reasoning_tokens=None)
        if logprobs:
            most = max(beside, conversation.top_logprobs or 0) or None
            conversation = replace(conversation, logprobs=True, top_logprobs=most)
        outgoing = protocol.translate(conversation, trial.model, rejects=rejects)
        if outgoing.limit is not None:
            journey.limits[trial.model.id] = outgoing.limit
        return outgoing

    async def receive(self, journey: Journey, trial: Trial, response: Response) -> Came | Stream:
        if self.request.streaming:
            return await self._receive_stream(journey, trial, response)
        return await self._whole(journey, trial, await read_answer(journey, trial, response))

    async def _whole(self, journey: Journey, trial: Trial, body: bytes) -> Came:
        protocol = protocol_of(trial)
        reply = protocol.parse_reply(body, secret=secret_of(trial))
        account(trial, reply, prompt_tokens=journey.facts.input_tokens)
        trial.made = reply.id
        if protocol.words != self.surface.name:
            journey.dropped |= unshown(reply, self.surface)
            body = self.surface.render_reply(told(reply, trial), self.request, now=int(time()))
        return Came(attempt=await checked(journey, trial, reply, self), body=body)

    async def _receive_stream(self, journey: Journey, trial: Trial, response: Response) -> Came | Stream:
        stream = Stream(journey, self.surface, trial, self._relay(journey, trial), response)
        cascade = journey.route.target.cascade
        held = bool(journey.checks) and not (cascade and cascade.stream_unchecked and not journey.has_climbed)
        try:
            await stream.prime(until_whole=held, hold=hold_of(cascade))
        except BaseException:
            stream.account_failure()
            raise
        if stream.whole and held:
            return await self._whole_stream(journey, trial, stream)
        objection = verify_so_far(stream.relay.reply, journey.checks).objection if held else ""
        if objection and journey.can_climb(trial.model.id):
            return Came(attempt=stream.give_up(objection), body=b"")
        if journey.checks:
            journey.unchecked = TOO_LONG if held else AT_ONCE
            stream.verdict = lambda: afterwards(journey, stream.relay.reply, self)
        return stream

    def _relay(self, journey: Journey, trial: Trial) -> StreamRelay:
        protocol, keeps, secret = protocol_of(trial), bool(journey.checks), secret_of(trial)
        if protocol.words == self.surface.name:
            return protocol.stream_relay(self.request, keeps=keeps, secret=secret)
        writer = self.surface.stream_writer(
            self.request, now=int(time()), prompt_tokens=journey.facts.input_tokens
        )
        named = Started(id=trial.id, model=trial.model.wire_name)
        return Translation(protocol.stream_reader(secret=secret), writer, named=named, keeps=keeps)

    async def _whole_stream(self, journey: Journey, trial: Trial, stream: Stream) -> Came:
        stream.account()
        trial.made = stream.relay.id
        body = stream.take()
        attempt = await checked(journey, trial, stream.relay.reply, self)
        return Came(attempt=attempt, body=body, content_type=EVENTS)

    @property
    def validators(self) -> Validators:
        return self._dispatcher.validators

    async def ask(self, journey: Journey, trial: Trial, conversation: Conversation) -> Reply:
        """One call beside the answer's own, under the same roof; `UpstreamError` when nothing usable came."""
        protocol = protocol_of(trial)
        conversation = bounded(conversation, journey, trial)
        outgoing = protocol.translate(conversation, trial.model, rejects=rejects_of(trial))
        body = await self._dispatcher.ask(journey, trial, outgoing)
        reply = protocol.parse_reply(body, secret=secret_of(trial))
        asked = characters_of(part for message in conversation.messages for part in message.parts)
        account(trial, reply, prompt_tokens=asked // 4)
        return reply


def bounded(conversation: Conversation, journey: Journey, trial: Trial) -> Conversation:
    """With a limit on its length, where its caller gives none and one is wanted."""
    if conversation.max_output_tokens is not None or (limit := journey.limit_for(trial.model)) is None:
        return conversation
    return replace(conversation, max_output_tokens=limit)


def hold_of(cascade: Cascade | None) -> int:
    return HOLD if cascade is None or cascade.hold is None else cascade.hold


def effort_of(journey: Journey, trial: Trial, request: ChatRequest) -> str:
    """How much the model shall think, where a rule says so and the request can be said in other words."""
    asked = journey.route.target.effort
    if asked is None or request.native or Need.REASONING not in trial.model.can:
        return ""
    return LITTLE if asked == "none" else asked


def told(reply: Reply, trial: Trial) -> Reply:
    """With what some providers leave unsaid: the answer's id, and the model's name."""
    return replace(reply, id=reply.id or trial.id, model=reply.model or trial.model.wire_name)


def account(trial: Trial, reply: Reply, *, prompt_tokens: int) -> None:
    trial.usage, trial.usage_source = reply.usage, reply.usage_source
    if reply.usage_source is not UsageSource.PROVIDER_FINAL:
        came = characters_of(part for each in (reply, *reply.more) for part in each.parts)
        trial.usage, trial.usage_source = reckoned(
            reply.usage, reply.usage_source, characters=came, prompt_tokens=prompt_tokens
        )
