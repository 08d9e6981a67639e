"""InvokeModel for Anthropic's models: their maker's words, signed, and their events wrapped in AWS's."""

from __future__ import annotations

from base64 import b64encode

import msgspec

from gateway.simulator import anthropic, aws_signature
from gateway.simulator.anthropic_request import Request
from gateway.simulator.asked import Usage
from gateway.simulator.bedrock import Converse
from gateway.simulator.bedrock_request import invalid
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.event_stream import STREAM_TYPE, event, exception
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded

VERSION = "bedrock-2023-05-31"


class Invoke:
    """One request: model and streaming stand in its path, the version in its body."""

    ID_HEADER = Converse.ID_HEADER

    def __init__(self, method: str, target: str, model: str, *, streaming: bool) -> None:
        self._method, self._target = method, target
        self._model, self._streaming = model, streaming

    def key_of(self, headers: dict[bytes, bytes]) -> str:
        return aws_signature.key_of(headers)

    def parse(self, body: bytes, headers: dict[bytes, bytes]) -> Request:
        aws_signature.check(self._method, self._target, headers, body)
        try:
            said = msgspec.json.decode(body, type=dict[str, object])
        except msgspec.DecodeError:
            raise invalid("Malformed input request, please reformat your input and try again.") from None
        if said.pop("anthropic_version", None) != VERSION:
            raise invalid("anthropic_version: Field required")
        for field in ("model", "stream"):
            if field in said:
                raise invalid(f"{field}: Extra inputs are not permitted")
        whole = said | {"model": self._model, "stream": self._streaming}
        return anthropic.parse(encoded(whole), headers | {b"anthropic-version": b"2023-06-01"})

    def bill(self, request: Request, cache: PromptCache, key: str) -> Usage:
        return anthropic.bill(request, cache, key)

    def reply(self, request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
        one = anthropic.reply(request, usage, behaviour, request_id, now)
        return msgspec.structs.replace(one, frames=tuple(map(wrapped, one.frames)), stream_type=STREAM_TYPE)

    def problem_body(self, problem: Problem, request_id: str) -> Json:
        return Converse(self._method, self._target, "", streaming=False).problem_body(problem, request_id)

    def error_frame(self, problem: Problem, request_id: str) -> Frame:
        return Frame(exception("modelStreamErrorException", {"message": problem.message}))


def wrapped(frame: Frame) -> Frame:
    inner = frame.data.partition(b"data: ")[2].strip()
    data = event("chunk", {"bytes": b64encode(inner).decode(), "p": "abcdefgh"})
    return msgspec.structs.replace(frame, data=data)
