"""Real exchanges of a dozen vendors: requests pass through, answers survive translation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.core.assemble import assemble
from gateway.core.conversation import Finish, Reply
from gateway.core.price import Usage, UsageSource
from gateway.dialects import DIALECTS
from gateway.dialects.fields import INTERNAL
from gateway.errors import Untranslatable, UpstreamError
from tests.gateway.dialects.samples import (
    ANTHROPIC,
    HEADERS,
    MODEL,
    OPENAI,
    OTHER,
    SURFACES,
    Exchange,
    answers,
    parse,
    recorded,
    streams,
)


def over(rows: Callable[[str], Iterable[Exchange]]) -> pytest.MarkDecorator:
    """A test for each dialect; a row that fails shows itself in the traceback."""
    return pytest.mark.parametrize("rows", [tuple(rows(dialect)) for dialect in SURFACES], ids=SURFACES)


@over(recorded)
def test_a_request_passes_through_unchanged_but_for_model_and_usage_reporting(
    rows: tuple[Exchange, ...],
) -> None:
    for row in rows:
        outgoing = DIALECTS[row.dialect].pass_through(parse(row.dialect, row.body), MODEL)
        sent = json.loads(outgoing.body)
        assert sent["model"] == "some-model"
        changed = {field for field in row.request | sent if row.request.get(field) != sent.get(field)}
        assert changed - {"model", "stream_options"} == set(outgoing.dropped) <= INTERNAL
        assert ("stream_options" in changed) <= bool(row.request.get("stream"))


@over(recorded)
def test_a_prompt_is_found_in_every_request(rows: tuple[Exchange, ...]) -> None:
    for row in rows:
        prompt = DIALECTS[row.dialect].prompt_of(parse(row.dialect, row.body))
        assert any(turn.text for turn in prompt.turns) or prompt.images
        assert prompt.characters >= sum(len(turn.text) for turn in prompt.turns)


@over(recorded)
def test_a_request_that_can_be_translated_is_a_right_one_on_the_other_side(
    rows: tuple[Exchange, ...],
) -> None:
    for row in rows:
        surface, protocol = DIALECTS[row.dialect], DIALECTS[OTHER[row.dialect]]
        request = parse(row.dialect, row.body)
        try:
            outgoing = protocol.translate(surface.conversation_of(request), MODEL)
        except Untranslatable:
            continue
        again = protocol.parse_request(outgoing.body, HEADERS)
        assert again.requested_model == "some-model"
        assert again.streaming == request.streaming
        assert len(protocol.prompt_of(again).tools) == len(surface.prompt_of(request).tools)


def test_most_requests_can_be_translated() -> None:
    def can(row: Exchange) -> bool:
        surface, protocol = DIALECTS[row.dialect], DIALECTS[OTHER[row.dialect]]
        try:
            protocol.translate(surface.conversation_of(parse(row.dialect, row.body)), MODEL)
        except Untranslatable:
            return False
        return True

    assert sum(map(can, recorded(OPENAI))) >= 240
    assert sum(map(can, recorded(ANTHROPIC))) >= 110  # the others use tools that Anthropic runs


@over(answers)
def test_an_answer_keeps_everything_in_the_other_shape(rows: tuple[Exchange, ...]) -> None:
    for row in rows:
        protocol, surface = DIALECTS[row.dialect], DIALECTS[OTHER[row.dialect]]
        reply = protocol.parse_reply(row.answer)
        request = parse(OTHER[row.dialect])
        again = surface.parse_reply(surface.render_reply(reply, request, now=1))
        assert_same(reply, again)
        assert again.usage == in_the_other_dialects_buckets(reply.usage, OTHER[row.dialect])
        assert again.usage_source is UsageSource.PROVIDER_FINAL


@over(answers)
def test_usage_sums_to_what_the_provider_says(rows: tuple[Exchange, ...]) -> None:
    for row in rows:
        reply, said = DIALECTS[row.dialect].parse_reply(row.answer), row.response["usage"]
        if row.dialect == OPENAI:
            assert (reply.usage.prompt, reply.usage.completion) == (
                said["prompt_tokens"],
                said["completion_tokens"],
            )
        else:
            caches = said["cache_read_input_tokens"] + said["cache_creation_input_tokens"]
            assert reply.usage.prompt == said["input_tokens"] + caches
            assert reply.usage.completion == said["output_tokens"]


@over(streams)
def test_a_stream_keeps_everything_in_the_other_shape(rows: tuple[Exchange, ...]) -> None:
    for row in rows:
        reader = DIALECTS[row.dialect].stream_reader()
        deltas = reader.feed(row.answer) + reader.end()
        surface = DIALECTS[OTHER[row.dialect]]
        request = parse(OTHER[row.dialect], **_wants_usage(OTHER[row.dialect]))
        writer = surface.stream_writer(request, now=1, prompt_tokens=7)
        written = b"".join(map(writer.write, deltas))
        if reader.error is not None:
            written += writer.error(reader.error)
        else:
            written += writer.close()
        again = surface.stream_reader()
        read = assemble(again.feed(written) + again.end())
        assert (again.error is None) == (reader.error is None) == again.complete == reader.complete
        if reader.error is None:
            assert_same(assemble(deltas), read)
            assert again.usage == in_the_other_dialects_buckets(reader.usage, OTHER[row.dialect])


@over(streams)
def test_a_stream_is_relayed_byte_for_byte(rows: tuple[Exchange, ...]) -> None:
    for row in rows:
        protocol = DIALECTS[row.dialect]
        request = parse(row.dialect, {**row.request, **_wants_usage(row.dialect)})
        relay, reader = protocol.stream_relay(request), protocol.stream_reader()
        relayed = relay.feed(row.answer) + relay.end()
        deltas = reader.feed(row.answer) + reader.end()
        if reader.error is None:
            assert relayed == row.answer
            assert (relay.complete, relay.finish, relay.usage) == (True, reader.finish, reader.usage)
            assert relay.reply.tool_calls == assemble(deltas).tool_calls
            assert relay.text == assemble(deltas).text
        else:
            assert row.answer.startswith(relayed)
            assert b'"error"' not in relayed
            assert relay.error is not None


@pytest.mark.parametrize(
    "row", [row for d in SURFACES for row in recorded(d) if row.status != 200], ids=lambda r: r.id
)
def test_an_error_keeps_its_meaning(row: Exchange) -> None:
    error = DIALECTS[row.dialect].classify_error(row.status, {}, row.answer, now=0.0)
    assert isinstance(error, UpstreamError)
    assert error.status == error.upstream_status == row.status
    assert error.message == row.response["error"]["message"] or row.status == 429


def assert_same(one: Reply, other: Reply) -> None:
    assert other.text == one.text
    assert [(call.id, call.name) for call in other.tool_calls] == [
        (call.id, call.name) for call in one.tool_calls
    ]
    for call, again in zip(one.tool_calls, other.tool_calls, strict=True):
        assert json.loads(again.arguments) == json.loads(call.arguments)
    like_stop = {Finish.STOP, Finish.STOP_SEQUENCE, Finish.UNKNOWN}
    assert other.finish is one.finish or {one.finish, other.finish} <= like_stop
    assert other.model == one.model


def in_the_other_dialects_buckets(usage: Usage, dialect: str) -> Usage:
    """Anthropic's has none for audio: it is part of the prompt and the answer. OpenAI's has none for searches."""
    if dialect == OPENAI:
        return replace(usage, searches=0)
    return Usage(
        input=usage.input + usage.audio_input,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write,
        cache_write_1h=usage.cache_write_1h,
        output=usage.output + usage.audio_output,
        reasoning=usage.reasoning,
    )


def _wants_usage(dialect: str) -> dict[str, Any]:
    return (
        {"stream": True, "stream_options": {"include_usage": True}} if dialect == OPENAI else {"stream": True}
    )
