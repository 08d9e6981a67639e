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
    model_of,
    number,
    stops,
    strings,
    text,
    whole,
    wrong,
    wrong_type,
)
from gateway.dialects.gemini.messages import check_contents, check_system
from gateway.dialects.gemini.spelling import both, refuse_twice_said, said
from gateway.dialects.gemini.tools import check_tool_config, check_tools, declarations, first_of_providers
from gateway.dialects.schemas import check_deeply, check_schema, is_suspicious

NOTHING: Mapping[str, Any] = {}
NATIVE = ("cachedContent", "modelArmorConfig")  # of no meaning elsewhere, and not to be left out


def parse_request(body: bytes, *, model: str, streaming: bool) -> ChatRequest:
    """The model stands in the path, and so does whether the answer is streamed."""
    raw = json_body.read(body)
    named = raw.pop("model", None)  # the path has it; here it is only for batches
    dropped = check_fields(raw, CHECKS)
    refuse_twice_said("", raw)
    needs = check_contents(raw.get("contents"))
    config = config_of(raw)
    if is_suspicious(body):
        _check_schemas_deeply(raw, config)
    return ChatRequest(
        surface=Surface.GEMINI,
        requested_model=model_of({"model": model.removeprefix("models/") or named}),
        raw=raw,
        streaming=streaming,
        wants_usage=True,
        needs=frozenset(needs | _needs(raw, config, streaming=streaming)),
        native=_native(raw),
        max_output_tokens=said(config, "maxOutputTokens"),
        choices=said(config, "candidateCount") or 1,
        dropped=dropped,
    )


def _native(raw: Mapping[str, Any]) -> str:
    return next((field for field in NATIVE if said(raw, field)), first_of_providers(raw.get("tools")))


def config_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return said(raw, "generationConfig") or NOTHING


def thinks(config: Mapping[str, Any]) -> bool:
    """Whether the caller asks for thinking: some models do it unasked, others need to be told."""
    thinking = said(config, "thinkingConfig") or NOTHING
    budget, level = said(thinking, "thinkingBudget"), str(said(thinking, "thinkingLevel") or "")
    if budget is not None:
        return bool(budget != 0)
    return level.upper() in {"LOW", "MEDIUM", "HIGH"} or said(thinking, "includeThoughts") is True


def shows_thinking(request: ChatRequest) -> bool:
    thinking = said(config_of(request.raw), "thinkingConfig") or NOTHING
    return said(thinking, "includeThoughts") is True


def schema_of(config: Mapping[str, Any]) -> Any:
    """As JSON Schema, or in the protocol's own form of it."""
    schema = said(config, "responseJsonSchema")
    return said(config, "responseSchema") if schema is None else schema


def _needs(raw: Mapping[str, Any], config: Mapping[str, Any], *, streaming: bool) -> set[Need]:
    needs = set()
    if streaming:
        needs.add(Need.STREAMING)
    if raw.get("tools"):
        needs.add(Need.TOOLS)
    if schema_of(config) is not None:
        needs.add(Need.JSON_SCHEMA)
    if thinks(config):
        needs.add(Need.REASONING)
    if "AUDIO" in map(str.upper, said(config, "responseModalities") or ()):
        needs.add(Need.AUDIO)
    return needs


def _check_schemas_deeply(raw: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    for index, function in enumerate(declarations(raw)):
        check_deeply(f"tools[].functionDeclarations[{index}]", function)
    if schema_of(config) is not None:
        check_deeply("generationConfig.responseSchema", schema_of(config))


def _check_config(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    refuse_twice_said(f"{place}.", value)
    for field, item in value.items():
        check = CONFIG_CHECKS.get(field)
        if check is not None and item is not None:
            check(f"{place}.{field}", item)
    if said(value, "responseJsonSchema") is not None and said(value, "responseSchema") is not None:
        raise wrong(f"{place}.responseSchema", "and 'responseJsonSchema' cannot both be given")


def _check_thinking(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    for field, check in _THINKING.items():
        if (item := said(value, field)) is not None:
            check(f"{place}.{field}", item)
    if said(value, "thinkingBudget") is not None and said(value, "thinkingLevel") is not None:
        raise wrong(f"{place}.thinkingBudget", "and 'thinkingLevel' cannot both be given")


def _check_labels(place: str, value: Any) -> None:
    if type(value) is not dict:
        raise wrong_type(place, "an object")
    if len(value) > 64:
        raise wrong(place, "may have at most 64 entries")
    for key, item in value.items():
        text(128)(place, key)
        text(128)(f"{place}.{key}", item)


_THINKING: Mapping[str, Check] = {
    "includeThoughts": flag,
    "thinkingBudget": whole(-1, MAX_TOKENS),  # -1: as much as the model sees fit
    "thinkingLevel": text(32),
}

CONFIG_CHECKS: Mapping[str, Check] = both(
    {
        "candidateCount": whole(1, 8),
        "frequencyPenalty": number(-2, 2),
        "logprobs": whole(0, 20),
        "maxOutputTokens": whole(1, MAX_TOKENS),
        "presencePenalty": number(-2, 2),
        "responseJsonSchema": check_schema,
        "responseLogprobs": flag,
        "responseMimeType": text(256),
        "responseModalities": strings,
        "responseSchema": check_schema,
        "seed": whole(-(2**31), 2**31 - 1),
        "stopSequences": stops(5),
        "temperature": number(0, 2),
        "thinkingConfig": _check_thinking,
        "topK": number(0, MAX_TOKENS),
        "topP": number(0, 1),
    }
)

CHECKS: Mapping[str, Check] = both(
    {
        "cachedContent": text(1_024),
        "contents": anything,
        "generationConfig": _check_config,
        "labels": _check_labels,
        "max_tokens": foreign("'generationConfig.maxOutputTokens'"),
        "messages": foreign("'contents'"),
        "safetySettings": anything,
        "stream": foreign("the method 'streamGenerateContent' in the path"),
        "system": foreign("'systemInstruction'"),
        "systemInstruction": check_system,
        "temperature": foreign("'generationConfig.temperature'"),
        "toolConfig": check_tool_config,
        "tools": check_tools,
    }
)
