"""What is wrong with a request is found before anyone is called, and said with its place. Rows of the charter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.facts import Need
from gateway.dialects import DIALECTS
from gateway.dialects.fields import INTERNAL
from gateway.errors import InvalidRequest
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, SURFACES, body, parse, refused, sent

both = pytest.mark.parametrize("surface", SURFACES)

INVALID_TYPE, INVALID_VALUE = "invalid_type", "invalid_value"
MISSING = "missing_required_parameter"


def test_right_requests_are_taken() -> None:
    assert parse(OPENAI).requested_model == parse(ANTHROPIC).requested_model == "some-model"


@both
def test_a_nul_is_relayed_in_content_and_refused_in_names(surface: str) -> None:
    content = [{"role": "user", "content": "a\x00b \\u0000"}]
    assert sent(surface, parse(surface, messages=content))["messages"] == content
    assert refused(surface, body(surface, model="a\x00b")).param == "model"
    assert refused(surface, with_tool(surface, "a\x00b")).code == INVALID_VALUE
    end_user = {"user": "a\x00b"} if surface == OPENAI else {"metadata": {"user_id": "a\x00b"}}
    assert refused(surface, body(surface, **end_user)).code == INVALID_VALUE


@both
@pytest.mark.parametrize(
    ("model", "code"),
    [  # B-36
        (..., MISSING),
        (None, MISSING),
        (1, INVALID_TYPE),
        ("", INVALID_VALUE),
        ("x" * 257, INVALID_VALUE),
        ([], INVALID_TYPE),
        ({}, INVALID_TYPE),
        ("a\r\nb", INVALID_VALUE),
        ("gpt-5 ", INVALID_VALUE),
        (" gpt-5", INVALID_VALUE),
        ("gpt\u20115", INVALID_VALUE),
        ("gpt-5\u200d", INVALID_VALUE),
        ("\u0261pt-5", INVALID_VALUE),
        (True, INVALID_TYPE),
    ],
)
def test_models(surface: str, model: Any, code: str) -> None:
    error = refused(surface, body(surface, model=model))
    assert (error.code, error.param) == (code, "model")


@both
@pytest.mark.parametrize(
    ("messages", "code", "param"),
    [  # B-37
        (..., MISSING, "messages"),
        (None, MISSING, "messages"),
        ("hi", INVALID_TYPE, "messages"),
        ({}, INVALID_TYPE, "messages"),
        ([], INVALID_VALUE, "messages"),
        ([{"role": "user", "content": "x"}] * 2_049, INVALID_VALUE, "messages"),
        ([None], INVALID_TYPE, "messages[0]"),
        (["hi"], INVALID_TYPE, "messages[0]"),
        ([{"role": "wizard", "content": "x"}], INVALID_VALUE, "messages[0].role"),
        ([{"role": ["user"], "content": "x"}], INVALID_VALUE, "messages[0].role"),
        ([{"content": "x"}], MISSING, "messages[0].role"),
        ([{"role": "user"}], MISSING, "messages[0].content"),
        ([{"role": "user", "content": None}], MISSING, "messages[0].content"),
        ([{"role": "user", "content": 5}], INVALID_TYPE, "messages[0].content"),
        ([{"role": "user", "content": {}}], None, "messages[0].content"),
        ([{"role": "user", "content": []}], INVALID_VALUE, "messages[0].content"),
        ([{"role": "user", "content": ["x"]}], INVALID_TYPE, "messages[0].content[0]"),
        ([{"role": "user", "content": [{"text": "x"}]}], None, "messages[0].content[0].type"),
        ([{"role": "user", "content": [{"type": 5}]}], INVALID_VALUE, "messages[0].content[0].type"),
        ([{"role": "user", "content": [{"type": "hologram"}]}], INVALID_VALUE, "messages[0].content[0].type"),
        ([{"role": "user", "content": [{"type": "text"}]}], None, "messages[0].content[0].text"),
        (
            [{"role": "user", "content": [{"type": "text", "text": 1}]}],
            INVALID_TYPE,
            "messages[0].content[0].text",
        ),
    ],
)
def test_messages(surface: str, messages: Any, code: str | None, param: str) -> None:
    error = refused(surface, body(surface, messages=messages))
    assert error.param == param
    assert code is None or error.code == code


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "assistant"}, "messages[1].content"),
        ({"role": "assistant", "content": 7}, "messages[1].content"),
        ({"role": "assistant", "content": None, "tool_calls": []}, "messages[1].content"),
        ({"role": "assistant", "tool_calls": {}}, "messages[1].content"),
        ({"role": "assistant", "tool_calls": "x"}, "messages[1].tool_calls"),
        ({"role": "assistant", "tool_calls": ["x"]}, "messages[1].tool_calls[0]"),
        ({"role": "assistant", "tool_calls": [{"id": None}]}, "messages[1].tool_calls[0].id"),
        ({"role": "assistant", "tool_calls": [{"id": "c"}]}, "messages[1].tool_calls[0].function"),
        (
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f g"}}]},
            "messages[1].tool_calls[0].function.name",
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {}}}]},
            "messages[1].tool_calls[0].function.arguments",
        ),
        ({"role": "tool", "content": "x"}, "messages[1].tool_call_id"),
        ({"role": "tool", "content": "x", "tool_call_id": None}, "messages[1].tool_call_id"),
        ({"role": "tool", "content": "x", "tool_call_id": 5}, "messages[1].tool_call_id"),
        ({"role": "tool", "tool_call_id": "c"}, "messages[1].content"),
        ({"role": "function", "content": "x"}, "messages[1].name"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {}}]},
            "messages[1].content[0].image_url",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": 1}}]},
            "messages[1].content[0].input_audio",
        ),
    ],
)
def test_messages_of_chat_completions(message: dict[str, Any], param: str) -> None:
    messages = [{"role": "user", "content": "x"}, message]
    assert refused(OPENAI, body(OPENAI, messages=messages)).param == param


@pytest.mark.parametrize(
    ("changes", "param"),
    [  # B-48 and what else is Anthropic's own
        ({"system": 5}, "system"),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"system": [{"type": "text", "text": ""}]}, "system[0].text"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
            "messages[0].content[0].text",
        ),
        ({"cache_control": {"type": "forever"}}, "cache_control.type"),
        ({"cache_control": {"type": "ephemeral", "ttl": "1y"}}, "cache_control.ttl"),
        ({"cache_control": "ephemeral"}, "cache_control"),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2_000}, "max_tokens": 2_000},
            "thinking.budget_tokens",
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 5}, "max_tokens": 2_000},
            "thinking.budget_tokens",
        ),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "deep"}}, "thinking.type"),
        ({"thinking": True}, "thinking"),
        ({"metadata": {"tenant_id": "b"}}, "metadata.tenant_id"),
        ({"max_tokens": ...}, "max_tokens"),
        ({"max_tokens": None}, "max_tokens"),
        ({"temperature": 1.5}, "temperature"),
        ({"stop_sequences": [""]}, "stop_sequences[0]"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"top_k": -1}, "top_k"),
        ({"output_config": {"format": {"type": "regex"}}}, "output_config.format.type"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"tool_choice": {"type": "sometimes"}}, "tool_choice.type"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": {"type": "tool", "name": "absent"}}, "tool_choice.name"),
    ],
)
def test_fields_of_messages(changes: dict[str, Any], param: str) -> None:
    assert refused(ANTHROPIC, body(ANTHROPIC, **changes)).param == param


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"type": "image", "source": "x"}, "source"),
        ({"type": "image", "source": {"type": "ftp"}}, "source.type"),
        ({"type": "image", "source": {"type": "url"}}, "source.url"),
        ({"type": "tool_use", "name": "f", "input": {}}, "id"),
        ({"type": "tool_use", "id": "c", "name": "f g", "input": {}}, "name"),
        ({"type": "tool_use", "id": "c", "name": "f", "input": "{}"}, "input"),
        ({"type": "tool_result", "content": "x"}, "tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "c", "content": 5}, "content"),
        ({"type": "tool_result", "tool_use_id": "c", "content": [{"type": "hologram"}]}, "content[0].type"),
        ({"type": "text", "text": "x", "cache_control": {"type": "x"}}, "cache_control.type"),
    ],
)
def test_blocks_of_messages(block: dict[str, Any], param: str) -> None:
    error = refused(ANTHROPIC, body(ANTHROPIC, messages=[{"role": "user", "content": [block]}]))
    assert error.param == f"messages[0].content[0].{param}"


@pytest.mark.parametrize("version", [None, b"", b"2099-01-01", b"x" * 10_000])
def test_the_version_of_messages_is_asked_for(version: bytes | None) -> None:
    headers = {} if version is None else {b"anthropic-version": version}
    with pytest.raises(InvalidRequest) as caught:
        DIALECTS[ANTHROPIC].parse_request(json.dumps(body(ANTHROPIC)).encode(), headers)
    assert caught.value.param == "anthropic-version"


WRONG: dict[str, list[Any]] = {  # B-38 to B-40
    "max_tokens": [-1, 0, 1.5, "100", 2**31, 10**12, True],
    "temperature": [-1, 3, "hot", True],
    "top_p": [2, -0.1, "x"],
    "stream": ["true", 1, []],
    "tools": [{}, ["x"]],
}


@both
@pytest.mark.parametrize(("field", "value"), [(field, value) for field in WRONG for value in WRONG[field]])
def test_fields(surface: str, field: str, value: Any) -> None:
    assert (refused(surface, body(surface, **{field: value})).param or "").startswith(field)


@pytest.mark.parametrize(
    ("changes", "param"),
    [  # B-38 to B-43 and B-51
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": 1000}, "n"),
        ({"best_of": 100}, "best_of"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
        ({"stream": True, "stream_options": []}, "stream_options"),
        ({"tool_choice": {"type": "function", "function": {"name": "absent"}}}, "tool_choice.function.name"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"tool_choice": {"type": "whim"}}, "tool_choice.type"),
        ({"tool_choice": "whim"}, "tool_choice"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": "json"}, "response_format"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", ""]}, "stop[1]"),
        ({"stop": "x" * 1_000_000}, "stop"),
        ({"stop": 5}, "stop"),
        ({"logit_bias": {str(token): 1 for token in range(9_999)}}, "logit_bias"),
        ({"logit_bias": {"50256": "x"}}, "logit_bias.50256"),
        ({"logit_bias": {"50256": 101}}, "logit_bias.50256"),
        ({"seed": 2**63}, "seed"),
        ({"user": "x" * 10_000}, "user"),
        ({"metadata": {str(key): "x" for key in range(17)}}, "metadata"),
        ({"metadata": {"x": {"tenant_id": "b"}}}, "metadata.x"),
        ({"metadata": {"x": "y" * 1_000_000}}, "metadata.x"),
        ({"frequency_penalty": 3}, "frequency_penalty"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"logprobs": "yes"}, "logprobs"),
        ({"parallel_tool_calls": 1}, "parallel_tool_calls"),
    ],
)
def test_fields_of_chat_completions(changes: dict[str, Any], param: str) -> None:
    assert refused(OPENAI, body(OPENAI, **changes)).param == param


@both
def test_null_is_not_said(surface: str) -> None:
    request = parse(
        surface, temperature=None, stream=None, tools=None, tool_choice=None, top_p=None, metadata=None
    )
    assert not request.streaming
    if surface == OPENAI:
        request = parse(
            surface, max_tokens=None, n=None, stop=None, response_format=None, stream_options=None, user=None
        )
        assert (request.max_output_tokens, request.choices, request.end_user) == (None, 1, "")


def with_tool(surface: str, name: Any, **schema: Any) -> dict[str, Any]:
    return body(surface, tools=[tool(surface, name, **schema)])


def tool(surface: str, name: Any, **schema: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {}} | schema
    if surface == OPENAI:
        return {"type": "function", "function": {"name": name, "parameters": parameters}}
    return {"name": name, "input_schema": parameters}


@both
def test_tools(surface: str) -> None:  # B-41
    place = "tools[0].function" if surface == OPENAI else "tools[0]"
    assert (
        refused(surface, body(surface, tools=[tool(surface, f"t{i}") for i in range(129)])).param == "tools"
    )
    assert (refused(surface, body(surface, tools=[tool(surface, "t")] * 2)).param or "").startswith(
        "tools[1]"
    )
    assert refused(surface, with_tool(surface, "two words")).param == f"{place}.name"
    assert refused(surface, with_tool(surface, None)).code == MISSING
    assert refused(surface, with_tool(surface, "t", type=5)).code == INVALID_TYPE
    assert "larger" in refused(surface, with_tool(surface, "t", description="x" * 1_000_000)).message
    assert parse(surface, tools=[tool(surface, "t")]).needs == {Need.TOOLS}


@both
@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/x", "https://example.com/schema.json", "//host/x"]
)
def test_a_schema_is_never_fetched(surface: str, target: str) -> None:  # B-42
    schema = {"type": "object", "properties": {"x": {"$ref": target}}}
    if surface == OPENAI:
        wanted: dict[str, Any] = {
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        }
    else:
        wanted = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    assert "never fetched" in refused(surface, body(surface, **wanted)).message
    assert "never fetched" in refused(surface, with_tool(surface, "t", **schema)).message


@both
def test_schemas_may_refer_to_themselves(surface: str) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    assert parse(surface, tools=[tool(surface, "t", **{"$defs": {"node": node}})]).needs == {Need.TOOLS}


@both
@pytest.mark.parametrize(
    "field",
    [
        *sorted(INTERNAL),
        *("__proto__", "_internal_route", "litellm_metadata", "mock_tool_calls", "aws_region_name"),
        *("Model", "MODEL", "Messages", "ſtream", "mess\u00e4ges", "Max_Tokens"),
    ],
)
def test_internal_fields_steer_nothing(surface: str, field: str) -> None:  # B-44, B-33
    evil = {"url": "http://evil.test", "api_base": "http://evil.test"}
    request = parse(surface, **{field: evil})
    assert field in request.dropped
    assert request.requested_model == "some-model"
    assert sent(surface, request) == body(surface)


@both
def test_names_of_dropped_fields_fit_into_a_header(surface: str) -> None:
    odd: dict[str, Any] = {f"_{n}\r\n{'x' * 500}": 1 for n in range(500)}
    request = parse(surface, **odd)
    assert len(request.dropped) <= 32
    assert all(len(name) <= 100 and name.isprintable() for name in request.dropped)


@both
def test_unknown_fields_survive(surface: str) -> None:
    assert sent(surface, parse(surface, from_the_future={"x": [1]}))["from_the_future"] == {"x": [1]}


@both
def test_a_model_in_other_letters_is_none(surface: str) -> None:
    request = body(surface, model=..., Model="dear")
    assert refused(surface, request).code == MISSING


OPENAI_BODIES: list[dict[str, Any]] = [
    body(OPENAI, messages=[{"role": "system", "content": "x"}, {"role": "user", "content": "y"}]),
    body(OPENAI, max_completion_tokens=5),
    body(OPENAI, max_tokens=5, response_format={"type": "json_object"}),
    body(OPENAI, max_tokens=5, tools=[tool(OPENAI, "t")]),
    body(
        OPENAI,
        max_tokens=5,
        messages=[
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/y.png"}}]}
        ],
    ),
    body(
        OPENAI,
        max_tokens=5,
        messages=[{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "c", "content": "y"}],
    ),
]
ANTHROPIC_BODIES: list[dict[str, Any]] = [
    body(ANTHROPIC, system="x"),
    body(ANTHROPIC, stop_sequences=["x"]),
    body(ANTHROPIC, tools=[tool(ANTHROPIC, "t")]),
    body(ANTHROPIC, tool_choice={"type": "any"}),
    body(
        ANTHROPIC,
        messages=[
            {"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://x"}}]}
        ],
    ),
    body(
        ANTHROPIC,
        messages=[{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "x"}]}],
    ),
]


@pytest.mark.parametrize(
    ("surface", "request_body"),
    [(ANTHROPIC, b) for b in OPENAI_BODIES] + [(OPENAI, b) for b in ANTHROPIC_BODIES],
)
def test_a_body_on_the_wrong_path_is_refused_in_the_paths_shape(
    surface: str, request_body: dict[str, Any]
) -> None:
    error = refused(surface, request_body)  # B-49
    rendered = json.loads(DIALECTS[surface].render_error(error, "req_1").body)
    assert ("type" in rendered) == (surface == ANTHROPIC)


@both
def test_echoes_are_short(surface: str) -> None:
    long = "x" * 1_000 + "\r\n\x00<script>"
    error = refused(
        surface, body(surface, messages=[{"role": "user", "content": [{"type": "text", long: 1}]}])
    )
    assert len(error.message) < 300
    error = refused(surface, body(surface, metadata={long: {"x": 1}}))
    assert len(error.message) < 300
    assert len(error.param or "") <= 200
