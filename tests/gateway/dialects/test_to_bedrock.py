"""Requests to Bedrock: held against the service's own description, in botocore, and said model by model."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from gateway.core.catalogue import Model
from gateway.core.conversation import (
    Conversation,
    Finish,
    Message,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from gateway.core.facts import Need, Tier
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.dialects.dialect import Outgoing
from gateway.errors import ProviderInvalidRequest, Untranslatable, UpstreamError
from tests.gateway.dialects.other_rows import rows
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, SURFACES, parse, recorded

BEDROCK = PROTOCOLS["bedrock"]
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA, OSS, QWEN, LLAMA = (
    "us.amazon.nova-2-lite-v1:0",
    "openai.gpt-oss-120b-1:0",
    "qwen.qwen3-32b-v1:0",
    "us.meta.llama4-maverick-17b-instruct-v1:0",
)
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab0"
USER = {"role": "user", "content": "Hi"}


def model(name: str = CLAUDE, **rest: Any) -> Model:
    values: dict[str, Any] = {"id": f"bedrock/{name}", "upstream_model": name, "can": frozenset(Need)}
    return Model(provider="bedrock", tier=Tier.MID, **(values | rest))


def outgoing(surface: str, name: str = CLAUDE, **changes: Any) -> Outgoing:
    conversation = DIALECTS[surface].conversation_of(parse(surface, **changes))
    return BEDROCK.translate(conversation, model(name))


def sent(surface: str, name: str = CLAUDE, **changes: Any) -> Any:
    return json.loads(outgoing(surface, name, **changes).body)


@cache
def described() -> Any:
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    return service.operation_model("Converse").input_shape


def faults(body: dict[str, Any]) -> str:
    """By the service's own description."""
    report: str = ParamValidator().validate({"modelId": CLAUDE, **body}, described()).generate_report()
    return report


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("name", [CLAUDE, NOVA, OSS, LLAMA])
def test_every_recorded_request_is_one_that_the_service_describes(surface: str, name: str) -> None:
    said = 0
    for row in recorded(surface):
        conversation = DIALECTS[surface].conversation_of
        try:
            made = BEDROCK.translate(conversation(parse(surface, row.body)), model(name))
        except Untranslatable:
            continue
        said += 1
        assert faults(json.loads(made.body)) == ""
    assert said >= 100


def test_recorded_requests_have_the_fields_that_ours_have() -> None:
    ours = sent(
        OPENAI,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        tool_choice="required",
    )
    theirs = [row["request"] for row in rows("bedrock.converse") if "toolConfig" in row["request"]]
    assert any(set(ours) <= set(request) for request in theirs)
    assert all(faults(request) == "" for request in theirs if "systemTool" not in json.dumps(request))


@pytest.mark.parametrize(
    ("name", "streaming", "path"),
    [
        (CLAUDE, False, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"),
        (CLAUDE, True, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream"),
        (
            PROFILE,
            False,
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fab0/converse",
        ),
    ],
)
def test_model_and_streaming_stand_in_the_path(name: str, streaming: bool, path: str) -> None:
    made = outgoing(OPENAI, name, stream=streaming)
    assert made.path == path
    assert not {"model", "stream"} & json.loads(made.body).keys()
    if not streaming:
        assert path in {row["path"] for row in rows("bedrock.converse")} | {path}


def test_a_conversation() -> None:
    body = sent(
        OPENAI,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": "Let me see.",
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
            {"role": "user", "content": "And now?"},
        ],
        tools=[{"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}}],
        tool_choice={"type": "function", "function": {"name": "f"}},
        max_tokens=50,
        temperature=0.2,
        stop=["END"],
        metadata={"team": "search"},
    )
    assert body == {
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "Weather?"}]},
            {
                "role": "assistant",
                "content": [
                    {"text": "Let me see."},
                    {"toolUse": {"toolUseId": "call_1", "name": "f", "input": {"x": 1}}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"toolResult": {"toolUseId": "call_1", "content": [{"text": "sunny"}]}},
                    {"text": "And now?"},
                ],
            },
        ],
        "inferenceConfig": {"maxTokens": 50, "temperature": 0.2, "stopSequences": ["END"]},
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "f",
                        "description": "d",
                        "inputSchema": {"json": {"type": "object", "properties": {}}},
                    }
                }
            ],
            "toolChoice": {"tool": {"name": "f"}},
        },
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "requestMetadata": {"team": "search"},
    }


def test_pictures_documents_and_marks() -> None:
    body = sent(
        ANTHROPIC,
        system=[{"type": "text", "text": "Rules", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        messages=[
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/jpeg", "data": "aGk="},
                    },
                    {
                        "type": "document",
                        "title": "Q3_report (final).pdf",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
                    },
                    {"type": "text", "text": "Read", "cache_control": {"type": "ephemeral"}},
                ],
            }
        ],
    )
    assert body["system"] == [{"text": "Rules"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    assert body["messages"][0]["content"] == [
        {"image": {"format": "jpeg", "source": {"bytes": "aGk="}}},
        {"document": {"name": "Q3 report (final)", "format": "pdf", "source": {"bytes": "aGk="}}},
        {"text": "Read"},
        {"cachePoint": {"type": "default"}},
    ]
    assert faults(body) == ""


def test_marks_are_left_out_where_no_model_takes_them() -> None:
    said = [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]
    made = outgoing(ANTHROPIC, LLAMA, messages=[{"role": "user", "content": said}])
    assert b"cachePoint" not in made.body
    assert made.dropped == ("cache_control",)


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        (CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 16_384}}),
        (
            "us.anthropic.claude-sonnet-4-6",
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        ),
        (OSS, {"reasoning_effort": "high"}),
        (QWEN, {"reasoning_config": "high"}),
        (NOVA, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}),
        (LLAMA, None),
    ],
)
def test_each_family_is_asked_to_think_in_its_own_words(name: str, extras: Any) -> None:
    made = outgoing(OPENAI, name, reasoning_effort="high", max_tokens=32_000)
    assert json.loads(made.body).get("additionalModelRequestFields") == extras
    assert ("reasoning_effort" in made.dropped) == (extras is None)


@pytest.mark.parametrize(
    ("name", "extras"),
    [(CLAUDE, {"top_k": 7}), (NOVA, {"inferenceConfig": {"topK": 7}}), (LLAMA, None)],
)
def test_top_k(name: str, extras: Any) -> None:
    made = outgoing(ANTHROPIC, name, top_k=7)
    assert json.loads(made.body).get("additionalModelRequestFields") == extras
    assert ("top_k" in made.dropped) == (extras is None)


def test_a_profile_of_ones_own_is_known_by_its_id() -> None:
    made = BEDROCK.translate(
        DIALECTS[ANTHROPIC].conversation_of(parse(ANTHROPIC, top_k=7)),
        model(PROFILE, id="bedrock/anthropic.claude-haiku"),
    )
    assert json.loads(made.body)["additionalModelRequestFields"] == {"top_k": 7}


def test_what_thinks_takes_no_temperature() -> None:
    made = outgoing(OPENAI, reasoning_effort="low", temperature=0.5, max_tokens=9_000)
    assert json.loads(made.body)["inferenceConfig"] == {"maxTokens": 9_000}
    assert made.dropped == ("temperature",)


@pytest.mark.parametrize("field", ["temperature", "top_p", "stop", "max_tokens"])
def test_what_a_model_rejects_is_left_out_and_said(field: str) -> None:
    value: Any = ["END"] if field == "stop" else 9 if field == "max_tokens" else 0.5
    conversation = DIALECTS[OPENAI].conversation_of(parse(OPENAI, **{field: value}))
    made = BEDROCK.translate(conversation, model(rejects=frozenset({field})))
    assert json.loads(made.body)["inferenceConfig"] == {}
    assert made.dropped == (field,)


def test_thoughts_go_back_signed_or_not_at_all() -> None:
    turns = (
        Message(Role.USER, (Text("Hi"),)),
        Message(
            Role.ASSISTANT,
            (
                Thinking(text="hm", signature="sig"),
                Thinking(redacted="EtkECkgI"),
                Thinking(text="unsigned"),
                Text("Hello"),
            ),
        ),
        Message(Role.USER, (Text("Again"),)),
    )
    made = BEDROCK.translate(Conversation(messages=turns), model())
    assert json.loads(made.body)["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "RXRrRUNrZ0k="}},
        {"text": "Hello"},
    ]
    assert made.dropped == ("messages[].reasoning_content",)
    answer = {"output": {"message": {"content": json.loads(made.body)["messages"][1]["content"]}}}
    again = BEDROCK.parse_reply(json.dumps(answer).encode())
    assert again.parts == turns[1].parts[:2] + turns[1].parts[3:]


def test_ids_of_calls_that_are_too_long_become_shorter_ones() -> None:
    long = "call|" + "x" * 80
    turns = (
        Message(Role.USER, (Text("Hi"),)),
        Message(Role.ASSISTANT, (ToolCall(long, "f", "{}"),)),
        Message(Role.TOOL, (ToolResult(long, (Text("ok"),), failed=True),)),
    )
    body = json.loads(BEDROCK.translate(Conversation(messages=turns), model()).body)
    use, result = (
        body["messages"][1]["content"][0]["toolUse"],
        body["messages"][2]["content"][0]["toolResult"],
    )
    assert use["toolUseId"] == result["toolUseId"]
    assert len(use["toolUseId"]) <= 64
    assert result["status"] == "error"
    assert body["toolConfig"] == {
        "tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}}}]
    }


def test_an_answer_in_a_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer", "minimum": 1}},
        "required": ["n"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    told = sent(OPENAI, NOVA, response_format=wanted)["outputConfig"]["textFormat"]
    assert told["type"] == "json_schema"
    assert json.loads(told["structure"]["jsonSchema"]["schema"]) == schema
    simple = sent(OPENAI, CLAUDE, response_format=wanted)["outputConfig"]["textFormat"]
    assert json.loads(simple["structure"]["jsonSchema"]["schema"])["properties"] == {
        "n": {"type": "integer", "description": "{minimum: 1}"}
    }


def test_any_json_is_asked_for_in_words() -> None:
    made = outgoing(OPENAI, response_format={"type": "json_object"})
    assert "one JSON object" in json.loads(made.body)["system"][0]["text"]
    assert made.dropped == ("response_format",)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"n": 2}, "n"),
        ({"messages": [{"role": "assistant", "content": "Hi"}, USER]}, "messages[0].role"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "https://x/a.png"}}],
                    }
                ]
            },
            "messages[0].content",
        ),
        (
            {
                "messages": [
                    USER,
                    {
                        "role": "assistant",
                        "tool_calls": [
                            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                        ],
                    },
                    {"role": "tool", "tool_call_id": "a", "content": "ok"},
                ],
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "tool_choice": "none",
            },
            "tool_choice",
        ),
        ({"tools": [{"type": "function", "function": {"name": "a.b"}}]}, "tools[0].name"),
    ],
)
def test_what_would_change_the_meaning_is_refused(changes: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        outgoing(OPENAI, **changes)
    assert refused.value.param == param


def test_to_call_none_is_said_by_offering_none() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    assert "toolConfig" not in sent(OPENAI, tools=tools, tool_choice="none")


def test_what_has_no_place_is_reported() -> None:
    made = outgoing(
        OPENAI, seed=1, frequency_penalty=0.5, logprobs=True, user="u", temperature=1.5, metadata={"a!": "b"}
    )
    assert set(made.dropped) == {"seed", "frequency_penalty", "logprobs", "user", "temperature", "metadata"}


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", Finish.STOP),
        ("guardrail_intervened", Finish.CONTENT_FILTER),
        ("content_filtered", Finish.CONTENT_FILTER),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("malformed_tool_use", Finish.UNKNOWN),
        ("something_new", Finish.UNKNOWN),
    ],
)
def test_why_an_answer_ended(reason: str, finish: Finish) -> None:
    body = {"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": reason}
    assert BEDROCK.parse_reply(json.dumps(body).encode()).finish is finish


def test_which_sequence_stopped_it() -> None:
    body = {
        "output": {"message": {"content": [{"text": "Hi"}]}},
        "stopReason": "stop_sequence",
        "additionalModelResponseFields": {"stop_sequence": "END"},
    }
    assert BEDROCK.parse_reply(json.dumps(body).encode()).stop_sequence == "END"


@pytest.mark.parametrize(
    ("status", "kind", "message", "code", "retryable"),
    [
        (
            400,
            "ValidationException",
            "Input is too long for requested model.",
            "provider_invalid_request",
            True,
        ),
        (
            400,
            "ValidationException",
            "The provided model identifier is invalid.",
            "provider_invalid_request",
            True,
        ),
        (400, "ValidationException", "Malformed input request", "provider_invalid_request", False),
        (400, "ServiceQuotaExceededException", "Too much", "upstream_rate_limited", True),
        (403, "AccessDeniedException", "x", "provider_credentials_invalid", True),
        (403, "InvalidSignatureException", "x", "provider_credentials_invalid", True),
        (404, "ResourceNotFoundException", "x", "provider_invalid_request", True),
        (408, "ModelTimeoutException", "x", "upstream_timeout", True),
        (424, "ModelErrorException", "x", "upstream_error", True),
        (429, "ThrottlingException", "x", "upstream_rate_limited", True),
        (503, "ServiceUnavailableException", "x", "upstream_error", True),
    ],
)
def test_errors(status: int, kind: str, message: str, code: str, retryable: bool) -> None:
    headers = {b"x-amzn-errortype": f"{kind}:http://internal.amazon.com/".encode()}
    body = json.dumps({"message": message}).encode()
    error = BEDROCK.classify_error(status, headers, body, now=0.0)
    assert (error.code, error.retryable) == (code, retryable)
    if isinstance(error, ProviderInvalidRequest):
        assert error.message == message


def test_a_key_pair_is_never_repeated() -> None:
    secret = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY:IQoJb3JpZ2luEXAMPLE"
    said = json.dumps({"message": f"The canonical request was {secret.split(':')}"}).encode()
    error = BEDROCK.classify_error(400, {}, said, now=0.0, secret=f"eu-west-3/{secret}")
    assert isinstance(error, UpstreamError)
    assert not any(part in error.message for part in secret.split(":"))
