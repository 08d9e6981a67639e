"""Requests of the Responses: what is refused, what they mean elsewhere, and what others mean here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.core.conversation import (
    ChatRequest,
)
from gateway.core.facts import Need
from gateway.dialects import DIALECTS
from gateway.errors import (
    InvalidRequest,
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
)
from tests.gateway.dialects.samples import parse as parse_other

DIALECT = DIALECTS["openai_responses"]
TOOL: dict[str, Any] = {
    "type": "function",
    "name": "f",
    "description": "d",
    "parameters": SCHEMA,
    "strict": True,
}
CALL: dict[str, Any] = {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"city":"Paris"}'}
OUTPUT: dict[str, Any] = {"type": "function_call_output", "call_id": "a", "output": "sunny"}


def parse(**changes: Any) -> ChatRequest:
    body = {"model": "some-model", "input": "Hi"} | changes
    return DIALECT.parse_request(json.dumps({k: v for k, v in body.items() if v is not ...}).encode())


def passed(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(DIALECT.pass_through(parse(**changes), MODEL).body)
    return told


def elsewhere(protocol: str, **changes: Any) -> tuple[dict[str, Any], set[str]]:
    """What a provider of another protocol is sent, and what it cannot be told."""
    outgoing = DIALECTS[protocol].translate(DIALECT.conversation_of(parse(**changes)), MODEL)
    return json.loads(outgoing.body), set(outgoing.dropped)


def here(surface: str, **changes: Any) -> tuple[dict[str, Any], set[str]]:
    """What a provider of this protocol is sent for a caller of another surface."""
    said = DIALECTS[surface].conversation_of(parse_other(surface, **changes))
    outgoing = DIALECT.translate(said, MODEL)
    assert outgoing.path == "/responses"
    return json.loads(outgoing.body), set(outgoing.dropped)


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"input": ...}, "input", "missing_required_parameter"),
        ({"input": None}, "input", "missing_required_parameter"),
        ({"input": ""}, "input", "invalid_value"),
        ({"input": []}, "input", "invalid_value"),
        ({"input": 7}, "input", "invalid_type"),
        ({"input": ["x"]}, "input[0]", "invalid_type"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role", "invalid_value"),
        ({"input": [{"content": "x"}]}, "input[0].role", "missing_required_parameter"),
        ({"input": [USER | {"content": [{"type": "text_input"}]}]}, "input[0].content[0].type", "invalid_value"),
        ({"input": [USER | {"content": [{"type": "input_text"}]}]}, "input[0].content[0].text", "invalid_type"),
        ({"input": [{"type": "nonsense"}]}, "input[0].type", "invalid_value"),
        ({"input": [CALL | {"call_id": None}]}, "input[0].call_id", "missing_required_parameter"),
        ({"input": [CALL | {"name": "a b"}]}, "input[0].name", "invalid_value"),
        ({"input": [{"type": "function_call_output", "call_id": "a"}]}, "input[0].output", "missing_required_parameter"),
        ({"tools": [TOOL, TOOL]}, "tools[1].name", "invalid_value"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].function", "invalid_value"),
        ({"tool_choice": {"type": "function", "name": "g"}, "tools": [TOOL]}, "tool_choice.name", "invalid_value"),
        ({"tool_choice": "any"}, "tool_choice", "invalid_value"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type", "invalid_value"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema", "invalid_type"),
        ({"max_tokens": 7}, "max_tokens", "unknown_parameter"),
        ({"messages": []}, "messages", "unknown_parameter"),
        ({"max_output_tokens": 0}, "max_output_tokens", "invalid_value"),
        ({"temperature": 3}, "temperature", "invalid_value"),
        ({"stream_options": {}}, "stream_options", "invalid_value"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata", "invalid_value"),
        ({"previous_response_id": "r", "conversation": "c"}, "previous_response_id", "invalid_value"),
        ({"previous_response_id": "resp_rw_msg_1"}, "previous_response_id", "invalid_value"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(changes: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(**changes)
    assert (caught.value.param, caught.value.code) == (param, code)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"previous_response_id": "resp_1", "input": ...}, "previous_response_id"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}, "input": ...}, "prompt"),
        ({"background": True}, "background"),
        ({"context_management": [{"type": "compaction"}]}, "context_management"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0].type"),
        ({"input": [{"id": "msg_1"}]}, "input[0].type"),
        ({"input": [USER, {"type": "web_search_call", "id": "ws_1"}]}, "input[1].type"),
        ({"input": [USER | {"content": [{"type": "input_file", "file_id": "f"}]}]}, "input[0].content[0].file_id"),
        ({"input": [USER | {"content": [{"type": "input_image", "file_id": "f"}]}]}, "input[0].content[0].file_id"),
        ({"tools": [TOOL, {"type": "custom", "name": "g"}]}, "tools[1].type"),
        ({"tools": [{"type": "mcp"}], "tool_choice": "required"}, "tools[0].type"),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice.type"),
    ],
)  # fmt: skip
def test_what_only_a_provider_of_this_api_can_be_told_is_found(changes: dict[str, Any], place: str) -> None:
    request = parse(**changes)
    assert request.native == place
    assert passed(**changes)["model"] == "some-model"
    with pytest.raises(Untranslatable) as caught:
        DIALECT.conversation_of(request)
    assert caught.value.param == place


def test_needs_are_seen() -> None:
    assert parse().needs == frozenset()
    picture = USER | {"content": [{"type": "input_image", "image_url": "https://x.test"}]}
    sound = USER | {"content": [{"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}}]}
    wanted = {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}
    assert parse(input=[picture, sound], stream=True).needs == {Need.IMAGES, Need.AUDIO, Need.STREAMING}
    assert parse(tools=[TOOL], text=wanted, reasoning={"effort": "high"}).needs == {
        Need.TOOLS,
        Need.JSON_SCHEMA,
        Need.REASONING,
    }


def test_a_prompt_is_what_was_said() -> None:
    request = parse(
        instructions="s",
        input=[USER, {"role": "assistant", "content": "Let me see."}, CALL, OUTPUT],
        tools=[TOOL],
        max_output_tokens=9,
    )
    prompt = DIALECT.prompt_of(request)
    assert [(turn.role, turn.text) for turn in prompt.turns] == [
        ("system", "s"),
        ("user", "Hi"),
        ("assistant", "Let me see."),
        ("tool", "sunny"),
    ]
    assert (prompt.tools, prompt.schema, prompt.images, prompt.max_output_tokens) == (("f",), False, 0, 9)


# Said elsewhere


def test_a_conversation_with_tools_is_the_same_chat() -> None:
    said, dropped = elsewhere(
        OPENAI,
        instructions="s",
        input=[
            USER,
            {"role": "assistant", "content": "Let me see."},
            CALL,
            CALL | {"call_id": "b", "arguments": ""},
            OUTPUT,
            OUTPUT | {"call_id": "b", "output": [{"type": "input_text", "text": "rain"}]},
        ],
        tools=[TOOL],
        tool_choice={"type": "function", "name": "f"},
        parallel_tool_calls=False,
        max_output_tokens=9,
        user="u",
        metadata={"k": "v"},
    )
    assert said["messages"] == [
        {"role": "system", "content": "s"},
        USER,
        CALLED,
        RESULTS[0],
        RESULTS[1] | {"content": "rain"},
    ]
    function = {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}
    assert said["tools"] == [{"type": "function", "function": function}]
    assert said["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert (said["parallel_tool_calls"], said["max_tokens"]) == (False, 9)
    assert (said["user"], said["metadata"]) == ("u", {"k": "v"})
    assert dropped == set()


def test_words_of_the_family_are_said_to_its_chat_and_to_no_one_else() -> None:
    changes = {"text": {"verbosity": "low"}, "prompt_cache_key": "k", "service_tier": "flex", "store": True}
    said, dropped = elsewhere(OPENAI, **changes)
    assert {field: said[field] for field in ("verbosity", "prompt_cache_key", "service_tier", "store")} == {
        "verbosity": "low",
        "prompt_cache_key": "k",
        "service_tier": "flex",
        "store": True,
    }
    assert dropped == set()
    _, dropped = elsewhere(ANTHROPIC, **changes)
    assert dropped == {"text.verbosity", "prompt_cache_key", "service_tier", "store"}


def test_what_is_so_in_any_case_is_not_reported() -> None:
    said = {
        "store": False,
        "truncation": "disabled",
        "background": False,
        "include": ["reasoning.encrypted_content"],
    }
    assert elsewhere(ANTHROPIC, **said)[1] == set()
    assert elsewhere(ANTHROPIC, truncation="auto", reasoning={"context": "all_turns"})[1] == {
        "truncation",
        "reasoning.context",
    }


def test_only_allowed_tools_are_shown() -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}]}
    said, _ = elsewhere(OPENAI, tools=[TOOL, TOOL | {"name": "g"}], tool_choice=choice)
    assert [tool["function"]["name"] for tool in said["tools"]] == ["g"]
    assert said["tool_choice"] == "required"


def test_formats_effort_and_media() -> None:
    wanted = {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}
    parts = [
        {"type": "input_text", "text": "x"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "low"},
        {"type": "input_file", "filename": "f.pdf", "file_data": "data:application/pdf;base64,x"},
        {"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}},
    ]
    said, dropped = elsewhere(
        OPENAI, input=[USER | {"content": parts}], text={"format": wanted}, reasoning={"effort": "high"}
    )
    assert said["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": SCHEMA, "strict": True},
    }
    assert said["reasoning_effort"] == "high"
    assert [part["type"] for part in said["messages"][0]["content"]] == [
        "text",
        "image_url",
        "file",
        "input_audio",
    ]
    assert dropped == {"input[].content[].detail"}
    assert elsewhere(OPENAI, text={"format": {"type": "json_object"}})[0]["response_format"] == {
        "type": "json_object"
    }


# Said here by others


def test_a_chat_is_said_in_items() -> None:
    said, dropped = here(
        OPENAI,
        messages=[{"role": "system", "content": "s"}, USER, CALLED, *RESULTS, USER],
        tools=[{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
        tool_choice="required",
        max_tokens=50,
        verbosity="low",
        seed=7,
        stream=True,
    )
    assert said == {
        "model": "some-model",
        "instructions": "s",
        "input": [
            USER,
            {"role": "assistant", "content": "Let me see."},
            CALL,
            CALL | {"call_id": "b", "arguments": "{}"},
            OUTPUT,
            OUTPUT | {"call_id": "b", "output": "rain"},
            USER,
        ],
        "tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}],
        "tool_choice": "required",
        "max_output_tokens": 50,
        "text": {"verbosity": "low"},
        "store": False,
        "stream": True,
    }
    assert dropped == {"seed"}


def test_messages_are_said_in_items() -> None:
    said, dropped = here(
        ANTHROPIC,
        system="s",
        messages=USED,
        thinking={"type": "enabled", "budget_tokens": 20_000},
        max_tokens=30_000,
        top_k=5,
        output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
    )
    assert said["instructions"] == "s"
    assert [item.get("type", "message") for item in said["input"]] == [
        "message",
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "message",
    ]
    assert said["reasoning"] == {"effort": "high"}
    assert said["text"] == {
        "format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}
    }
    assert dropped == {"top_k"}


@pytest.mark.parametrize(
    ("changes", "param"), [({"stop": ["x"]}, "stop"), ({"n": 2}, "n"), ({"max_tokens": 15}, "max_tokens")]
)
def test_what_has_no_words_here_is_refused(changes: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        here(OPENAI, **changes)
    assert caught.value.param == param


def test_a_conversation_of_instructions_alone_is_still_said() -> None:
    said, _ = here(OPENAI, messages=[{"role": "system", "content": "s"}])
    assert said["input"] == [{"role": "system", "content": "s"}]
    assert "instructions" not in said


def test_what_a_model_rejects_is_left_out_and_told() -> None:
    picky = replace(
        MODEL, rejects=frozenset({"temperature", "max_tokens", "reasoning_effort", "text.verbosity"})
    )
    request = parse(
        temperature=0.2,
        max_output_tokens=20,
        reasoning={"effort": "low"},
        text={"verbosity": "low", "format": None},
    )
    outgoing = DIALECT.pass_through(request, picky)
    assert json.loads(outgoing.body) == {"model": "some-model", "input": "Hi", "text": {"format": None}}
    assert set(outgoing.dropped) == picky.rejects


def test_log_probabilities_are_asked_for_when_we_need_them() -> None:
    request = replace(parse(include=["file_search_call.results"]), wants_logprobs=True)
    told = json.loads(DIALECT.pass_through(request, MODEL).body)
    assert told["include"] == ["file_search_call.results", "message.output_text.logprobs"]
