"""Bedrock's Converse and ConverseStream as AWS takes and gives them: signed requests, a binary stream."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import msgspec

from gateway.simulator import aws_signature
from gateway.simulator.answer import answer
from gateway.simulator.asked import Answer, Usage
from gateway.simulator.bedrock_request import Request, asked_in, decoded
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.dice import Dice
from gateway.simulator.event_stream import STREAM_TYPE, event, exception
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded, misreported


class Converse:
    """One request: model and operation stand in its path, and the path is signed."""

    ID_HEADER = b"x-amzn-requestid"

    def __init__(self, method: str, target: str, model: str, *, streaming: bool) -> None:
        self._method, self._target = method, target
        self._model, self._streaming = model, streaming

    def key_of(self, headers: dict[bytes, bytes]) -> str:
        return aws_signature.key_of(headers)

    def parse(self, body: bytes, headers: dict[bytes, bytes]) -> Request:
        aws_signature.check(self._method, self._target, headers, body)
        return Request(self._model, self._streaming, decoded(body))

    def bill(self, request: Request, cache: PromptCache, key: str) -> Usage:
        return cache.marked(asked_in(request), key)

    def reply(self, request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
        one = answer(asked_in(request), behaviour)
        whole = msgspec.structs.replace(usage, output=one.tokens, reasoning=one.reasoning)
        told = {} if behaviour.word == "no-usage" else {"usage": misreported(usage_told(whole), behaviour)}
        rest: Json = told | {"metrics": {"latencyMs": 100}}
        if request.stream:
            return Reply(usage=whole, frames=tuple(frames_of(one, rest, behaviour)), stream_type=STREAM_TYPE)
        message = {"role": "assistant", "content": blocks(one)}
        return Reply(usage=whole, body=encoded({"output": {"message": message}} | ending(one) | rest))

    def problem_body(self, problem: Problem, request_id: str) -> Json:
        kind = problem.code if (problem.code or "").endswith("Exception") else KINDS.get(problem.status)
        words = OWN_WORDS.get(problem.code or "", problem.message)
        return {"__type": kind or "InternalServerException", "message": words}

    def error_frame(self, problem: Problem, request_id: str) -> Frame:
        return Frame(exception("modelStreamErrorException", {"message": problem.message}))


KINDS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}
OWN_WORDS = {"context_length_exceeded": "Input is too long for requested model."}
REASONS = {"stop": "end_turn", "stop_sequence": "stop_sequence", "length": "max_tokens", "tools": "tool_use"}


def usage_told(usage: Usage) -> Json:
    written = usage.cache_write + usage.cache_write_1h
    told: Json = {
        "inputTokens": usage.fresh,
        "outputTokens": usage.output,
        "totalTokens": usage.prompt + usage.output,
        "cacheReadInputTokens": usage.cache_read,
        "cacheWriteInputTokens": written,
    }
    if written:
        kept = {"5m": usage.cache_write, "1h": usage.cache_write_1h}
        told["cacheDetails"] = [{"ttl": ttl, "inputTokens": n} for ttl, n in kept.items() if n]
    return told


def ending(one: Answer) -> Json:
    said: Json = {"stopReason": REASONS[one.ending]}
    if one.stopped_by:
        said["additionalModelResponseFields"] = {"stop_sequence": one.stopped_by}
    return said


def signature(one: Answer) -> str:
    return b64encode(Dice(one.text).word("signature", 96).encode()).decode()


def blocks(one: Answer) -> list[Json]:
    said: list[Json] = []
    if thoughts := "".join(piece.text for piece in one.thoughts):
        thought = {"text": thoughts, "signature": signature(one)}
        said.append({"reasoningContent": {"reasoningText": thought}})
    if one.pieces:
        said.append({"text": one.text})
    for call in one.calls:
        use = {"toolUseId": f"tooluse_{call.id}", "name": call.name, "input": call.arguments}
        said.append({"toolUse": use})
    return said


def frames_of(one: Answer, rest: Json, behaviour: Behaviour) -> Iterator[Frame]:
    hidden = 0 if one.thoughts else one.reasoning
    yield Frame(event("messageStart", {"role": "assistant"}), hidden)
    place = 0
    if one.thoughts:
        for piece in one.thoughts:
            yield delta(place, {"reasoningContent": {"text": piece.text}}, piece.tokens)
        yield delta(place, {"reasoningContent": {"signature": signature(one)}}, 0)
        yield stop(place)
        place += 1
    if one.pieces:
        for piece in one.pieces:
            yield delta(place, {"text": piece.text}, piece.tokens)
        yield stop(place)
        place += 1
    for call in one.calls:
        use = {"toolUseId": f"tooluse_{call.id}", "name": call.name}
        start = {"contentBlockIndex": place, "start": {"toolUse": use}}
        yield Frame(event("contentBlockStart", start), call.opening, content=True)
        for piece in call.pieces:
            yield delta(place, {"toolUse": {"input": piece.text}}, piece.tokens)
        yield stop(place)
        place += 1
    yield Frame(event("messageStop", ending(one)))
    if behaviour.word != "no-done":
        yield Frame(event("metadata", rest), final_usage="usage" in rest)


def delta(place: int, value: Json, tokens: int) -> Frame:
    data = event("contentBlockDelta", {"contentBlockIndex": place, "delta": value, "p": "abcdef"})
    return Frame(data, tokens, content=True)


def stop(place: int) -> Frame:
    return Frame(event("contentBlockStop", {"contentBlockIndex": place}))
