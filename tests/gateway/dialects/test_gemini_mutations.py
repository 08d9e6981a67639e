"""A request and an answer of Gemini's that use everything, with each thing in them replaced by each kind of nonsense."""

from __future__ import annotations

import json
from typing import Any

from gateway.dialects import DIALECTS
from gateway.errors import InvalidRequest, UpstreamError
from tests.gateway.dialects.samples import HEADERS, MODEL, PNG, SURFACES, body
from tests.gateway.dialects.test_gemini_answers import ANSWER
from tests.gateway.dialects.test_mutations import DEEP, NONSENSE, changed, places

GEMINI = DIALECTS["gemini"]
RICH: dict[str, Any] = {
    "systemInstruction": {"role": "user", "parts": [{"text": "s"}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "x"},
                {"inlineData": {"mimeType": "image/png", "data": PNG}},
                {"inline_data": {"mime_type": "application/pdf", "data": "x"}},
                {"file_data": {"mime_type": "image/png", "file_uri": "https://x.test/a.png"}},
            ],
        },
        {
            "role": "model",
            "parts": [
                {"text": "hm", "thought": True},
                {"executableCode": {"language": "PYTHON", "code": "1"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
                {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"},
            ],
        },
        {
            "role": "user",
            "parts": [
                {
                    "function_response": {
                        "id": "a",
                        "name": "f",
                        "response": {"output": "x"},
                        "parts": [{"inlineData": {"mimeType": "image/png", "data": PNG}}],
                    }
                }
            ],
        },
    ],
    "tools": [
        {
            "functionDeclarations": [
                {"name": "f", "description": "d", "parametersJsonSchema": DEEP},
                {"name": "g", "parameters": {"type": "OBJECT", "properties": {"x": {"type": "STRING"}}}},
            ]
        }
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "safetySettings": [{"category": "x", "threshold": "y"}],
    "labels": {"k": "v"},
    "generationConfig": {
        "temperature": 0.5,
        "topK": 5,
        "maxOutputTokens": 5_000,
        "stopSequences": ["x"],
        "responseMimeType": "application/json",
        "responseSchema": {
            "type": "OBJECT",
            "properties": {"a": {"type": "STRING", "nullable": True, "enum": ["x"]}},
            "anyOf": [{"type": "STRING"}],
        },
        "responseModalities": ["TEXT"],
        "responseLogprobs": True,
        "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 2_000},
    },
}


def exercise(request: dict[str, Any]) -> bool:
    """All that the gateway would do with it; whether it was taken and could be translated."""
    try:
        taken = GEMINI.parse_request(json.dumps(request).encode(), model="m", streaming=True)
        GEMINI.prompt_of(taken)
        GEMINI.pass_through(taken, MODEL, rejects=frozenset({"temperature"}))
        GEMINI.stream_writer(taken, now=1)
        for other in SURFACES:
            DIALECTS[other].translate(GEMINI.conversation_of(taken), MODEL)
    except InvalidRequest as error:
        rendered = GEMINI.render_error(error, "req_1")
        assert (rendered.status, len(rendered.body) <= 2_048) == (400, True)
        return False
    return True


def test_nonsense_anywhere_is_taken_or_refused() -> None:
    assert exercise(RICH)
    outcomes = [exercise(changed(RICH, way, value)) for way in places(RICH) for value in [..., *NONSENSE]]
    assert len(outcomes) > 1_500
    assert 0.1 < sum(outcomes) / len(outcomes) < 0.9


def test_nonsense_in_an_answer_is_read_or_refused() -> None:
    grounded = ANSWER["candidates"][0] | {
        "groundingMetadata": {"webSearchQueries": ["q"]},
        "logprobsResult": {
            "chosenCandidates": [{"token": "a", "logProbability": -1.0}],
            "topCandidates": [{"candidates": [{"token": "a", "logProbability": -1.0}]}],
        },
    }
    answer = ANSWER | {"candidates": [grounded], "promptFeedback": {"blockReason": "X"}}
    for way in places(answer):
        for value in [..., *NONSENSE]:
            raw = json.dumps(changed(answer, way, value)).encode()
            reader = GEMINI.stream_reader()
            deltas = reader.feed(b"data: %b\r\n\r\n" % raw) + reader.end()
            assert reader.usage.prompt >= 0 <= reader.usage.completion
            for surface in (*SURFACES, "gemini"):
                asked = (
                    GEMINI.parse_request(b'{"contents":[{"parts":[{"text":"x"}]}]}', model="m")
                    if surface == "gemini"
                    else DIALECTS[surface].parse_request(json.dumps(body(surface)).encode(), HEADERS)
                )
                writer = DIALECTS[surface].stream_writer(asked, now=1)
                assert b"".join(map(writer.write, deltas)) + writer.close()
                try:
                    reply = GEMINI.parse_reply(raw)
                except UpstreamError:
                    continue
                DIALECTS[surface].parse_reply(DIALECTS[surface].render_reply(reply, asked, now=1))


def test_nonsense_in_an_error_is_an_error() -> None:
    error = {
        "error": {
            "code": 400,
            "message": "m",
            "status": "X",
            "details": [{"fieldViolations": [{"field": "f"}]}],
        }
    }
    for way in places(error):
        for value in [..., *NONSENSE]:
            raw = json.dumps(changed(error, way, value)).encode()
            assert isinstance(GEMINI.classify_error(400, {}, raw, now=0.0), UpstreamError)
