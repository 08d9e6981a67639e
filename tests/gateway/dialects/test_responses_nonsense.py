"""Requests, answers and events of the Responses with each thing in them replaced by nonsense: taken or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects import CALLERS_ONLY, DIALECTS, SURFACES
from gateway.errors import InvalidRequest, UpstreamError
from tests.gateway.dialects.samples import ANTHROPIC, HEADERS, MODEL, OPENAI, PNG, events
from tests.gateway.dialects.test_mutations import DEEP, NONSENSE, changed, places

RESPONSES, COMPLETIONS = "openai_responses", "openai_completions"
DIALECT = DIALECTS[RESPONSES]

RICH: dict[str, Any] = {
    "model": "some-model",
    "instructions": "Be brief.",
    "input": [
        {"role": "developer", "content": "s"},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "low"},
                {"type": "input_file", "filename": "f", "file_data": "data:application/pdf;base64,x"},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "content": [{"type": "reasoning_text", "text": "hm"}],
            "encrypted_content": "rw:signed:abc",
        },
        {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": "{}"},
        {
            "type": "function_call_output",
            "call_id": "a",
            "output": [{"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": "https://x.test"}],
        },
        {
            "type": "message",
            "id": "msg_rw_1",
            "role": "assistant",
            "status": "completed",
            "content": [
                {"type": "output_text", "text": "x", "annotations": [], "logprobs": []},
                {"type": "refusal", "refusal": "no"},
            ],
        },
        {"role": "user", "content": "x"},
    ],
    "tools": [{"type": "function", "name": "f", "description": "d", "parameters": DEEP, "strict": True}],
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    "text": {
        "format": {"type": "json_schema", "name": "n", "schema": DEEP, "strict": True},
        "verbosity": "low",
    },
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    "metadata": {"k": "v"},
    "stream": True,
    "stream_options": {"include_obfuscation": False},
    "temperature": 0.5,
    "top_logprobs": 1,
    "user": "u",
    "service_tier": "flex",
    "max_output_tokens": 5_000,
}  # fmt: skip
OLD: dict[str, Any] = {
    "model": "some-model",
    "prompt": ["x"],
    "best_of": 2,
    "n": 2,
    "echo": True,
    "stop": ["x"],
    "logit_bias": {"1": 1},
    "stream": True,
    "stream_options": {"include_usage": True},
    "suffix": "",
    "user": "u",
    "max_tokens": 50,
}


def exercise(surface: str, request: dict[str, Any]) -> bool:
    """All that the gateway would do with it; whether it was taken and could be translated."""
    side = SURFACES[surface]
    try:
        taken = side.parse_request(json.dumps(request).encode(), HEADERS)
        side.prompt_of(taken)
        side.stream_writer(taken, now=1)
        if surface == RESPONSES:
            DIALECT.pass_through(taken, MODEL)
        for protocol in (OPENAI, ANTHROPIC):
            DIALECTS[protocol].translate(side.conversation_of(taken), MODEL)
    except InvalidRequest as error:
        rendered = side.render_error(error, "req_1")
        assert (rendered.status, len(rendered.body) <= 2_048) == (400, True)
        return False
    return True


@pytest.mark.parametrize(
    ("surface", "rich"), [(RESPONSES, RICH), (COMPLETIONS, OLD | {"n": 1, "best_of": 1})]
)
def test_the_request_that_uses_everything_is_right(surface: str, rich: dict[str, Any]) -> None:
    assert exercise(surface, rich)


@pytest.mark.parametrize(("surface", "rich", "most"), [(RESPONSES, RICH, 1_500), (COMPLETIONS, OLD, 200)])
def test_nonsense_anywhere_is_taken_or_refused(surface: str, rich: dict[str, Any], most: int) -> None:
    outcomes = [
        exercise(surface, changed(rich, way, value)) for way in places(rich) for value in [..., *NONSENSE]
    ]
    assert len(outcomes) > most
    assert sum(outcomes) / len(outcomes) < 0.9


ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "error": None,
    "incomplete_details": {"reason": "max_output_tokens"},
    "model": "m",
    "output": [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "content": [{"type": "reasoning_text", "text": "hm"}],
        },
        {"type": "web_search_call", "id": "ws_1", "action": {"type": "search", "query": "x"}},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "content": [
                {
                    "type": "output_text",
                    "text": "x",
                    "logprobs": [{"token": "x", "logprob": -0.5, "bytes": [1], "top_logprobs": []}],
                },
                {"type": "refusal", "refusal": "no"},
            ],
        },
        {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": "{}"},
    ],
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 13,
    },
}
ASKED: dict[str, dict[str, Any]] = {
    RESPONSES: {"model": "m", "input": "Hi", "include": ["reasoning.encrypted_content"]},
    COMPLETIONS: {"model": "m", "prompt": "Hi"},
    OPENAI: {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    ANTHROPIC: {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9},
}


def test_nonsense_in_an_answer_is_read_or_refused() -> None:
    for way in places(ANSWER):
        for value in [..., *NONSENSE]:
            raw = json.dumps(changed(ANSWER, way, value)).encode()
            try:
                reply = DIALECT.parse_reply(raw)
            except UpstreamError:
                continue
            assert reply.usage.prompt >= 0 <= reply.usage.completion
            for surface, asked in ASKED.items():
                request = SURFACES[surface].parse_request(json.dumps(asked).encode(), HEADERS)
                rendered = SURFACES[surface].render_reply(reply, request, now=1)
                if surface not in CALLERS_ONLY:
                    DIALECTS[surface].parse_reply(rendered)


EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "response": ANSWER | {"output": [], "status": "in_progress"}},
    {"type": "response.output_item.added", "output_index": 0, "item": ANSWER["output"][3]},
    {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{}"},
    {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": "{}"},
    {"type": "response.output_item.done", "output_index": 0, "item": ANSWER["output"][3]},
    {"type": "response.reasoning_summary_part.added", "output_index": 1, "summary_index": 1},
    {"type": "response.reasoning_summary_text.delta", "output_index": 1, "delta": "hm"},
    {"type": "response.output_text.delta", "output_index": 2, "delta": "x", "logprobs": []},
    {"type": "response.refusal.delta", "output_index": 2, "delta": "no"},
    {"type": "response.output_item.done", "output_index": 3, "item": ANSWER["output"][2]},
    {"type": "response.completed", "response": ANSWER},
]


def read_and_write(stream: list[dict[str, Any]]) -> None:
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in stream)
    reader = DIALECT.stream_reader()
    deltas = reader.feed(data) + reader.end()
    assert reader.usage.prompt >= 0 <= reader.usage.completion
    relay = DIALECT.stream_relay(DIALECT.parse_request(json.dumps(ASKED[RESPONSES]).encode()))
    relay.feed(data)
    relay.end()
    assert relay.complete == reader.complete
    for surface, asked in ASKED.items():
        request = SURFACES[surface].parse_request(json.dumps(asked | {"stream": True}).encode(), HEADERS)
        writer = SURFACES[surface].stream_writer(request, now=1)
        events(b"".join(map(writer.write, deltas)) + writer.close())


def test_nonsense_in_a_stream_is_passed_over() -> None:
    for place, event in enumerate(EVENTS):
        for way in places(event):
            for value in [..., *NONSENSE]:
                read_and_write([*EVENTS[:place], changed(event, way, value), *EVENTS[place + 1 :]])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(EVENTS), max_size=14))
def test_events_in_any_order_are_read(stream: list[dict[str, Any]]) -> None:
    read_and_write(stream)
