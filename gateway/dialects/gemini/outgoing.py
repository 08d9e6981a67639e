"""A request → what is sent to a provider of this protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from gateway.core.catalogue import Model
from gateway.core.conversation import (
    ChatRequest,
    Conversation,
    Message,
    Part,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
)
from gateway.dialects.dialect import Outgoing
from gateway.dialects.gemini.parts import UNSIGNED, parts_of
from gateway.dialects.gemini.request import config_of
from gateway.dialects.gemini.spelling import snake
from gateway.dialects.gemini.thinking import generation, thinking_for
from gateway.dialects.marks import uncited, unmarked
from gateway.dialects.rendering import named
from gateway.errors import InvalidRequest, Untranslatable

ROOT = "/v1beta/models/"
MAX_STOPS = 5
MAX_SEED = 2**31 - 1

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "named": "ANY"}
_SAMPLING: Mapping[str, str] = {
    "max_output_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
}
_CONFIG_FIELDS: Mapping[str, tuple[str, ...]] = {  # of the fields that are rejected: how they are said here
    **{field: (name,) for field, name in _SAMPLING.items()},
    "logprobs": ("responseLogprobs", "logprobs"),
    "max_tokens": ("maxOutputTokens",),
    "reasoning_effort": ("thinkingConfig",),
    "seed": ("seed",),
    "stop": ("stopSequences",),
    "top_logprobs": ("logprobs",),
}


def path_of(root: str, model: Model, *, streaming: bool) -> str:
    method = "streamGenerateContent?alt=sse" if streaming else "generateContent"
    return f"{root}{quote(model.wire_name.removeprefix('models/'), safe='-._~@/')}:{method}"


def pass_through(request: ChatRequest, model: Model, rejects: frozenset[str], root: str = ROOT) -> Outgoing:
    body, path = dict(request.raw), path_of(root, model, streaming=request.streaming)
    if body.pop("logprobs", None) or request.wants_logprobs:
        body["generationConfig"] = {**config_of(body), "responseLogprobs": True}
    if request.wants_likeliest:
        told = body["generationConfig"].get("logprobs") or 0
        body["generationConfig"]["logprobs"] = max(request.wants_likeliest, told)
    return _outgoing(path, body, rejects, list(request.dropped))


def translate(
    conversation: Conversation, model: Model, rejects: frozenset[str], root: str = ROOT
) -> Outgoing:
    _refuse_unsayable(conversation, model)
    dropped = [*conversation.unsayable, *unmarked(conversation), *uncited(conversation)]
    system, turns = _split(conversation)
    body: dict[str, Any] = {"contents": list(_contents(turns, model, dropped))}
    if system:
        body["systemInstruction"] = {"parts": [{"text": text} for text in system]}
    if conversation.tools:
        body |= _tools(conversation, dropped)
    config = (
        _sampling(conversation, dropped)
        | _output_format(conversation)
        | thinking_for(conversation, model, dropped)
    )
    if config:
        body["generationConfig"] = config
    dropped += [conversation.spelled.get(f, f) for f in ("end_user", "metadata") if getattr(conversation, f)]
    return _outgoing(path_of(root, model, streaming=conversation.streaming), body, rejects, dropped)


def _outgoing(path: str, body: dict[str, Any], rejects: frozenset[str], dropped: list[str]) -> Outgoing:
    if rejects:
        _leave_out(body, rejects, dropped)
    try:
        return Outgoing(path=path, body=msgspec.json.encode(body), dropped=named(dropped))
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("The request cannot be written as JSON.", code="invalid_json") from None


def _leave_out(body: dict[str, Any], rejects: frozenset[str], dropped: list[str]) -> None:
    """Rejected fields are named as other protocols say them, or as this one does."""
    config = dict(config_of(body))
    for field in rejects:
        if body.pop(field, None) is not None:
            dropped.append(field)
        for name in _CONFIG_FIELDS.get(field, (field,)):
            said = [config.pop(spelling, None) for spelling in (name, snake(name))]
            dropped.extend(f"generationConfig.{name}" for value in said if value is not None)
    for spelling in ("generationConfig", "generation_config"):
        if spelling in body:
            body[spelling] = config


def _refuse_unsayable(conversation: Conversation, model: Model) -> None:
    if len(conversation.stop) > MAX_STOPS:
        raise Untranslatable(
            f"This model's provider takes at most {MAX_STOPS} stop sequences.",
            param=conversation.spelled.get("stop", "stop"),
        )
    if conversation.tools and conversation.output_format and generation(model.wire_name) < (3, 0):
        raise Untranslatable(
            "This model takes either tools or a format of its answer, not both.",
            param=conversation.spelled.get("output_format", "output_format"),
        )


def _split(conversation: Conversation) -> tuple[list[str], Sequence[Message]]:
    """Instructions apart from turns; a conversation of nothing but instructions is said by the user."""
    turns = [message for message in conversation.messages if message.role is not Role.SYSTEM]
    parts = tuple(p for m in conversation.messages if m.role is Role.SYSTEM for p in m.parts)
    if not turns:
        return [], [Message(Role.USER, parts)]
    return [part.text for part in parts if isinstance(part, Text) and part.text], turns


def _contents(turns: Sequence[Message], model: Model, dropped: list[str]) -> Iterator[dict[str, Any]]:
    """User and model by turns; all results of one turn's calls in one content, and before all else."""
    names: dict[str, str] = {}
    open_role, parts = "", list[dict[str, Any]]()
    said = False
    for index, turn in enumerate(turns):
        role = "model" if turn.role is Role.ASSISTANT else "user"
        if role != open_role and parts:
            said = True
            yield _content(open_role, parts, model)
            parts = []
        open_role = role
        for part in turn.parts:
            parts.extend(_part(f"messages[{index}].content", part, names, dropped))
    if parts:
        yield _content(open_role, parts, model)
    elif not said:
        raise Untranslatable("To this model's provider nothing cannot be said.", param="messages")


def _part(place: str, part: Part, names: dict[str, str], dropped: list[str]) -> Iterator[dict[str, Any]]:
    if isinstance(part, ToolCall):
        names[part.id] = part.name
    return parts_of(place, part, names, dropped)


def _content(role: str, parts: list[dict[str, Any]], model: Model) -> dict[str, Any]:
    if role == "user":
        parts.sort(key=lambda part: "functionResponse" not in part)
    elif generation(model.wire_name) >= (3, 0):
        _sign(parts)
    return {"role": role, "parts": parts}


def _sign(parts: list[dict[str, Any]]) -> None:
    """Of the calls of one step the first must be signed."""
    first = next((part for part in parts if "functionCall" in part), None)
    if first is not None:
        first.setdefault("thoughtSignature", UNSIGNED)


def _tools(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"tools": [{"functionDeclarations": [_tool(tool) for tool in conversation.tools]}]}
    choice = conversation.tool_choice
    if choice is not None:
        body["toolConfig"] = {"functionCallingConfig": _tool_choice(choice)}
        if choice.parallel is False:
            dropped.append("parallel_tool_calls")
    return body


def _tool(tool: Tool) -> dict[str, Any]:
    said: dict[str, Any] = {"name": tool.name}
    if tool.description:
        said["description"] = tool.description
    if tool.parameters.get("properties") or tool.parameters.keys() - {"type", "properties", "required"}:
        said["parametersJsonSchema"] = tool.parameters
    return said


def _tool_choice(choice: ToolChoice) -> dict[str, Any]:
    said: dict[str, Any] = {"mode": _MODES.get(choice.mode, "AUTO")}
    if choice.mode == "named":
        said["allowedFunctionNames"] = [choice.name]
    return said


def _sampling(conversation: Conversation, dropped: list[str]) -> dict[str, Any]:
    config = {
        name: value
        for field, name in _SAMPLING.items()
        if (value := getattr(conversation, field)) is not None
    }
    if conversation.stop:
        config["stopSequences"] = list(conversation.stop)
    if conversation.choices > 1:
        config["candidateCount"] = conversation.choices
    if conversation.seed is not None and abs(conversation.seed) > MAX_SEED:
        dropped.append(conversation.spelled.get("seed", "seed"))
    elif conversation.seed is not None:
        config["seed"] = conversation.seed
    if conversation.logprobs:
        config["responseLogprobs"] = True
        if conversation.top_logprobs is not None:
            config["logprobs"] = conversation.top_logprobs
    return config


def _output_format(conversation: Conversation) -> dict[str, Any]:
    wanted = conversation.output_format
    if wanted is None:
        return {}
    schema = {} if wanted.schema is None else {"responseJsonSchema": wanted.schema}
    return {"responseMimeType": "application/json"} | schema
