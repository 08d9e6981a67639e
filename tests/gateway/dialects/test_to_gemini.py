"""What providers of Gemini's protocol are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.core.catalogue import SPOKEN, WORDS, Model
from gateway.dialects import DIALECTS, PROTOCOLS, SURFACES
from gateway.dialects.gemini.parts import UNSIGNED
from gateway.errors import (
    Untranslatable,
)
from tests.gateway.dialects.samples import (
    ANTHROPIC,
    CALLED,
    MODEL,
    OPENAI,
    PNG,
    RESULTS,
    SCHEMA,
    USED,
    USER,
    parse,
    tool,
)

GEMINI = DIALECTS["gemini"]
NEW = replace(MODEL, upstream_model="gemini-3.5-flash")
OLD = replace(MODEL, upstream_model="gemini-2.5-flash")


def told(surface: str, model: Model = MODEL, **fields: Any) -> dict[str, Any]:
    request = parse(surface, **fields)
    body: dict[str, Any] = json.loads(
        GEMINI.translate(DIALECTS[surface].conversation_of(request), model).body
    )
    return body


def dropped(surface: str, model: Model = MODEL, **fields: Any) -> tuple[str, ...]:
    return GEMINI.translate(DIALECTS[surface].conversation_of(parse(surface, **fields)), model).dropped


@pytest.mark.parametrize(("surface", "used"), [(OPENAI, [USER, CALLED, *RESULTS, USER]), (ANTHROPIC, USED)])
def test_a_conversation_with_tools(surface: str, used: list[Any]) -> None:
    contents = told(surface, OLD, messages=used)["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert contents[1]["parts"] == [
        {"text": "Let me see."},
        {"functionCall": {"id": "a", "name": "f", "args": {"city": "Paris"}}},
        {"functionCall": {"id": "b", "name": "f", "args": {}}},
    ]
    results = [part["functionResponse"] for part in contents[2]["parts"] if "functionResponse" in part]
    assert results == [
        {"id": "a", "name": "f", "response": {"output": "sunny"}},
        {"id": "b", "name": "f", "response": {"output": "rain"}},
    ]
    assert "text" in contents[2]["parts"][-1]


def test_models_that_want_their_signatures_back_get_them_or_a_stand_in() -> None:
    signed = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
    calls = CALLED["tool_calls"]
    messages = [USER, CALLED | {"tool_calls": [calls[0] | signed, calls[1]]}, *RESULTS]
    for model in (OLD, NEW):
        parts = told(OPENAI, model, messages=messages)["contents"][1]["parts"]
        assert [part.get("thoughtSignature") for part in parts] == [None, "c2ln", None]
    unsigned = told(OPENAI, NEW, messages=[USER, CALLED, *RESULTS])["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in unsigned] == [None, UNSIGNED, None]


def test_results_are_objects_and_pictures_follow_them() -> None:
    result = {
        "type": "tool_result",
        "tool_use_id": "a",
        "is_error": True,
        "content": [
            {"type": "text", "text": "no"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ],
    }
    plain = {"type": "tool_result", "tool_use_id": "b", "content": '{"x": 1}'}
    contents = told(ANTHROPIC, messages=[*USED[:2], {"role": "user", "content": [result, plain]}])["contents"]
    assert contents[2]["parts"] == [
        {"functionResponse": {"id": "a", "name": "f", "response": {"error": "no"}}},
        {"functionResponse": {"id": "b", "name": "f", "response": {"x": 1}}},
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
    ]


def test_pictures_and_documents() -> None:
    content = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.webp?v=1"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}},
        {"type": "input_audio", "input_audio": {"format": "wav", "data": "AAAA"}},
        {"type": "text", "text": "?"},
    ]
    assert told(OPENAI, messages=[{"role": "user", "content": content}])["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
        {"fileData": {"mimeType": "image/webp", "fileUri": "https://x.test/a.webp?v=1"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "AAAA"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}},
        {"text": "?"},
    ]


def test_sampling_form_and_choice() -> None:
    body = told(
        OPENAI,
        messages=[{"role": "system", "content": "Be brief."}, USER],
        temperature=0.3,
        max_tokens=9,
        stop="END",
        seed=3,
        n=2,
        logprobs=True,
        top_logprobs=4,
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}},
    )
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert body["generationConfig"] == {
        "temperature": 0.3,
        "maxOutputTokens": 9,
        "stopSequences": ["END"],
        "seed": 3,
        "candidateCount": 2,
        "responseLogprobs": True,
        "logprobs": 4,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }
    body = told(OPENAI, tools=[tool()], tool_choice={"type": "function", "function": {"name": "f"}})
    assert body["tools"] == [
        {"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": SCHEMA}]}
    ]
    calling = {"mode": "ANY", "allowedFunctionNames": ["f"]}
    assert body["toolConfig"] == {"functionCallingConfig": calling}


def test_what_cannot_be_said_is_dropped_and_told_or_refused() -> None:
    fields: dict[str, Any] = {"user": "u", "metadata": {"a": "b"}, "seed": 2**40, "logit_bias": {"1": 2}}
    assert set(dropped(OPENAI, **fields)) == {"user", "metadata", "seed", "logit_bias"}
    assert dropped(OPENAI, tools=[tool()], parallel_tool_calls=False) == ("parallel_tool_calls",)
    stranger = [{"role": "tool", "tool_call_id": "x", "content": "y"}]
    for refused in (
        {"messages": [USER, *stranger]},
        {"tools": [tool()], "response_format": {"type": "json_object"}},
    ):
        with pytest.raises(Untranslatable):
            told(OPENAI, OLD, **refused)
    assert told(OPENAI, NEW, tools=[tool()], response_format={"type": "json_object"})["tools"]
    with pytest.raises(Untranslatable):
        told(ANTHROPIC, stop_sequences=list("abcdef"))


@pytest.mark.parametrize(
    ("name", "fields", "thinking", "exact"),
    [
        ("gemini-2.5-flash", {"reasoning_effort": "low"}, {"thinkingBudget": 1_024}, True),
        ("gemini-2.5-flash", {"reasoning_effort": "none"}, {"thinkingBudget": 0}, True),
        ("gemini-2.5-pro", {"reasoning_effort": "none"}, {"thinkingBudget": 128}, False),
        ("gemini-2.5-pro", {"reasoning_effort": "high"}, {"thinkingBudget": 24_576}, True),
        ("gemini-3-flash-preview", {"reasoning_effort": "none"}, {"thinkingLevel": "minimal"}, False),
        ("gemini-3-flash-preview", {"reasoning_effort": "medium"}, {"thinkingLevel": "medium"}, True),
        ("gemini-3-pro-preview", {"reasoning_effort": "medium"}, {"thinkingLevel": "high"}, False),
        ("gemini-3.1-pro-preview", {"reasoning_effort": "medium"}, {"thinkingLevel": "medium"}, True),
        ("gemini-3-pro-preview", {"reasoning_effort": "none"}, {"thinkingLevel": "low"}, False),
    ],
)
def test_effort_as_each_generation_understands_it(
    name: str, fields: dict[str, Any], thinking: dict[str, Any], *, exact: bool
) -> None:
    model = replace(MODEL, upstream_model=name)
    said = told(OPENAI, model, **fields)["generationConfig"]["thinkingConfig"]
    shown = said.pop("includeThoughts", False)
    assert said == thinking
    assert shown is (fields["reasoning_effort"] != "none")
    assert dropped(OPENAI, model, **fields) == (() if exact else ("reasoning_effort",))


@pytest.mark.parametrize(
    ("name", "tokens", "thinking", "exact"),
    [
        ("gemini-2.5-flash", 2_048, {"thinkingBudget": 2_048}, True),
        ("gemini-2.5-flash", 32_000, {"thinkingBudget": 24_576}, False),
        ("gemini-3.5-flash", 2_048, {"thinkingLevel": "low"}, True),
    ],
)
def test_a_budget_is_kept_or_said_to_be_another(
    name: str, tokens: int, thinking: dict[str, Any], *, exact: bool
) -> None:
    model = replace(MODEL, upstream_model=name)
    fields: dict[str, Any] = {
        "max_tokens": 64_000,
        "thinking": {"type": "enabled", "budget_tokens": tokens},
    }
    said = told(ANTHROPIC, model, **fields)["generationConfig"]["thinkingConfig"]
    assert said == thinking | {"includeThoughts": True}
    assert dropped(ANTHROPIC, model, **fields) == (() if exact else ("thinking",))


def test_on_vertex_the_same_is_said_at_another_place() -> None:
    request = parse(OPENAI, stream=True)
    conversation = DIALECTS[OPENAI].conversation_of(request)
    on_vertex = PROTOCOLS["vertex_gemini"].translate(conversation, MODEL)
    assert on_vertex.body == GEMINI.translate(conversation, MODEL).body
    assert on_vertex.path == "/v1beta1/publishers/google/models/some-model:streamGenerateContent?alt=sse"
    model = replace(MODEL, upstream_model="claude-sonnet-4-5@20250929")
    claude = PROTOCOLS["vertex_anthropic"].translate(conversation, model)
    body = json.loads(claude.body)
    assert claude.path == "/v1/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict"
    assert (body["anthropic_version"], body["stream"]) == ("vertex-2023-10-16", True)
    assert "model" not in body
    assert claude.headers == ()


def test_protocols_that_take_anothers_words_are_those_that_say_so() -> None:
    others = {name: PROTOCOLS[name].words for name in SPOKEN if PROTOCOLS[name].words != name}
    assert {name: words for name, words in others.items() if words in SURFACES} == WORDS
