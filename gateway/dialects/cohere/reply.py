"""This provider's answer → `Reply`. It does not name its model; who asked knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.core.conversation import Citation, Finish, Part, Reply, Text, Thinking, ToolCall
from gateway.dialects.citations import whole, word
from gateway.dialects.cohere.failure import message_of
from gateway.dialects.cohere.usage import read_usage
from gateway.dialects.failures import redact
from gateway.errors import UpstreamError, UpstreamInvalidResponse

FINISHES: Mapping[str, Finish] = {
    "COMPLETE": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "STOP_SEQUENCE": Finish.STOP_SEQUENCE,
    "TOOL_CALL": Finish.TOOL_CALLS,
}
FAILED = frozenset({"ERROR", "ERROR_LIMIT", "ERROR_TOXIC", "TIMEOUT", "USER_CANCEL"})


def parse_reply(body: bytes, secret: str) -> Reply:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamInvalidResponse("The provider's answer is not JSON.") from None
    message = raw.get("message") if type(raw) is dict else None
    if type(message) is not dict:
        said = message_of(raw) if type(raw) is dict else ""
        raise (
            UpstreamError(redact(said, secret))
            if said
            else UpstreamInvalidResponse("The provider's answer has no message.")
        )
    word = str(raw.get("finish_reason"))
    if word in FAILED:
        raise UpstreamError()
    usage, source = read_usage(raw.get("usage"))
    return Reply(
        id=str(raw.get("id") or ""),
        model="",
        parts=tuple(_parts(message)),
        finish=FINISHES.get(word, Finish.UNKNOWN),
        usage=usage,
        usage_source=source,
        logprobs=tuple(logprobs_of(raw.get("logprobs"))) or None,
        raw=raw,
    )


def _parts(message: Mapping[str, Any]) -> Iterator[Part]:
    plan = message.get("tool_plan")
    if type(plan) is str and plan:
        yield Thinking(text=plan)
    content = message.get("content")
    citations = list(citations_of(message.get("citations")))
    for index, part in enumerate(content if type(content) is list else ()):
        if type(part) is not dict:
            continue
        if type(part.get("text")) is str and part["text"]:
            yield Text(part["text"], citations=tuple(one for place, one in citations if place == index))
        elif type(part.get("thinking")) is str and part["thinking"]:
            yield Thinking(text=part["thinking"])
    if type(content) is str and content:
        yield Text(content)
    calls = message.get("tool_calls")
    for index, call in enumerate(calls if type(calls) is list else ()):
        function = call.get("function") if type(call) is dict else None
        if type(function) is dict and type(function.get("name")) is str:
            arguments = function.get("arguments")
            text = arguments if type(arguments) is str and arguments else "{}"
            yield ToolCall(str(call.get("id") or f"call_{index}"), function["name"], text)


def citations_of(told: Any) -> Iterator[tuple[int, Citation]]:
    """With the number of the part of content; one that rests on several sources is several."""
    for one in told if type(told) is list else ():
        if type(one) is not dict or one.get("type") == "PLAN":
            continue
        sources = one.get("sources")
        for source in sources if type(sources) is list else ():
            said = (source.get("document") or source.get("tool_output")) if type(source) is dict else None
            if type(said) is dict:
                yield (
                    whole(one.get("content_index")),
                    Citation(
                        url=word(said.get("url")),
                        title=word(said.get("title")),
                        cited=word(said.get("snippet")),
                        start=whole(one.get("start")),
                        end=whole(one.get("end")),
                    ),
                )


def logprobs_of(told: Any) -> Iterator[float]:
    """Each row is of a piece of text, and has one for every token in it."""
    for row in told if type(told) is list else ():
        values = row.get("logprobs") if type(row) is dict else None
        for value in values if type(values) is list else ():
            if type(value) is float or type(value) is int:
                yield float(value)
