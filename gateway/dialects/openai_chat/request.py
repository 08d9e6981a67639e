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
    messages_of,
    model_of,
    number,
    one_of,
    stop,
    stops,
    strings,
    text,
    whole,
    wrong,
    wrong_type,
)
from gateway.dialects.openai_chat.messages import check_messages
from gateway.dialects.openai_chat.tools import check_tool_choice, check_tools
from gateway.dialects.schemas import check_deeply, check_schema, is_suspicious

MAX_BIASES = 1_024


def parse_request(body: bytes) -> ChatRequest:
    raw = json_body.read(body)
    dropped = check_fields(raw, CHECKS)
    messages = messages_of(raw)
    needs = check_messages(messages)
    streaming = raw.get("stream") is True
    _check_together(raw, streaming=streaming)
    if is_suspicious(body):
        _check_schemas_deeply(raw)
    return ChatRequest(
        surface=Surface.OPENAI_CHAT,
        requested_model=model_of(raw),
        raw=raw,
        streaming=streaming,
        wants_usage=(raw.get("stream_options") or {}).get("include_usage") is True,
        needs=frozenset(needs | _needs(raw, streaming=streaming)),
        max_output_tokens=output_limit(raw),
        choices=raw.get("n") or 1,
        end_user=raw.get("user") or raw.get("safety_identifier") or "",
        dropped=dropped,
    )


def output_limit(raw: Mapping[str, Any]) -> int | None:
    limit = raw.get("max_completion_tokens")
    limit = raw.get("max_tokens") if limit is None else limit
    return limit if type(limit) is int else None


def _check_together(raw: Mapping[str, Any], *, streaming: bool) -> None:
    """What only several fields together can have wrong."""
    if raw.get("stream_options") is not None and not streaming:
        raise wrong("stream_options", "is only allowed with 'stream': true")
    if raw.get("max_tokens") is not None and raw.get("max_completion_tokens") is not None:
        raise wrong("max_tokens", "and 'max_completion_tokens' cannot both be given")
    if raw.get("tool_choice") is not None:
        check_tool_choice(raw["tool_choice"], raw.get("tools") or ())


def _needs(raw: Mapping[str, Any], *, streaming: bool) -> set[Need]:
    needs = set()
    if streaming:
        needs.add(Need.STREAMING)
    if raw.get("tools") or raw.get("functions"):
        needs.add(Need.TOOLS)
    if (raw.get("response_format") or {}).get("type") == "json_schema":
        needs.add(Need.JSON_SCHEMA)
    if raw.get("reasoning_effort") not in {None, "none", "minimal"}:
        needs.add(Need.REASONING)
    if raw.get("audio") is not None or "audio" in (raw.get("modalities") or ()):
        needs.add(Need.AUDIO)
    return needs


def _check_schemas_deeply(raw: Mapping[str, Any]) -> None:
    for index, tool in enumerate(raw.get("tools") or ()):
        check_deeply(f"tools[{index}]", tool)
    if raw.get("response_format") is not None:
        check_deeply("response_format.json_schema", raw["response_format"])


def _check_response_format(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    _FORMAT(f"{place}.type", value.get("type"))
    if value["type"] == "json_schema":
        inner = value.get("json_schema")
        if type(inner) is not dict:
            raise wrong_type(f"{place}.json_schema", "an object")
        text(64)(f"{place}.json_schema.name", inner.get("name"))
        if inner.get("schema") is not None:
            check_schema(f"{place}.json_schema.schema", inner["schema"])


def check_stream_options(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    for field in ("include_usage", "include_obfuscation"):
        if value.get(field) is not None:
            flag(f"{place}.{field}", value[field])


def check_stop(place: str, value: Any) -> None:
    stop(place, value) if type(value) is str else _FOUR_STOPS(place, value)


def check_logit_bias(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    if len(value) > MAX_BIASES:
        raise wrong(place, f"may have at most {MAX_BIASES} entries")
    for token, bias in value.items():
        _BIAS(f"{place}.{token}", bias)


def check_metadata(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    if len(value) > 16:
        raise wrong(place, "may have at most 16 entries")
    for key, item in value.items():
        text(64)(place, key)
        text(512)(f"{place}.{key}", item)


_FORMAT = one_of("text", "json_object", "json_schema")
_FOUR_STOPS = stops(4)
_BIAS = number(-100, 100)

CHECKS: Mapping[str, Check] = {
    "audio": anything,
    "best_of": whole(1, 20),
    "frequency_penalty": number(-2, 2),
    "function_call": anything,
    "functions": anything,
    "logit_bias": check_logit_bias,
    "logprobs": flag,
    "max_completion_tokens": whole(1, MAX_TOKENS),
    "max_tokens": whole(1, MAX_TOKENS),
    "messages": anything,
    "metadata": check_metadata,
    "modalities": strings,
    "model": anything,
    "n": whole(1, 128),
    "parallel_tool_calls": flag,
    "prediction": anything,
    "presence_penalty": number(-2, 2),
    "prompt_cache_key": text(1_024),
    "reasoning_effort": text(32),
    "response_format": _check_response_format,
    "safety_identifier": text(512),
    "seed": whole(-(2**63), 2**63 - 1),
    "service_tier": text(64),
    "stop": check_stop,
    "stop_sequences": foreign("'stop'"),
    "store": flag,
    "stream": flag,
    "stream_options": check_stream_options,
    "system": foreign("a message of role 'system'"),
    "temperature": number(0, 2),
    "tool_choice": anything,
    "tools": check_tools,
    "top_logprobs": whole(0, 20),
    "top_p": number(0, 1),
    "user": text(1_024),
    "verbosity": text(32),
    "web_search_options": anything,
}
