"""A caller's body → `ChatRequest`: every field that is known is checked, with its place in the error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway import json_body
from gateway.core.conversation import ChatRequest
from gateway.core.facts import Need, Surface
from gateway.dialects.fields import (
    MAX_TOKENS,
    Check,
    anything,
    check_fields,
    flag,
    foreign,
    missing,
    model_of,
    number,
    one_of,
    strings,
    text,
    whole,
    wrong,
    wrong_type,
)
from gateway.dialects.openai_chat.request import check_metadata, check_stream_options
from gateway.dialects.openai_responses.ids import is_ours
from gateway.dialects.openai_responses.items import Seen, check_input
from gateway.dialects.openai_responses.tools import check_tool_choice, check_tools
from gateway.dialects.schemas import check_deeply, check_schema, is_suspicious

MAX_INSTRUCTIONS = 32 * 1024 * 1024  # characters; the body's own limit
LOGPROBS = "message.output_text.logprobs"

# What rests on a provider's memory or on work that only this API's providers do.
_NATIVE = (
    "background",
    "context_management",
    "conversation",
    "moderation",
    "previous_response_id",
    "prompt",
)


def parse_request(body: bytes) -> ChatRequest:
    raw = json_body.read(body)
    dropped = check_fields(raw, CHECKS)
    seen = _seen(raw)
    streaming = raw.get("stream") is True
    _check_together(raw, streaming=streaming)
    if is_suspicious(body):
        _check_schemas_deeply(raw)
    return ChatRequest(
        surface=Surface.OPENAI_RESPONSES,
        requested_model=model_of(raw),
        raw=raw,
        streaming=streaming,
        wants_usage=True,
        needs=frozenset(seen.needs | _needs(raw, streaming=streaming)),
        native=seen.native,
        follows=raw.get("previous_response_id") or "",
        kept=raw.get("store") is not False,
        max_output_tokens=raw.get("max_output_tokens"),
        end_user=raw.get("user") or raw.get("safety_identifier") or "",
        dropped=dropped,
    )


def _seen(raw: Mapping[str, Any]) -> Seen:
    """What the fields show together; a prompt kept at the provider, or its memory, may be all of the input."""
    seen = Seen()
    for field in _NATIVE:
        if raw.get(field):
            seen.only_here(field)
    if raw.get("input") is not None:
        check_input(raw["input"], seen)
    elif "input" in raw or not (
        raw.get("prompt") or raw.get("previous_response_id") or raw.get("conversation")
    ):
        raise missing("input")
    if raw.get("tools") is not None:
        check_tools(raw["tools"], seen)
    if raw.get("tool_choice") is not None:
        check_tool_choice(raw["tool_choice"], raw.get("tools") or (), seen)
    return seen


def _check_together(raw: Mapping[str, Any], *, streaming: bool) -> None:
    """What only several fields together can have wrong."""
    if raw.get("stream_options") is not None and not streaming:
        raise wrong("stream_options", "is only allowed with 'stream': true")
    earlier = raw.get("previous_response_id")
    if earlier is not None and raw.get("conversation") is not None:
        raise wrong("previous_response_id", "and 'conversation' cannot both be given")
    if earlier is not None and is_ours(earlier):
        raise wrong(
            "previous_response_id",
            "names an answer of a provider that keeps none; send the items of the conversation as 'input'",
        )


def _needs(raw: Mapping[str, Any], *, streaming: bool) -> set[Need]:
    needs = set()
    if streaming:
        needs.add(Need.STREAMING)
    if raw.get("tools"):
        needs.add(Need.TOOLS)
    if ((raw.get("text") or {}).get("format") or {}).get("type") == "json_schema":
        needs.add(Need.JSON_SCHEMA)
    if (raw.get("reasoning") or {}).get("effort") not in {None, "none", "minimal"}:
        needs.add(Need.REASONING)
    return needs


def _check_schemas_deeply(raw: Mapping[str, Any]) -> None:
    for index, tool in enumerate(raw.get("tools") or ()):
        check_deeply(f"tools[{index}]", tool)
    if raw.get("text") is not None:
        check_deeply("text.format", raw["text"])


def _check_text(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    if value.get("verbosity") is not None:
        text(32)(f"{place}.verbosity", value["verbosity"])
    wanted = value.get("format")
    if wanted is None:
        return
    if type(wanted) is not dict:
        raise wrong_type(f"{place}.format", "an object")
    _FORMAT(f"{place}.format.type", wanted.get("type"))
    if wanted["type"] == "json_schema":
        if "json_schema" in wanted:
            raise wrong(
                f"{place}.format.json_schema", "is of another API; name and schema stand in the format"
            )
        text(64)(f"{place}.format.name", wanted.get("name"))
        check_schema(f"{place}.format.schema", wanted.get("schema"))


def _check_reasoning(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    for field in ("effort", "summary", "generate_summary", "context", "mode"):
        if value.get(field) is not None:
            text(32)(f"{place}.{field}", value[field])


def _check_conversation(place: str, value: Any) -> None:
    if type(value) is dict:
        text(256)(f"{place}.id", value.get("id"))
    else:
        text(256)(place, value)


_FORMAT = one_of("text", "json_object", "json_schema")

CHECKS: Mapping[str, Check] = {
    "background": flag,
    "context_management": anything,
    "conversation": _check_conversation,
    "frequency_penalty": number(-2, 2),
    "functions": foreign("'tools'"),
    "include": strings,
    "input": anything,
    "instructions": text(MAX_INSTRUCTIONS),
    "max_completion_tokens": foreign("'max_output_tokens'"),
    "max_output_tokens": whole(1, MAX_TOKENS),
    "max_tokens": foreign("'max_output_tokens'"),
    "max_tool_calls": whole(1, MAX_TOKENS),
    "messages": foreign("'input'"),
    "metadata": check_metadata,
    "model": anything,
    "moderation": anything,
    "n": foreign("nothing"),
    "parallel_tool_calls": flag,
    "presence_penalty": number(-2, 2),
    "previous_response_id": text(256),
    "prompt": anything,
    "prompt_cache_key": text(1_024),
    "prompt_cache_options": anything,
    "prompt_cache_retention": text(32),
    "reasoning": _check_reasoning,
    "reasoning_effort": foreign("'reasoning.effort'"),
    "response_format": foreign("'text.format'"),
    "safety_identifier": text(512),
    "service_tier": text(64),
    "stop": foreign("nothing"),
    "store": flag,
    "stream": flag,
    "stream_options": check_stream_options,
    "system": foreign("'instructions'"),
    "temperature": number(0, 2),
    "text": _check_text,
    "tool_choice": anything,
    "tools": anything,
    "top_logprobs": whole(0, 20),
    "top_p": number(0, 1),
    "truncation": one_of("auto", "disabled"),
    "user": text(1_024),
    "verbosity": foreign("'text.verbosity'"),
}
