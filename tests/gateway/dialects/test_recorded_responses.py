"""Real exchanges of the Responses: they pass through, and mean the same in every other shape, and back."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.core.assemble import assemble
from gateway.core.conversation import ChatRequest
from gateway.core.price import UsageSource
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.dialects.fields import INTERNAL
from gateway.errors import ProviderInvalidRequest, Untranslatable
from tests.gateway.dialects.samples import (
    ANTHROPIC,
    DATA,
    HEADERS,
    MODEL,
    OPENAI,
    Exchange,
    answers,
    events,
    parse,
    streams,
)
from tests.gateway.dialects.test_recorded import assert_same

RESPONSES = "openai_responses"
DIALECT = DIALECTS[RESPONSES]
THINKING: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 1_024}, "max_tokens": 2_000}
USAGE: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}


@cache
def rows() -> tuple[Exchange, ...]:
    with gzip.open(DATA / "openai.responses.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(_exchange(json.loads(line)) for line in lines)


def _exchange(row: Mapping[str, Any]) -> Exchange:
    return Exchange(
        row["id"], RESPONSES, row["request"], row["status"], row["response_kind"], row["response"]
    )


def whole() -> Iterator[Exchange]:
    return (row for row in rows() if row.status == 200 and row.kind == "json")


def streamed() -> Iterator[Exchange]:
    return (row for row in rows() if row.status == 200 and row.kind == "text")


def request_on(surface: str, *, streaming: bool = False) -> ChatRequest:
    if surface == RESPONSES:
        body = {"model": "m", "input": "Hi", "stream": streaming}
        return DIALECT.parse_request(json.dumps(body).encode())
    if surface == ANTHROPIC:
        return parse(ANTHROPIC, stream=streaming, **THINKING)
    return parse(OPENAI, **USAGE) if streaming else parse(OPENAI)


OTHERS = pytest.mark.parametrize("surface", [OPENAI, ANTHROPIC, RESPONSES])


def test_there_are_enough_of_all_kinds() -> None:
    assert (len(list(whole())), len(list(streamed())), len(rows())) == (126, 12, 141)


def test_a_request_passes_through_unchanged_but_for_its_model() -> None:
    for row in rows():
        outgoing = DIALECT.pass_through(DIALECT.parse_request(row.body), MODEL)
        sent = json.loads(outgoing.body)
        assert sent["model"] == "some-model"
        changed = {field for field in row.request | sent if row.request.get(field) != sent.get(field)}
        assert changed - {"model"} == set(outgoing.dropped) <= INTERNAL


def test_a_prompt_is_found_in_every_request() -> None:
    for row in rows():
        prompt = DIALECT.prompt_of(DIALECT.parse_request(row.body))
        assert any(turn.text for turn in prompt.turns)
        assert prompt.characters >= sum(len(turn.text) for turn in prompt.turns)


@pytest.mark.parametrize("protocol", [OPENAI, ANTHROPIC])
def test_a_request_that_can_be_translated_is_a_right_one_there(protocol: str) -> None:
    told = 0
    for row in rows():
        request = DIALECT.parse_request(row.body)
        try:
            outgoing = PROTOCOLS[protocol].translate(DIALECT.conversation_of(request), MODEL)
        except Untranslatable:
            continue
        assert not request.native
        again = DIALECTS[protocol].parse_request(outgoing.body, HEADERS)
        assert again.streaming == request.streaming
        tools = DIALECTS[protocol].prompt_of(again).tools
        assert set(tools) == set(DIALECT.prompt_of(request).tools)
        told += 1
    native = sum(bool(DIALECT.parse_request(row.body).native) for row in rows())
    assert told >= len(rows()) - native - 7  # texts that came as files; an assistant who speaks first


@OTHERS
def test_an_answer_keeps_everything_in_every_shape(surface: str) -> None:
    for row in whole():
        reply = DIALECT.parse_reply(row.answer)
        rendered = DIALECTS[surface].render_reply(reply, request_on(surface), now=1)
        again = DIALECTS[surface].parse_reply(rendered)
        assert_same(reply, again)
        assert (again.usage.prompt, again.usage.completion) == (reply.usage.prompt, reply.usage.completion)
        assert again.usage.cache_read == reply.usage.cache_read


def test_usage_sums_to_what_the_provider_says() -> None:
    for row in whole():
        reply, said = DIALECT.parse_reply(row.answer), row.response["usage"]
        if said is None:  # it runs in the background
            assert reply.usage_source is UsageSource.NONE
            continue
        assert (reply.usage.prompt, reply.usage.completion) == (said["input_tokens"], said["output_tokens"])
        assert reply.usage.reasoning == said["output_tokens_details"]["reasoning_tokens"]
        searches = [item for item in row.response["output"] if item["type"] == "web_search_call"]
        assert reply.usage.searches == sum(item["action"]["type"] == "search" for item in searches)


@OTHERS
def test_a_stream_keeps_everything_in_every_shape(surface: str) -> None:
    for row in streamed():
        reader = DIALECT.stream_reader()
        deltas = reader.feed(row.answer) + reader.end()
        writer = DIALECTS[surface].stream_writer(request_on(surface, streaming=True), now=1, prompt_tokens=7)
        written = b"".join(map(writer.write, deltas)) + writer.close()
        again = DIALECTS[surface].stream_reader()
        read = assemble(again.feed(written) + again.end())
        assert again.error is reader.error is None
        assert_same(assemble(deltas), read)
        assert (again.usage.prompt, again.usage.completion) == (reader.usage.prompt, reader.usage.completion)


def test_a_stream_says_what_its_end_repeats() -> None:
    for row in streamed():
        reader = DIALECT.stream_reader()
        read = assemble(reader.feed(row.answer) + reader.end())
        (end,) = [event for event in events(row.answer) if event["type"] == "response.completed"]
        repeated = DIALECT.parse_reply(json.dumps(end["response"]).encode())
        assert_same(repeated, read)
        assert (reader.usage, reader.usage_source) == (repeated.usage, UsageSource.PROVIDER_FINAL)


def test_a_stream_is_relayed_byte_for_byte() -> None:
    for row in streamed():
        request = DIALECT.parse_request(row.body)
        relay, reader = DIALECT.stream_relay(request), DIALECT.stream_reader()
        assert relay.feed(row.answer) + relay.end() == row.answer
        deltas = reader.feed(row.answer) + reader.end()
        assert (relay.complete, relay.finish, relay.usage) == (True, reader.finish, reader.usage)
        assert relay.reply.tool_calls == assemble(deltas).tool_calls
        assert relay.text == assemble(deltas).text


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_streams_read_the_same_however_they_are_cut(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(tuple(streamed())))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(row.answer)), max_size=12)))
    pieces = [row.answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(row.answer)], strict=True)]
    one, other = DIALECT.stream_reader(), DIALECT.stream_reader()
    at_once = one.feed(row.answer) + one.end()
    assert [delta for piece in pieces for delta in other.feed(piece)] + other.end() == at_once
    relay = DIALECT.stream_relay(DIALECT.parse_request(row.body))
    assert b"".join(map(relay.feed, pieces)) + relay.end() == row.answer
    assert (relay.complete, relay.usage) == (True, one.usage)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_stream_that_breaks_off_is_never_whole(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(tuple(streamed())))
    end = row.answer.rindex(b"event: response.completed")
    reader = DIALECT.stream_reader()
    reader.feed(row.answer[: data.draw(st.integers(0, end))])
    reader.end()
    assert not reader.complete
    assert reader.error is not None


def test_errors_keep_their_meaning() -> None:
    refused = [row for row in rows() if row.status != 200]
    assert len(refused) == 3
    for row in refused:
        error = DIALECT.classify_error(row.status, {}, row.answer, now=0.0)
        assert isinstance(error, ProviderInvalidRequest)
        assert (error.status, error.message) == (400, row.response["error"]["message"])
        assert error.param == row.response["error"]["param"]


# Answers of others, as Responses


@pytest.mark.parametrize("protocol", [OPENAI, ANTHROPIC])
def test_answers_of_others_are_responses_to_the_sdk(protocol: str) -> None:
    request = request_on(RESPONSES)
    for row in answers(protocol):
        reply = DIALECTS[protocol].parse_reply(row.answer)
        rendered = DIALECT.render_reply(reply, request, now=1)
        told = Response.model_validate_json(rendered)
        assert told.output_text == reply.text
        assert_same(reply, DIALECT.parse_reply(rendered))
        assert_no_strangers(told.to_dict())


@pytest.mark.parametrize("protocol", [OPENAI, ANTHROPIC])
def test_streams_of_others_are_events_to_the_sdk(protocol: str) -> None:
    kind: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    for row in streams(protocol):
        reader = DIALECTS[protocol].stream_reader()
        deltas = reader.feed(row.answer) + reader.end()
        if reader.error is not None:
            continue
        writer = DIALECT.stream_writer(request_on(RESPONSES, streaming=True), now=1)
        written = b"".join(map(writer.write, deltas)) + writer.close()
        told = events(written)
        assert [event["sequence_number"] for event in told] == list(range(len(told)))
        for event in told:
            kind.validate_python(event)
        again = DIALECT.stream_reader()
        assert_same(assemble(deltas), assemble(again.feed(written) + again.end()))
        repeated = DIALECT.parse_reply(json.dumps(told[-1]["response"]).encode())
        assert_same(assemble(deltas), repeated)


def assert_no_strangers(response: Mapping[str, Any]) -> None:
    """Every field is one that the SDK knows; the two it does not are the API's own."""
    known = set(Response.model_fields)
    assert set(response) - known <= {"store", "top_logprobs"}
