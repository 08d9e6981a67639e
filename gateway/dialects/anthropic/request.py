"""A caller's body → `ChatRequest`: every field that is known is checked, with its place in the error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway import json_body
from gateway.core.conversation import ChatRequest
from gateway.core.facts import Need, Surface
from gateway.dialects.anthropic.messages import check_cache_mark, check_messages, check_system
from gateway.dialects.anthropic.tools import check_tool_choice, check_tools
from gateway.dialects.fields import (
    MAX_TOKENS,
    Check,
    anything,
    check_fields,
    flag,
    foreign,
    messages_of,
    missing,
    model_of,
    number,
    one_of,
    stops,
    text,
    whole,
    wrong,
    wrong_type,
)
from gateway.dialects.schemas import check_deeply, check_schema, is_suspicious

VERSIONS = frozenset({b"2023-01-01", b"2023-06-01", b"2026-10-21"})
LEAST_THINKING = 1_024  # tokens
RELAYED = (b"anthropic-version", b"anthropic-beta")  # headers that belong to what is said


def parse_request(body: bytes, headers: Mapping[bytes, bytes], *, counts_only: bool = False) -> ChatRequest:
    """`counts_only`: no answer is asked for, so that none need be limited."""
    _check_version(headers.get(b"anthropic-version"))
    raw = json_body.read(body)
    dropped = check_fields(raw, CHECKS)
    messages = messages_of(raw)
    if raw.get("max_tokens") is None and not counts_only:
        raise missing("max_tokens")
    needs = check_messages(messages)
    _check_together(raw)
    if is_suspicious(body):
        _check_schemas_deeply(raw)
    return ChatRequest(
        surface=Surface.ANTHROPIC,
        requested_model=model_of(raw),
        raw=raw,
        streaming=raw.get("stream") is True,
        wants_usage=True,
        needs=frozenset(needs | _needs(raw)),
        max_output_tokens=raw.get("max_tokens"),
        end_user=(raw.get("metadata") or {}).get("user_id") or "",
        headers=tuple((name, headers[name]) for name in RELAYED if name in headers),
        dropped=dropped,
    )


def _check_version(version: bytes | None) -> None:
    if version is None:
        raise missing("anthropic-version")
    if version not in VERSIONS:
        raise wrong("anthropic-version", "must be 2023-06-01 or 2026-10-21")


def _check_together(raw: Mapping[str, Any]) -> None:
    thinking = raw.get("thinking") or {}
    limit = raw.get("max_tokens")
    if thinking.get("type") == "enabled" and limit is not None and thinking["budget_tokens"] >= limit:
        raise wrong("thinking.budget_tokens", "must be less than 'max_tokens'")
    if raw.get("tool_choice") is not None:
        check_tool_choice(raw["tool_choice"], raw.get("tools") or ())


def _needs(raw: Mapping[str, Any]) -> set[Need]:
    needs = set()
    if raw.get("stream") is True:
        needs.add(Need.STREAMING)
    if raw.get("tools"):
        needs.add(Need.TOOLS)
    if (raw.get("output_config") or {}).get("format") is not None:
        needs.add(Need.JSON_SCHEMA)
    if (raw.get("thinking") or {}).get("type") in {"enabled", "adaptive", "between_tools"}:
        needs.add(Need.REASONING)
    return needs


def _check_schemas_deeply(raw: Mapping[str, Any]) -> None:
    for index, tool in enumerate(raw.get("tools") or ()):
        check_deeply(f"tools[{index}]", tool)
    if raw.get("output_config") is not None:
        check_deeply("output_config.format.schema", raw["output_config"])


def _check_thinking(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    _THINKING(f"{place}.type", value.get("type"))
    if value["type"] == "enabled":
        if value.get("budget_tokens") is None:
            raise missing(f"{place}.budget_tokens")
        _BUDGET(f"{place}.budget_tokens", value["budget_tokens"])


def _check_output_config(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    if value.get("effort") is not None:
        text(32)(f"{place}.effort", value["effort"])
    wanted = value.get("format")
    if wanted is not None:
        if type(wanted) is not dict:
            raise wrong_type(f"{place}.format", "an object")
        _FORMAT(f"{place}.format.type", wanted.get("type"))
        check_schema(f"{place}.format.schema", wanted.get("schema"))


def _check_metadata(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    for key, item in value.items():
        if key != "user_id":
            raise wrong(f"{place}.{key}", "is not a field of this API")
        if item is not None:
            text(1_024)(f"{place}.{key}", item)


_THINKING = one_of("enabled", "disabled", "adaptive", "between_tools")
_FORMAT = one_of("json_schema")
_BUDGET = whole(LEAST_THINKING, MAX_TOKENS)

CHECKS: Mapping[str, Check] = {
    "cache_control": check_cache_mark,
    "container": anything,
    "context_management": anything,
    "frequency_penalty": foreign("nothing"),
    "logit_bias": foreign("nothing"),
    "max_completion_tokens": foreign("'max_tokens'"),
    "max_tokens": whole(1, MAX_TOKENS),
    "mcp_servers": anything,
    "messages": anything,
    "metadata": _check_metadata,
    "model": anything,
    "n": foreign("nothing"),
    "output_config": _check_output_config,
    "presence_penalty": foreign("nothing"),
    "response_format": foreign("'output_config.format'"),
    "seed": foreign("nothing"),
    "service_tier": text(64),
    "stop": foreign("'stop_sequences'"),
    "stop_sequences": stops(64),
    "stream": flag,
    "stream_options": foreign("nothing"),
    "system": check_system,
    "temperature": number(0, 1),
    "thinking": _check_thinking,
    "tool_choice": anything,
    "tools": check_tools,
    "top_k": whole(0, MAX_TOKENS),
    "top_p": number(0, 1),
    "user": foreign("'metadata.user_id'"),
}
