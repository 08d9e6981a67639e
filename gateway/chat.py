"""The errand of a conversation: its next turn, whole or as it is written, checked where the rule says so."""

from __future__ import annotations

from time import time

import re2
from msgspec.structs import replace

from gateway.core.checks import verify
from gateway.core.conversation import ChatRequest, Conversation, Image, Reply, Started
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.prompt import Prompt
from gateway.dialects.dialect import CallerSide, Outgoing, StreamRelay
from gateway.dispatch import (
    EVENTS,
    Came,
    Dispatcher,
    protocol_of,
    read_answer,
    read_whole,
    rejects_of,
    secret_of,
)
from gateway.egress import Response
from gateway.journey import Journey, Trial, characters_of, reckoned
from gateway.judge import consult
from gateway.streaming import Stream, Translation

HOLD = 262_144  # bytes of a stream held back at most while it is checked


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
        """The caller's own words where the dialects are equal, else what they mean."""
        protocol, request = protocol_of(trial), self.request
        logprobs = journey.needs_logprobs and "logprobs" not in rejects
        if protocol.words == self.surface.name:
            if logprobs:
                request = replace(request, wants_logprobs=True)
            return protocol.pass_through(request, trial.model, rejects=rejects)
        conversation = replace(self.conversation, logprobs=True) if logprobs else self.conversation
        return protocol.translate(conversation, trial.model, rejects=rejects)

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
            if not self.surface.shows_images and any(isinstance(part, Image) for part in reply.parts):
                journey.dropped.add("image")
            body = self.surface.render_reply(told(reply, trial), self.request, now=int(time()))
        return Came(attempt=await self._judged(journey, trial, reply), body=body)

    async def _receive_stream(self, journey: Journey, trial: Trial, response: Response) -> Came | Stream:
        stream = Stream(journey, self.surface, trial, self._relay(journey, trial), response)
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
            if await consult(self._ask, journey, self.prompt, judge, reply) == "failed":
                return journey.overrule(attempt, "judge")
        return attempt

    async def _ask(self, journey: Journey, trial: Trial, conversation: Conversation) -> Reply:
        """One call beside the answer's own, under the same roof; `UpstreamError` when nothing usable came."""
        protocol = protocol_of(trial)
        outgoing = protocol.translate(conversation, trial.model, rejects=rejects_of(trial))
        journey.announce(trial)
        response = await self._dispatcher.send(journey, trial, outgoing)
        reply = protocol.parse_reply(await read_whole(response), secret=secret_of(trial))
        asked = characters_of(part for message in conversation.messages for part in message.parts)
        account(trial, reply, prompt_tokens=asked // 4)
        return reply


def told(reply: Reply, trial: Trial) -> Reply:
    """With what some providers leave unsaid: the answer's id, and the model's name."""
    return replace(reply, id=reply.id or trial.id, model=reply.model or trial.model.wire_name)


def account(trial: Trial, reply: Reply, *, prompt_tokens: int) -> None:
    came = characters_of(part for each in (reply, *reply.more) for part in each.parts)
    trial.usage, trial.usage_source = reckoned(
        reply.usage, reply.usage_source, characters=came, prompt_tokens=prompt_tokens
    )


def search(pattern: str, text: str) -> bool:
    """RE2: linear in the text, whatever the pattern. The engine keeps compiled patterns itself."""
    return re2.search(pattern, text) is not None
