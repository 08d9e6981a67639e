"""This server's answer → `Reply`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from gateway.core.conversation import Finish, Part, Reply, Text, Thinking, ToolCall
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.ollama.failure import error_in
from gateway.errors import UpstreamInvalidResponse

FINISHES: Mapping[str, Finish] = {"stop": Finish.STOP, "length": Finish.LENGTH}


def parse_reply(body: bytes, secret: str) -> Reply:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamInvalidResponse("The provider's answer is not JSON.") from None
    if type(raw) is not dict:
        raise UpstreamInvalidResponse("The provider's answer is not an object.")
    if (error := error_in(raw, secret)) is not None:
        raise error
    message = raw.get("message")
    if type(message) is not dict:
        raise UpstreamInvalidResponse("The provider's answer has no message.")
    parts = tuple(_parts(message, str(raw.get("created_at"))))
    usage, source = read_usage(raw)
    return Reply(
        id=id_of(str(raw.get("created_at"))),
        model=str(raw.get("model") or ""),
        parts=parts,
        finish=finish_of(raw.get("done_reason"), calls=any(isinstance(part, ToolCall) for part in parts)),
        usage=usage,
        usage_source=source,
        logprobs=tuple(logprobs_of(raw.get("logprobs"))) or None,
        raw=raw,
    )


def _parts(message: Mapping[str, Any], when: str) -> Iterator[Part]:
    thought, text = message.get("thinking"), message.get("content")
    if type(thought) is str and thought:
        yield Thinking(text=thought)
    if type(text) is str and text:
        yield Text(text)
    yield from calls_of(message, when)


def calls_of(message: Mapping[str, Any], when: str, *, before: int = 0) -> Iterator[ToolCall]:
    """`before`: how many calls came before these."""
    calls = message.get("tool_calls")
    for index, call in enumerate(calls if type(calls) is list else (), before):
        function = call.get("function") if type(call) is dict else None
        if type(function) is not dict or type(function.get("name")) is not str:
            continue
        arguments = function.get("arguments")
        text = msgspec.json.encode(arguments).decode() if type(arguments) is dict else "{}"
        given = call.get("id")
        call_id = given if type(given) is str and given else f"call_{id_of(f'{when} {index}')}"
        yield ToolCall(call_id, function["name"], text)


def id_of(when: str) -> str:
    """From the moment of the answer, which is told to the nanosecond."""
    return blake2b(when.encode("utf-8", "replace"), digest_size=12).hexdigest()


def finish_of(word: Any, *, calls: bool) -> Finish:
    if calls:
        return Finish.TOOL_CALLS
    return FINISHES.get(word, Finish.UNKNOWN) if type(word) is str else Finish.UNKNOWN


def read_usage(report: dict[str, Any]) -> tuple[Usage, UsageSource]:
    if not ("prompt_eval_count" in report or "eval_count" in report):
        return NOTHING, UsageSource.NONE
    counts = Counts(report)
    usage = Usage(input=counts.required("prompt_eval_count"), output=counts.required("eval_count"))
    return usage, counts.source


def logprobs_of(told: Any) -> Iterator[float]:
    for row in told if type(told) is list else ():
        value = row.get("logprob") if type(row) is dict else None
        if type(value) is float or type(value) is int:
            yield float(value)
