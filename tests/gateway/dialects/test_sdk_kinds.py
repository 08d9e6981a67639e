"""Every kind of part, block and item that the official SDKs can send is known: a provider of the same API is told it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from inspect import isclass
from typing import Any, get_args, get_type_hints

import pytest
from anthropic.types import ContentBlockParam
from anthropic.types.beta import BetaContentBlockParam, BetaThinkingConfigParam, BetaToolChoiceParam
from google.genai.types import FinishReason, FunctionCallingConfigMode, Part
from openai.types.chat import ChatCompletionContentPartParam
from openai.types.responses.response_input_param import ResponseInputItemParam

from gateway.dialects import SURFACES
from gateway.dialects.anthropic import messages as blocks
from gateway.dialects.gemini.reply import FINISHES
from gateway.dialects.openai_chat.messages import PARTS
from gateway.dialects.openai_responses import items
from gateway.errors import InvalidRequest
from tests.gateway.dialects.samples import HEADERS, PNG


def kinds(union: Any) -> set[str]:
    """What `type` may say in the members of a union of typed dictionaries."""
    found: set[str] = set()
    for member in get_args(union):
        if get_args(member):
            found |= kinds(member)
        elif isclass(member):
            with suppress(NameError):  # a model of answers, which stands beside its dictionary
                found |= set(words(get_type_hints(member).get("type")))
    return found


def words(hint: Any) -> Iterator[str]:
    for one in get_args(hint):
        if isinstance(one, str):
            yield one
        else:
            yield from words(one)


def test_blocks() -> None:
    named = kinds(ContentBlockParam) | kinds(BetaContentBlockParam)
    assert len(named) > 20
    assert not {kind for kind in named - {"text", *blocks._CHECKS} if not blocks._is_known(kind)}


def test_parts_of_chats() -> None:
    assert {"text", "image_url", "file"} <= kinds(ChatCompletionContentPartParam) <= PARTS


def test_items_of_responses() -> None:
    named = kinds(ResponseInputItemParam)
    assert len(named) > 20
    known = {*items._CHECKS, *items._OWN_ITEMS}
    assert not {kind for kind in named - known if not kind.endswith(items._SUFFIXES)}


MEDIA = {"mimeType": "image/png", "data": PNG}
FILE = {"mimeType": "image/png", "fileUri": "https://x.test/a.png"}
SAID: dict[str, Any] = {  # beside a part's own thing the SDK's others tell about it
    "audio_transcription": {},
    "code_execution_result": {"outcome": "OUTCOME_OK"},
    "executable_code": {"code": "1"},
    "file_data": FILE,
    "function_call": {"name": "f", "args": {}},
    "function_response": {"name": "f", "response": {}},
    "inline_data": MEDIA,
    "text": "x",
    "thought_signature": "c2ln",
    "tool_call": {},
    "tool_response": {},
}
ABOUT = {
    "media_processing",
    "media_resolution",
    "part_metadata",
    "speech_metadata",
    "thought",
    "video_metadata",
}


def test_parts_of_contents() -> None:
    assert set(Part.model_fields) == SAID.keys() | ABOUT
    for kind, value in SAID.items():
        body = {"contents": [{"role": "model", "parts": [{kind: value}]}]}
        SURFACES["gemini"].parse_request(json.dumps(body).encode(), model="m")


@pytest.mark.parametrize("mode", [each.value for each in FunctionCallingConfigMode])
def test_modes_of_calling(mode: str) -> None:
    body = {"contents": [{"parts": [{"text": "x"}]}], "toolConfig": {"functionCallingConfig": {"mode": mode}}}
    SURFACES["gemini"].parse_request(json.dumps(body).encode(), model="m")


def test_reasons_to_end() -> None:
    """All others are no good end, as this one is not."""
    others = {each.value for each in FinishReason} - FINISHES.keys()
    assert others == {
        "CONTINUATION",
        "FINISH_REASON_UNSPECIFIED",
        "IMAGE_OTHER",
        "MALFORMED_FUNCTION_CALL",
        "NO_IMAGE",
        "OTHER",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    }


@pytest.mark.parametrize(
    ("field", "union", "rest"),
    [
        ("thinking", BetaThinkingConfigParam, {"budget_tokens": 1_024}),
        ("tool_choice", BetaToolChoiceParam, {"name": "f"}),
    ],
)
def test_choices(field: str, union: Any, rest: dict[str, Any]) -> None:
    named = kinds(union)
    assert len(named) >= 4
    for kind in named:
        body = {
            "model": "m",
            "max_tokens": 2_000,
            "messages": [{"role": "user", "content": "Hi"}],
            "tools": [{"name": "f", "input_schema": {"type": "object"}}],
            field: {"type": kind, **rest},
        }
        SURFACES["anthropic"].parse_request(json.dumps(body).encode(), HEADERS)
    body[field] = {"type": "x"}
    with pytest.raises(InvalidRequest):
        SURFACES["anthropic"].parse_request(json.dumps(body).encode(), HEADERS)
