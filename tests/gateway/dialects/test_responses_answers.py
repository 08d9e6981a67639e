"""Answers and streams of the Responses: whose thoughts are whose, why an answer ended, how it goes wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.assemble import assemble
from gateway.core.conversation import (
    Counted,
    Delta,
    Ended,
    Finish,
    RefusalDelta,
    Refused,
    Reply,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolArguments,
    ToolCall,
    ToolCallStarted,
)
from gateway.core.price import Usage
from gateway.errors import (
    Draining,
    ProviderInvalidRequest,
    ProviderQuotaExhausted,
    UpstreamError,
    UpstreamRateLimited,
)
from tests.gateway.dialects.samples import ANTHROPIC, USER, events
from tests.gateway.dialects.test_responses import DIALECT, OUTPUT, TOOL, elsewhere, parse, passed


def answered(*parts: Any, finish: Finish = Finish.STOP, **more: Any) -> dict[str, Any]:
    reply = Reply(id="msg_1", model="m", parts=parts, finish=finish, usage=Usage(input=3, output=2))
    told: dict[str, Any] = json.loads(DIALECT.render_reply(reply, parse(**more), now=5))
    return told


SEALED: dict[str, Any] = {"include": ["reasoning.encrypted_content"]}


def test_thoughts_come_back_to_who_thought_them_and_to_nobody_else() -> None:
    thought, hidden = Thinking(text="hm", signature="sig"), Thinking(redacted="xyz")
    call = ToolCall("a", "f", "{}")
    told = answered(thought, hidden, Text("See"), call, finish=Finish.TOOL_CALLS, **SEALED)
    items = [*told["output"], OUTPUT]
    said, dropped = elsewhere(ANTHROPIC, input=[USER, *items], max_output_tokens=5_000, tools=[TOOL])
    assert said["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "See"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}},
    ]
    assert dropped == set()
    sent = passed(input=[USER, *items])["input"]
    assert [item.get("type") for item in sent] == [None, "message", "function_call", "function_call_output"]
    assert not any("id" in item for item in sent)


def test_what_a_provider_has_encrypted_stays_with_it() -> None:
    thought = {
        "type": "reasoning",
        "id": "rs_68c4",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "gAAAAAB",
    }
    assert passed(input=[USER, thought, USER])["input"] == [USER, thought, USER]
    said, dropped = elsewhere(ANTHROPIC, input=[USER, thought, {"role": "assistant", "content": "Yes"}, USER])
    assert "gAAAAAB" not in json.dumps(said)
    assert dropped == {"input[].encrypted_content", "messages[].reasoning_content"}


def test_signatures_are_shown_to_who_asks_for_them() -> None:
    told = answered(Thinking(text="hm", signature="sig"), Thinking(redacted="xyz"), Text("Yes"))
    assert [item["type"] for item in told["output"]] == ["reasoning", "message"]
    assert "encrypted_content" not in told["output"][0]


# Answers


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        (Finish.STOP, "completed", None),
        (Finish.STOP_SEQUENCE, "completed", None),
        (Finish.UNKNOWN, "completed", None),
        (Finish.LENGTH, "incomplete", "max_output_tokens"),
        (Finish.CONTENT_FILTER, "incomplete", "content_filter"),
    ],
)
def test_why_an_answer_ended(finish: Finish, status: str, reason: str | None) -> None:
    told = answered(Text("x"), finish=finish)
    assert told["status"] == told["output"][0]["status"] == status
    assert (told["incomplete_details"] or {}).get("reason") == reason
    again = DIALECT.parse_reply(json.dumps(told).encode())
    assert again.finish is (Finish.STOP if status == "completed" else finish)


def test_a_refusal_is_one_in_every_shape() -> None:
    told = answered(Refused("No."), finish=Finish.REFUSAL)
    assert told["output"][0]["content"] == [{"type": "refusal", "refusal": "No."}]
    again = DIALECT.parse_reply(json.dumps(told).encode())
    assert (again.parts, again.finish) == ((Refused("No."),), Finish.REFUSAL)


def test_an_answer_repeats_what_was_asked() -> None:
    asked: dict[str, Any] = {
        "instructions": "s",
        "tools": [TOOL],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "temperature": 0.5,
        "metadata": {"k": "v"},
        "max_output_tokens": 20,
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
    }
    told = answered(Text("x"), **asked)
    assert {field: told[field] for field in asked} == asked
    assert (told["created_at"], told["store"], told["previous_response_id"]) == (5, False, None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"object": "response", "status": "failed", "error": {"code": "server_error", "message": "m"}}, UpstreamError),
        ({"object": "response", "status": "failed", "error": None}, UpstreamError),
        (
            {"object": "response", "status": "failed", "error": {"code": "rate_limit_exceeded", "message": "m"}},
            UpstreamRateLimited,
        ),
        (
            {"object": "response", "status": "failed", "error": {"code": "invalid_image_url", "message": "m"}},
            ProviderInvalidRequest,
        ),
        ({"error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "m"}}, ProviderQuotaExhausted),
    ],
)  # fmt: skip
def test_an_error_in_an_answer_is_an_error(body: dict[str, Any], kind: type[UpstreamError]) -> None:
    with pytest.raises(kind):
        DIALECT.parse_reply(json.dumps(body).encode())
    stream = b"data: " + json.dumps({"type": "response.failed", "response": body}).encode() + b"\n\n"
    reader = DIALECT.stream_reader()
    assert reader.feed(stream) == []
    assert isinstance(reader.error, kind)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "rate_limit_exceeded", "message": "sk-abcdefgh123", "param": None},
        {"type": "error", "error": {"type": "requests", "code": "rate_limit_exceeded", "message": "sk-abcdefgh123"}},
    ],
)  # fmt: skip
def test_an_error_in_a_stream_is_kept_back(event: dict[str, Any]) -> None:
    data = b"event: error\ndata: " + json.dumps(event).encode() + b"\n\n"
    relay = DIALECT.stream_relay(parse(stream=True))
    assert relay.feed(data) == b""
    assert isinstance(relay.error, UpstreamRateLimited)
    assert not relay.complete


def test_what_another_account_knows_is_asked_of_it() -> None:
    said = {"error": {"code": "previous_response_not_found", "message": "m", "param": "previous_response_id"}}
    error = DIALECT.classify_error(400, {}, json.dumps(said).encode(), now=0.0)
    assert isinstance(error, ProviderInvalidRequest)
    assert (error.status, error.retryable, error.param) == (404, True, "previous_response_id")
    plain = DIALECT.classify_error(400, {}, b'{"error": {"code": "invalid_value"}}', now=0.0)
    assert (plain.status, plain.retryable) == (400, False)


# Streams


def written(*deltas: Delta, end: bool = True, **more: Any) -> list[Any]:
    writer = DIALECT.stream_writer(parse(stream=True, **more), now=5, prompt_tokens=7)
    stream = b"".join(map(writer.write, deltas))
    return events(stream + (writer.close() if end else writer.error(Draining())))


STARTED = Started(id="msg_1", model="m")


def test_calls_side_by_side_are_items_each() -> None:
    deltas = (
        STARTED,
        TextDelta("See"),
        ToolCallStarted(0, "a", "f"),
        ToolCallStarted(1, "b", "g"),
        ToolArguments(1, '{"x":'),
        ToolArguments(0, "{}"),
        ToolArguments(1, "1}"),
        Ended(finish=Finish.TOOL_CALLS),
        Counted(Usage(input=3, output=2)),
    )
    told = written(*deltas)
    final = told[-1]["response"]
    assert [item["type"] for item in final["output"]] == ["message", "function_call", "function_call"]
    assert [item.get("arguments") for item in final["output"]] == [None, "{}", '{"x":1}']
    assert final["usage"]["total_tokens"] == 5
    done = [event["output_index"] for event in told if event["type"] == "response.output_item.done"]
    assert sorted(done) == [0, 1, 2]
    ids = {event["output_index"]: event["item"]["id"] for event in told if "item" in event}
    assert all(event["item_id"] == ids[event["output_index"]] for event in told if "item_id" in event)


def test_thoughts_refusals_and_texts_in_turn() -> None:
    told = written(
        STARTED,
        ThinkingDelta("hm"),
        ThinkingDelta(signature="sig"),
        ThinkingDelta(redacted="xyz"),
        TextDelta("Well. "),
        RefusalDelta("No."),
        Ended(finish=Finish.REFUSAL),
        **SEALED,
    )
    final = told[-1]["response"]
    assert final["output"][0]["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert final["output"][0]["encrypted_content"] == "rw:signed:sig"
    assert final["output"][1] == final["output"][1] | {"summary": [], "encrypted_content": "rw:redacted:xyz"}
    assert [part["type"] for part in final["output"][2]["content"]] == ["output_text", "refusal"]
    kinds = [event["type"] for event in told]
    assert kinds.count("response.output_item.added") == kinds.count("response.output_item.done") == 3
    assert kinds.count("response.content_part.added") == kinds.count("response.content_part.done") == 2


def test_an_answer_that_was_cut_is_incomplete() -> None:
    told = written(STARTED, TextDelta("x"), Ended(finish=Finish.LENGTH))
    assert told[-1]["type"] == "response.incomplete"
    assert told[-1]["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert told[-1]["response"]["output"][0]["status"] == "incomplete"


def test_an_error_never_looks_like_a_good_end() -> None:
    told = written(STARTED, TextDelta("x"), end=False)
    assert told[-1]["type"] == "error"
    assert told[-1]["sequence_number"] == len(told) - 1
    assert told[-1]["error"]["code"] == told[-1]["code"] == "draining"
    assert not any(event["type"] == "response.completed" for event in told)


def test_a_stream_of_nothing_but_its_end_says_all_the_same() -> None:
    told = answered(Thinking(text="hm"), Text("x"), ToolCall("a", "f", "{}"), finish=Finish.TOOL_CALLS)
    event = {"type": "response.completed", "response": told}
    reader = DIALECT.stream_reader()
    read = assemble(reader.feed(b"data: " + json.dumps(event).encode() + b"\n\n") + reader.end())
    assert (read.text, read.tool_calls, read.finish) == ("x", (ToolCall("a", "f", "{}"),), Finish.TOOL_CALLS)
    assert reader.complete
