"""Ollama's own chat: what is said, lines at any cut, calls without ids, and what cannot be said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.core.assemble import assemble
from gateway.core.conversation import Finish, Text, Thinking, ToolCall
from gateway.core.price import Usage, UsageSource
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.dialects.dialect import Outgoing
from gateway.dialects.lines import Lines
from gateway.errors import Untranslatable, UpstreamError
from tests.gateway.dialects.samples import ANTHROPIC, MODEL, OPENAI, parse

OLLAMA = PROTOCOLS["ollama"]
USER = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "function": {"name": "f", "description": "d"}}
WHEN = "2026-11-24T12:00:00.123456789Z"


def line(message: dict[str, Any], **more: Any) -> bytes:
    said = {"model": "llama", "created_at": WHEN, "message": {"role": "assistant"} | message, "done": False}
    return json.dumps(said | more).encode() + b"\n"


STREAM = (
    line({"content": "", "thinking": "Let me "})
    + line({"content": "", "thinking": "see."})
    + line({"content": "Hellö "}, logprobs=[{"token": "H", "logprob": -0.5}])
    + line({"content": "🌍"})
    + line({"content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}]})
    + line({"content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]})
    + line({"content": ""}, done=True, done_reason="stop", prompt_eval_count=9, eval_count=4)
)


def outgoing(surface: str, **changes: Any) -> Outgoing:
    return OLLAMA.translate(DIALECTS[surface].conversation_of(parse(surface, **changes)), MODEL)


def sent(surface: str, **changes: Any) -> Any:
    return json.loads(outgoing(surface, **changes).body)


def test_a_stream() -> None:
    reader = OLLAMA.stream_reader()
    reply = assemble(reader.feed(STREAM) + reader.end())
    first, second = reply.tool_calls
    assert reply.parts[:2] == (Thinking(text="Let me see."), Text("Hellö 🌍"))
    assert [(c.name, c.arguments) for c in (first, second)] == [("f", '{"x":1}'), ("f", "{}")]
    assert first.id.startswith("call_")
    assert first.id != second.id
    assert (reply.model, reply.finish, reader.complete) == ("llama", Finish.TOOL_CALLS, True)
    assert (reader.usage, reader.usage_source) == (Usage(input=9, output=4), UsageSource.PROVIDER_FINAL)
    assert reader.logprobs == (-0.5,)


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_a_stream_reads_the_same_however_it_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    one, other = OLLAMA.stream_reader(), OLLAMA.stream_reader()
    pieces = [STREAM[edges[i] : edges[i + 1]] for i in range(len(edges) - 1)]
    assert [d for p in pieces for d in one.feed(p)] + one.end() == other.feed(STREAM) + other.end()


def test_the_last_line_needs_no_end() -> None:
    reader = OLLAMA.stream_reader()
    reader.feed(STREAM[:-1])
    assert not reader.complete
    reader.end()
    assert reader.complete


def test_a_line_that_is_too_long_ends_it() -> None:
    lines = Lines()
    assert lines.feed(b"x" * (17 * 1024 * 1024)) == []
    assert lines.overfull


def test_a_stream_that_breaks() -> None:
    reader = OLLAMA.stream_reader()
    reader.feed(STREAM[: STREAM.index(b"\n") + 1] + b'{"error":"model runner has stopped"}\n')
    assert isinstance(reader.error, UpstreamError)
    assert (reader.error.message, reader.complete) == ("model runner has stopped", False)
    reader = OLLAMA.stream_reader()
    reader.feed(STREAM[: STREAM.index(b"\n") + 1])
    reader.end()
    assert isinstance(reader.error, UpstreamError)


def test_a_whole_answer() -> None:
    body = line(
        {"content": "Hi", "tool_calls": [{"id": "given", "function": {"name": "f", "arguments": {"x": 1}}}]},
        done=True,
        done_reason="stop",
        prompt_eval_count=9,
        eval_count=4,
    )
    reply = OLLAMA.parse_reply(body)
    assert reply.parts == (Text("Hi"), ToolCall("given", "f", '{"x":1}'))
    assert (reply.finish, reply.model, reply.usage) == (Finish.TOOL_CALLS, "llama", Usage(input=9, output=4))


def test_a_conversation() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    body = sent(
        OPENAI,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "See"}, picture]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "a", "content": "sunny"},
        ],
        tools=[TOOL],
        temperature=0.2,
        max_tokens=50,
        stop="END",
        seed=3,
        response_format={"type": "json_object"},
        stream=True,
    )
    assert body == {
        "model": "some-model",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "See", "images": ["aGk="]},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}],
            },
            {"role": "tool", "content": "sunny", "tool_name": "f"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "description": "d",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
        "options": {"num_predict": 50, "temperature": 0.2, "stop": ["END"], "seed": 3},
        "format": "json",
    }


def test_a_schema_is_the_format() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    assert sent(OPENAI, response_format=wanted)["format"] == schema


@pytest.mark.parametrize(
    ("name", "effort", "think"),
    [
        ("qwen3:8b", "high", True),
        ("qwen3:8b", "none", False),
        ("gpt-oss:20b", "minimal", "low"),
        ("gpt-oss:20b", "medium", "medium"),
        ("gpt-oss:20b", "xhigh", "high"),
    ],
)
def test_how_much_it_shall_think(name: str, effort: str, think: Any) -> None:
    conversation = DIALECTS[OPENAI].conversation_of(parse(OPENAI, reasoning_effort=effort))
    made = OLLAMA.translate(conversation, replace(MODEL, upstream_model=name))
    assert json.loads(made.body)["think"] == think


def test_to_call_none_is_said_by_offering_none() -> None:
    assert "tools" not in sent(OPENAI, tools=[TOOL], tool_choice="none")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [TOOL], "tool_choice": "required"}, "tool_choice"),
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
    ],
)
def test_what_would_change_the_meaning_is_refused(changes: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        outgoing(OPENAI, **changes)
    assert refused.value.param == param


def test_a_document_is_refused() -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "aGk="}
    with pytest.raises(Untranslatable, match="document"):
        outgoing(ANTHROPIC, messages=[{"role": "user", "content": [{"type": "document", "source": source}]}])


@pytest.mark.parametrize(
    ("status", "message", "code", "retryable"),
    [
        (400, '"x" does not support tools', "provider_invalid_request", False),
        (404, "model 'x' not found", "provider_invalid_request", True),
        (500, "llama runner process has terminated", "upstream_error", True),
        (503, "server busy, please try again", "upstream_error", True),
    ],
)
def test_errors(status: int, message: str, code: str, retryable: bool) -> None:
    error = OLLAMA.classify_error(status, {}, json.dumps({"error": message}).encode(), now=0.0)
    assert (error.code, error.retryable) == (code, retryable)
