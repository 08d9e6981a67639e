"""A checked request → what it says: `Prompt` for the classifier, `Conversation` in nobody's dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.core.conversation import (
    ChatRequest,
    Conversation,
    Message,
    OutputFormat,
    Role,
    Text,
    Tool,
    ToolChoice,
)
from gateway.core.prompt import Prompt, Turn
from gateway.dialects.gemini.parts import Reading, read_parts
from gateway.dialects.gemini.request import NOTHING, config_of, schema_of, thinks
from gateway.dialects.gemini.schema import json_schema
from gateway.dialects.gemini.spelling import objects, said, snake
from gateway.dialects.gemini.tools import declarations
from gateway.errors import Untranslatable

# What Conversation calls by another word.
SPELLED: Mapping[str, str] = {
    "choices": "generationConfig.candidateCount",
    "frequency_penalty": "generationConfig.frequencyPenalty",
    "logprobs": "generationConfig.responseLogprobs",
    "max_output_tokens": "generationConfig.maxOutputTokens",
    "metadata": "labels",
    "output_format": "generationConfig.responseSchema",
    "presence_penalty": "generationConfig.presencePenalty",
    "reasoning_effort": "generationConfig.thinkingConfig",
    "reasoning_tokens": "generationConfig.thinkingConfig",
    "seed": "generationConfig.seed",
    "stop": "generationConfig.stopSequences",
    "temperature": "generationConfig.temperature",
    "top_k": "generationConfig.topK",
    "top_logprobs": "generationConfig.logprobs",
    "top_p": "generationConfig.topP",
}

_SAID = frozenset({"contents", "generationConfig", "labels", "systemInstruction", "toolConfig", "tools"})
_CONFIG_SAID = frozenset(
    {
        "candidateCount",
        "frequencyPenalty",
        "logprobs",
        "maxOutputTokens",
        "presencePenalty",
        "responseJsonSchema",
        "responseLogprobs",
        "responseMimeType",
        "responseModalities",
        "responseSchema",
        "seed",
        "stopSequences",
        "temperature",
        "thinkingConfig",
        "topK",
        "topP",
    }
)
_MODES = {"AUTO": "auto", "VALIDATED": "auto", "ANY": "required", "NONE": "none"}


def prompt_of(request: ChatRequest) -> Prompt:
    raw = request.raw
    images = characters = 0
    turns = []
    for role, parts in _turns(raw):
        texts: list[str] = []
        results: list[str] = []
        for part in parts:
            text = part.get("text")
            if type(text) is str:
                texts.append(text)
            elif (result := said(part, "functionResponse")) is not None:
                results.append(_encoded(result.get("response")))
            elif (call := said(part, "functionCall")) is not None:
                characters += len(_encoded(call))
            else:
                media = said(part, "inlineData") or said(part, "fileData") or NOTHING
                images += str(said(media, "mimeType") or "").startswith("image/")
        text = "\n".join(texts or results)
        characters += len(text)
        turns.append(Turn("tool" if results and not texts else role, text))
    declared = list(declarations(raw))
    return Prompt(
        turns=tuple(turns),
        tools=tuple(function["name"] for function in declared),
        schema=schema_of(config_of(raw)) is not None,
        images=images,
        max_output_tokens=request.max_output_tokens,
        characters=characters + (len(msgspec.json.encode(declared)) if declared else 0),
    )


def _turns(raw: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    if system := _system(raw):
        yield "system", system
    for content in objects(raw["contents"]):
        yield "assistant" if content.get("role") == "model" else "user", objects(content["parts"])


def _system(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    system = said(raw, "systemInstruction")
    if type(system) is str:
        return [{"text": system}]
    return objects(system["parts"]) if system else []


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def conversation_of(request: ChatRequest) -> Conversation:
    raw, config = request.raw, config_of(request.raw)
    if request.native:
        raise Untranslatable(
            f"'{request.native}' cannot be said to this model's provider.", param=request.native
        )
    _refuse_other_modalities(config)
    reading = Reading()
    messages = list(_messages(raw, reading))
    choice, allowed = _tool_choice(raw)
    effort, tokens = _thinking(config)
    unsaid = [field for field in raw if not _is_in(field, _SAID)]
    unsaid += [f"generationConfig.{field}" for field in config if not _is_in(field, _CONFIG_SAID)]
    top_k = said(config, "topK")
    return Conversation(
        messages=tuple(messages),
        tools=tuple(tool for tool in _tools(raw) if allowed is None or tool.name in allowed),
        tool_choice=choice,
        output_format=_output_format(config),
        max_output_tokens=said(config, "maxOutputTokens"),
        temperature=said(config, "temperature"),
        top_p=said(config, "topP"),
        top_k=None if top_k is None else int(top_k),
        stop=tuple(said(config, "stopSequences") or ()),
        seed=said(config, "seed"),
        frequency_penalty=said(config, "frequencyPenalty") or None,
        presence_penalty=said(config, "presencePenalty") or None,
        choices=request.choices,
        logprobs=said(config, "responseLogprobs") is True,
        top_logprobs=said(config, "logprobs"),
        reasoning_effort=effort,
        reasoning_tokens=tokens,
        metadata=raw.get("labels") or {},
        streaming=request.streaming,
        unsayable=(*unsaid, *reading.unsaid),
        spelled=SPELLED,
    )


def _is_in(field: str, names: frozenset[str]) -> bool:
    return field in names or any(snake(name) == field for name in names)


def _messages(raw: Mapping[str, Any], reading: Reading) -> Iterator[Message]:
    if system := _system(raw):
        yield Message(Role.SYSTEM, tuple(Text(part["text"]) for part in system if part["text"]))
    for index, content in enumerate(objects(raw["contents"])):
        role = Role.ASSISTANT if content.get("role") == "model" else Role.USER
        parts = tuple(read_parts(f"contents[{index}]", objects(content["parts"]), reading))
        if parts:
            yield Message(role, parts)


def _refuse_other_modalities(config: Mapping[str, Any]) -> None:
    for kind in said(config, "responseModalities") or ():
        if kind.upper() not in {"TEXT", "MODALITY_UNSPECIFIED"}:
            raise Untranslatable(
                "This model's provider answers with text only.", param="generationConfig.responseModalities"
            )


def _tools(raw: Mapping[str, Any]) -> Iterator[Tool]:
    for function in declarations(raw):
        yield Tool(
            name=function["name"],
            description=str(function.get("description") or ""),
            parameters=_parameters(function),
        )


def _parameters(function: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = said(function, "parametersJsonSchema")
    parameters: Mapping[str, Any] = (
        json_schema(function.get("parameters") or {}) if schema is None else schema
    )
    return parameters


def _tool_choice(raw: Mapping[str, Any]) -> tuple[ToolChoice | None, frozenset[str] | None]:
    """And the functions that may be called, where not all of them may: no others need be told."""
    calling = said(said(raw, "toolConfig") or NOTHING, "functionCallingConfig") or NOTHING
    mode = _MODES.get(str(calling.get("mode") or "").upper())
    if mode is None or not raw.get("tools"):
        return None, None
    names: list[str] = said(calling, "allowedFunctionNames") or []
    if mode == "required" and len(names) == 1:
        return ToolChoice(mode="named", name=names[0]), None
    return ToolChoice(mode=mode), frozenset(names) if names and mode != "none" else None


def _output_format(config: Mapping[str, Any]) -> OutputFormat | None:
    kind, schema = said(config, "responseMimeType") or "text/plain", said(config, "responseJsonSchema")
    if kind not in {"text/plain", "application/json"}:
        raise Untranslatable(
            "This model's provider answers with plain text or JSON.",
            param="generationConfig.responseMimeType",
        )
    if schema is None:
        schema = json_schema(said(config, "responseSchema"))
    if kind == "application/json":
        return OutputFormat(schema=schema)
    return None if schema is None else OutputFormat(schema=schema)


def _thinking(config: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """As a word and as a budget in tokens, of which one is said at most."""
    thinking = said(config, "thinkingConfig") or NOTHING
    budget, level = said(thinking, "thinkingBudget"), said(thinking, "thinkingLevel")
    if budget is not None and budget > 0:
        return None, budget
    if budget == 0:
        return "none", None
    if level is not None and level.upper() != "THINKING_LEVEL_UNSPECIFIED":
        return str(level).lower(), None
    return ("medium" if thinks(config) else None), None
