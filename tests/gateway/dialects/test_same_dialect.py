"""The same dialect on both sides, and what is seen in a request besides."""

from __future__ import annotations

import json

from msgspec.structs import replace

from gateway.core.facts import Need
from gateway.dialects import DIALECTS
from tests.gateway.dialects.samples import (
    ANTHROPIC,
    CALLED,
    MODEL,
    OPENAI,
    OWN_TOOL,
    RESULTS,
    SCHEMA,
    USED,
    USER,
    body,
    parse,
    sent,
    tool,
)


def test_what_a_model_rejects_is_left_out_and_told() -> None:
    picky = replace(MODEL, rejects=frozenset({"temperature", "max_tokens"}))
    request = parse(OPENAI, temperature=0.2, max_tokens=7, seed=1)
    assert sent(OPENAI, request, picky) == body(OPENAI, max_completion_tokens=7, seed=1)
    assert sent(OPENAI, parse(ANTHROPIC, max_tokens=7, temperature=0.2), picky) == body(
        OPENAI, max_completion_tokens=7
    )
    outgoing = DIALECTS[OPENAI].pass_through(request, picky, rejects=frozenset({"seed"}))
    assert set(outgoing.dropped) == {"temperature", "seed"}


def test_usage_is_asked_for_in_streams() -> None:
    assert sent(OPENAI, parse(OPENAI, stream=True))["stream_options"] == {"include_usage": True}
    told = sent(OPENAI, parse(OPENAI, stream=True), rejects=frozenset({"stream_options"}))
    assert "stream_options" not in told
    said = {"include_usage": False, "include_obfuscation": False}
    told = sent(OPENAI, parse(OPENAI, stream=True, stream_options=said))
    assert told["stream_options"] == said | {"include_usage": True}


def test_headers_of_the_protocol_go_along() -> None:
    headers = {
        b"anthropic-version": b"2023-06-01",
        b"anthropic-beta": b"x",
        b"authorization": b"Bearer secret",
    }
    request = DIALECTS[ANTHROPIC].parse_request(json.dumps(body(ANTHROPIC)).encode(), headers)
    outgoing = DIALECTS[ANTHROPIC].pass_through(request, MODEL)
    assert dict(outgoing.headers) == {b"anthropic-version": b"2023-06-01", b"anthropic-beta": b"x"}
    translated = DIALECTS[ANTHROPIC].translate(DIALECTS[OPENAI].conversation_of(parse(OPENAI)), MODEL)
    assert dict(translated.headers) == {b"anthropic-version": b"2023-06-01"}


def test_unsigned_thoughts_of_other_vendors_are_not_sent_on() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": ""}
    words = {"type": "text", "text": "Yes"}
    messages = [USER, {"role": "assistant", "content": [thought, words]}, USER]
    assert sent(ANTHROPIC, parse(ANTHROPIC, messages=messages))["messages"][1]["content"] == [words]


def test_needs_are_seen() -> None:
    picture = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]
    assert parse(OPENAI, messages=picture, stream=True).needs == {Need.IMAGES, Need.STREAMING}
    sound = [
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}}]}
    ]
    assert parse(OPENAI, messages=sound).needs == {Need.AUDIO}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    assert parse(OPENAI, response_format=wanted, reasoning_effort="low").needs == {
        Need.JSON_SCHEMA,
        Need.REASONING,
    }
    shown = {
        "type": "tool_result",
        "tool_use_id": "a",
        "content": [{"type": "image", "source": {"type": "url", "url": "x"}}],
    }
    assert parse(ANTHROPIC, messages=[{"role": "user", "content": [shown]}]).needs == {Need.IMAGES}
    wanted = {"format": {"type": "json_schema", "schema": SCHEMA}}
    request = parse(ANTHROPIC, output_config=wanted, thinking={"type": "adaptive"}, tools=[OWN_TOOL])
    assert request.needs == {Need.JSON_SCHEMA, Need.REASONING, Need.TOOLS}


def test_prompts_are_what_was_said() -> None:
    chat = DIALECTS[OPENAI].prompt_of(
        parse(
            OPENAI,
            messages=[{"role": "system", "content": "s"}, USER, CALLED, *RESULTS],
            tools=[tool()],
            max_tokens=9,
        )
    )
    assert [(turn.role, turn.text) for turn in chat.turns] == [
        ("system", "s"),
        ("user", "Hi"),
        ("assistant", "Let me see."),
        ("tool", "sunny"),
        ("tool", "rain"),
    ]
    assert (chat.tools, chat.schema, chat.images, chat.max_output_tokens) == (("f",), False, 0, 9)
    messages = DIALECTS[ANTHROPIC].prompt_of(
        parse(ANTHROPIC, system="s", messages=USED[:2], tools=[OWN_TOOL])
    )
    assert [(turn.role, turn.text) for turn in messages.turns] == [(t.role, t.text) for t in chat.turns[:3]]
    (turn,) = (
        DIALECTS[ANTHROPIC]
        .prompt_of(parse(ANTHROPIC, messages=[{"role": "user", "content": USED[2]["content"][:2]}]))
        .turns
    )
    assert (turn.role, turn.text) == ("tool", "sunny\nrain")
