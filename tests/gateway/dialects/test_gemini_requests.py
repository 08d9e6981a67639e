"""What callers of Gemini's surface may say, in either spelling, and what it means to providers of other protocols."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.core.catalogue import Model
from gateway.core.conversation import ChatRequest, Document, Image, Text, ToolCall, ToolResult
from gateway.core.facts import Need
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.dialects.gemini.parts import UNSIGNED
from gateway.errors import InvalidRequest, Untranslatable
from tests.gateway.dialects.samples import ANTHROPIC, MODEL, OPENAI, PNG, SCHEMA

GEMINI = DIALECTS["gemini"]
HI = {"role": "user", "parts": [{"text": "Hi"}]}
DECLARED = {"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": SCHEMA}]}


def asked(*, streaming: bool = False, **fields: Any) -> ChatRequest:
    raw = json.dumps({"contents": [HI], **fields}).encode()
    return GEMINI.parse_request(raw, model="some-model", streaming=streaming)


def told(dialect: str, model: Model = MODEL, **fields: Any) -> dict[str, Any]:
    """What a provider of another protocol is sent."""
    outgoing = PROTOCOLS[dialect].translate(GEMINI.conversation_of(asked(**fields)), model)
    body: dict[str, Any] = json.loads(outgoing.body)
    return body


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"contents": None}, "contents"),
        ({"contents": []}, "contents"),
        ({"contents": "Hi"}, "contents"),
        ({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, "contents[0].role"),
        ({"contents": [{"parts": []}]}, "contents[0].parts"),
        ({"contents": [{"content": "x"}]}, "contents[0].content"),
        ({"contents": [{"parts": [{}]}]}, "contents[0].parts[0]"),
        ({"contents": [{"parts": [{"text": 1}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{"parts": [{"inlineData": {"data": 1}}]}]}, "contents[0].parts[0].inlineData.data"),
        (
            {"contents": [{"parts": [{"function_call": {"name": "a b"}}]}]},
            "contents[0].parts[0].functionCall.name",
        ),
        ({"messages": []}, "messages"),
        ({"stream": True}, "stream"),
        ({"temperature": 1}, "temperature"),
        ({"generationConfig": {"temperature": 3}}, "generationConfig.temperature"),
        ({"generation_config": {"max_output_tokens": 0}}, "generation_config.max_output_tokens"),
        ({"generationConfig": {"candidateCount": 9}}, "generationConfig.candidateCount"),
        ({"generationConfig": {"stopSequences": list("abcdef")}}, "generationConfig.stopSequences"),
        ({"generationConfig": {"topK": 1, "top_k": 2}}, "generationConfig.topK"),
        ({"systemInstruction": HI, "system_instruction": HI}, "systemInstruction"),
        ({"systemInstruction": 1}, "systemInstruction"),
        ({"tools": [DECLARED, DECLARED]}, "tools[1].functionDeclarations[0].name"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0]"),
        (
            {"toolConfig": {"functionCallingConfig": {"mode": "SOME"}}},
            "toolConfig.functionCallingConfig.mode",
        ),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "LOW"}}},
            "generationConfig.thinkingConfig.thinkingBudget",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked(**fields)
    assert caught.value.param == place
    error = json.loads(GEMINI.render_error(caught.value, "r").body)["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][1]["fieldViolations"][0]["field"] == place


@pytest.mark.parametrize("model", ["some-model", "models/some-model"])
def test_the_model_is_that_of_the_path(model: str) -> None:
    raw = json.dumps({"contents": [HI], "model": "models/another"}).encode()
    request = GEMINI.parse_request(raw, model=model)
    assert request.requested_model == "some-model"
    assert "model" not in request.raw


def test_needs_are_seen_in_either_spelling() -> None:
    image = {"inline_data": {"mime_type": "image/png", "data": PNG}}
    audio = {"fileData": {"mimeType": "audio/wav", "fileUri": "https://x.test/a.wav"}}
    request = asked(
        streaming=True,
        contents={"parts": [image, audio, {"text": "?"}]},
        tools=DECLARED,
        generation_config={"response_schema": {"type": "STRING"}, "thinking_config": {"thinking_budget": 9}},
    )
    assert request.needs == frozenset(Need)
    assert asked(generationConfig={"thinkingConfig": {"thinkingBudget": 0}}).needs == frozenset()
    prompt = GEMINI.prompt_of(request)
    assert (prompt.images, prompt.tools, prompt.schema) == (1, ("f",), True)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"cachedContent": "cachedContents/1"}, "cachedContent"),
        ({"tools": [DECLARED, {"googleSearch": {}}]}, "tools[1].googleSearch"),
        ({"tools": [{"code_execution": {}}]}, "tools[0].code_execution"),
    ],
)
def test_what_only_google_knows_is_refused_elsewhere(fields: dict[str, Any], place: str) -> None:
    request = asked(**fields)
    assert request.native == place
    with pytest.raises(Untranslatable) as caught:
        GEMINI.conversation_of(request)
    assert caught.value.param == place


@pytest.mark.parametrize(
    "fields",
    [
        {"generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}},
        {"generationConfig": {"responseMimeType": "text/x.enum"}},
        {"contents": [{"parts": [{"fileData": {"fileUri": "gs://b/a.png", "mimeType": "image/png"}}]}]},
    ],
)
def test_what_would_change_the_meaning_is_refused_elsewhere(fields: dict[str, Any]) -> None:
    with pytest.raises(Untranslatable):
        GEMINI.conversation_of(asked(**fields))


def test_what_cannot_be_said_is_named() -> None:
    conversation = GEMINI.conversation_of(
        asked(safetySettings=[{"category": "x"}], generationConfig={"mediaResolution": "x", "topK": 4.0})
    )
    outgoing = DIALECTS[OPENAI].translate(conversation, MODEL)
    assert outgoing.dropped == ("safetySettings", "generationConfig.mediaResolution", "top_k")


def test_instructions_sampling_and_form_in_the_others_words() -> None:
    fields: dict[str, Any] = {
        "system_instruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {
            "maxOutputTokens": 50,
            "temperature": 0.5,
            "stop_sequences": ["END"],
            "seed": 7,
            "candidateCount": 2,
            "responseMimeType": "application/json",
            "responseSchema": {
                "type": "OBJECT",
                "properties": {"city": {"type": "STRING", "nullable": True}, "n": {"type": "ARRAY"}},
                "required": ["city"],
                "propertyOrdering": ["city", "n"],
            },
        },
    }
    body = told(OPENAI, **fields)
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema == {
        "type": "object",
        "properties": {"city": {"type": ["string", "null"]}, "n": {"type": "array"}},
        "required": ["city"],
    }
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    said = {name: body[name] for name in ("max_tokens", "temperature", "stop", "seed", "n")}
    assert said == {"max_tokens": 50, "temperature": 0.5, "stop": ["END"], "seed": 7, "n": 2}


@pytest.mark.parametrize(
    ("calling", "choice", "names"),
    [
        ({"mode": "AUTO"}, "auto", ["f", "g"]),
        ({"mode": "NONE"}, "none", ["f", "g"]),
        ({"mode": "ANY"}, "required", ["f", "g"]),
        ({"mode": "any", "allowed_function_names": ["g"]}, {"name": "g"}, ["f", "g"]),
        ({"mode": "ANY", "allowedFunctionNames": ["f", "h"]}, "required", ["f"]),
    ],
)
def test_the_choice_of_a_function(calling: dict[str, Any], choice: Any, names: list[str]) -> None:
    functions = [{"name": "f", "parameters": {"type": "OBJECT"}}, {"name": "g"}]
    body = told(
        OPENAI,
        tools=[{"function_declarations": functions}],
        tool_config={"function_calling_config": calling},
    )
    said = body["tool_choice"]
    assert (said if isinstance(said, str) else {"name": said["function"]["name"]}) == choice
    assert [tool["function"]["name"] for tool in body["tools"]] == names


def test_results_belong_to_calls_by_id_or_by_name_and_order() -> None:
    calls = [{"functionCall": {"name": name, "args": {"n": n}}} for n, name in enumerate("fgf")]
    calls.append({"functionCall": {"id": "own", "name": "f", "args": {}}})
    results = [
        {"functionResponse": {"name": "f", "id": "own", "response": {"error": "no"}}},
        {"functionResponse": {"name": "g", "response": {"output": "G"}}},
        {"functionResponse": {"name": "f", "response": {"output": {"x": 1}}}},
        {"functionResponse": {"name": "f", "response": {"output": "second", "more": 1}}},
    ]
    said = GEMINI.conversation_of(
        asked(contents=[HI, {"role": "model", "parts": calls}, {"role": "user", "parts": results}])
    ).messages
    assert [part.id for part in said[1].parts if isinstance(part, ToolCall)] == [
        "call_0",
        "call_1",
        "call_2",
        "own",
    ]
    assert list(said[2].parts) == [
        ToolResult("own", (Text("no"),), failed=True),
        ToolResult("call_1", (Text("G"),)),
        ToolResult("call_0", (Text('{"x":1}'),)),
        ToolResult("call_2", (Text('{"output":"second","more":1}'),)),
    ]


def test_a_picture_in_a_result() -> None:
    result = {
        "name": "f",
        "response": {},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": PNG}}],
    }
    call = {"role": "model", "parts": [{"functionCall": {"name": "f"}}]}
    said = GEMINI.conversation_of(
        asked(contents=[HI, call, {"role": "user", "parts": [{"functionResponse": result}]}])
    ).messages
    assert said[2].parts == (ToolResult("call_0", (Text("{}"), Image(media_type="image/png", data=PNG))),)


def test_a_text_that_comes_as_a_file_is_a_text() -> None:
    """One that cannot be read as such stays a document."""
    for data, part in (("SGVsbMO2", Text("Hellö")), ("/w==", None)):
        file = {"inlineData": {"mimeType": "text/plain", "data": data}}
        (message,) = GEMINI.conversation_of(asked(contents=[{"parts": [file]}])).messages
        assert message.parts == (part or Document(media_type="text/plain", data=data),)


def test_code_that_the_provider_ran_is_told_as_text() -> None:
    parts = [
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}, "thoughtSignature": "c2ln"},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"toolCall": {"id": "x"}},
        {"text": "It is 1."},
    ]
    conversation = GEMINI.conversation_of(asked(contents=[HI, {"role": "model", "parts": parts}, HI]))
    assert [part.text for part in conversation.messages[1].parts if isinstance(part, Text)] == [
        "```python\nprint(1)\n```",
        "```\n1\n```",
        "It is 1.",
    ]
    assert conversation.unsayable == ("contents[].parts[].toolCall",)


@pytest.mark.parametrize(
    ("thinking", "effort", "budget"),
    [
        ({"thinkingBudget": 2_000}, "low", 2_000),
        ({"thinkingBudget": 0}, None, None),
        ({"thinking_level": "HIGH"}, "high", 16_384),
        ({"includeThoughts": True}, "medium", 8_192),
        ({"thinkingBudget": -1}, "medium", 8_192),
    ],
)
def test_thinking_as_a_word_or_as_a_budget(thinking: Any, effort: str | None, budget: int | None) -> None:
    config = {"thinkingConfig": thinking, "maxOutputTokens": 40_000}
    assert told(OPENAI, generationConfig=config).get("reasoning_effort") == effort
    older = replace(MODEL, upstream_model="claude-haiku-4-5")
    assert told(ANTHROPIC, older, generationConfig=config).get("thinking", {}).get("budget_tokens") == budget


@pytest.mark.parametrize(
    ("budget", "can", "dropped"),
    [
        (0, frozenset(Need), ("generationConfig.thinkingConfig",)),
        (0, frozenset(Need) - {Need.REASONING}, ()),
        (2_000, frozenset(Need), ()),
        (2_000, frozenset(Need) - {Need.REASONING}, ("generationConfig.thinkingConfig",)),
    ],
)
def test_what_cannot_be_told_to_think_so_is_reported(
    budget: int, can: frozenset[Need], dropped: tuple[str, ...]
) -> None:
    request = asked(generationConfig={"thinkingConfig": {"thinkingBudget": budget}})
    outgoing = PROTOCOLS[OPENAI].translate(GEMINI.conversation_of(request), replace(MODEL, can=can))
    assert outgoing.dropped == dropped


def test_a_request_passes_through_as_it_is() -> None:
    fields: dict[str, Any] = {"generation_config": {"top_k": 3}, "labels": {"a": "b"}, "unheard_of": 1}
    request = asked(streaming=True, **fields)
    outgoing = GEMINI.pass_through(request, MODEL)
    assert json.loads(outgoing.body) == {"contents": [HI], **fields}
    assert outgoing.path == "/v1beta/models/some-model:streamGenerateContent?alt=sse"
    wanted = GEMINI.pass_through(replace(request, wants_logprobs=True), MODEL)
    assert json.loads(wanted.body)["generationConfig"] == {"top_k": 3, "responseLogprobs": True}


def test_what_a_model_rejects_is_left_out_and_told() -> None:
    request = asked(generationConfig={"temperature": 1, "topK": 3, "seed": 1}, labels={"a": "b"})
    outgoing = GEMINI.pass_through(
        request, MODEL, rejects=frozenset({"temperature", "top_k", "labels", "stop"})
    )
    assert json.loads(outgoing.body) == {"contents": [HI], "generationConfig": {"seed": 1}}
    assert set(outgoing.dropped) == {"generationConfig.temperature", "generationConfig.topK", "labels"}


def test_a_stand_in_for_a_signature_is_none() -> None:
    parts = [
        {"functionCall": {"name": "f"}, "thoughtSignature": UNSIGNED},
        {"functionCall": {"name": "f"}, "thought_signature": "c2ln"},
    ]
    said = GEMINI.conversation_of(asked(contents=[HI, {"role": "model", "parts": parts}])).messages[1]
    assert [part.signature for part in said.parts if isinstance(part, ToolCall)] == ["", "c2ln"]
