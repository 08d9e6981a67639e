"""Anthropic's models on Bedrock in their maker's words: the same bytes for who speaks them, the same meaning for others."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.assemble import assemble
from gateway.core.catalogue import Model
from gateway.core.facts import Need, Tier
from gateway.dialects import DIALECTS, PROTOCOLS
from gateway.errors import Untranslatable, UpstreamRateLimited
from gateway.simulator.event_stream import event, exception
from tests.gateway.dialects.sample_streams import MESSAGES
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, parse, recorded, streams

INVOKE = PROTOCOLS["bedrock_anthropic"]
NAME = "us.anthropic.claude-opus-4-8"
MODEL = Model(
    id=f"bedrock/{NAME}", provider="bedrock", tier=Tier.PREMIUM, upstream_model=NAME, can=frozenset(Need)
)


def wrapped(stream: bytes) -> bytes:
    """Each of the maker's events in one of AWS's."""
    pieces = []
    for block in stream.split(b"\n\n"):
        data = b"".join(line[5:].strip() for line in block.split(b"\n") if line.startswith(b"data:"))
        if data:
            pieces.append(event("chunk", {"bytes": b64encode(data).decode(), "p": "abcdef"}))
    return b"".join(pieces)


def refers(value: Any) -> bool:
    """Whether there is anything in it that would have to be fetched."""
    if isinstance(value, list):
        return any(map(refers, value))
    if not isinstance(value, dict):
        return False
    source = value.get("source")
    by_reference = isinstance(source, dict) and source.get("type") in {"url", "file"}
    return by_reference or any(map(refers, value.values()))


def test_the_callers_words_are_passed_on() -> None:
    for row in recorded(ANTHROPIC):
        request = parse(ANTHROPIC, row.body)
        if refers(row.request["messages"]):
            continue
        made = INVOKE.pass_through(request, MODEL)
        sent = json.loads(made.body)
        assert sent.pop("anthropic_version") == "bedrock-2023-05-31"
        left_out = {"model", "stream", *made.dropped}
        assert sent == {field: value for field, value in row.request.items() if field not in left_out}
        verb = "invoke-with-response-stream" if request.streaming else "invoke"
        assert made.path == f"/model/{NAME}/{verb}"
        assert made.headers == ()


def test_what_would_have_to_be_fetched_is_refused() -> None:
    found = [row for row in recorded(ANTHROPIC) if refers(row.request["messages"])]
    assert found
    for row in found:
        with pytest.raises(Untranslatable) as refused:
            INVOKE.pass_through(parse(ANTHROPIC, row.body), MODEL)
        assert str(refused.value.param).endswith("].source")


def test_a_picture_by_address_is_refused_in_other_words_too() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    turns = [{"role": "user", "content": [{"type": "text", "text": "x"}, picture]}]
    conversation = DIALECTS[OPENAI].conversation_of(parse(OPENAI, messages=turns))
    with pytest.raises(Untranslatable) as refused:
        INVOKE.translate(conversation, MODEL)
    assert refused.value.param == "messages[0].content[1].source"


def test_others_are_translated() -> None:
    made = INVOKE.translate(DIALECTS[OPENAI].conversation_of(parse(OPENAI, stream=True, max_tokens=9)), MODEL)
    assert made.path.endswith("/invoke-with-response-stream")
    assert json.loads(made.body) == {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    }


def test_betas_go_into_the_body() -> None:
    body = json.dumps(
        {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    ).encode()
    headers = {b"anthropic-version": b"2023-06-01", b"anthropic-beta": b"a-2025-01-01, b-2025-02-02"}
    made = INVOKE.pass_through(DIALECTS[ANTHROPIC].parse_request(body, headers), MODEL)
    assert json.loads(made.body)["anthropic_beta"] == ["a-2025-01-01", "b-2025-02-02"]


@pytest.mark.parametrize("stream", [MESSAGES, *(row.answer for row in streams(ANTHROPIC))])
def test_streams_say_what_the_makers_own_say(stream: bytes) -> None:
    request = parse(ANTHROPIC, stream=True)
    relay, own = INVOKE.stream_relay(request), DIALECTS[ANTHROPIC].stream_relay(request)
    passed, expected = relay.feed(wrapped(stream)) + relay.end(), own.feed(stream) + own.end()
    assert data_of(passed) == data_of(expected)
    assert (relay.complete, relay.usage, relay.finish, relay.text) == (
        own.complete,
        own.usage,
        own.finish,
        own.text,
    )
    reader, makers = INVOKE.stream_reader(), DIALECTS[ANTHROPIC].stream_reader()
    read = assemble(reader.feed(wrapped(stream)) + reader.end())
    assert read == assemble(makers.feed(stream) + makers.end())


def data_of(stream: bytes) -> list[Any]:
    found = [line[5:] for line in stream.split(b"\n") if line.startswith(b"data:")]
    return [json.loads(data) for data in found]


WRAPPED = wrapped(MESSAGES)


@given(cuts=st.lists(st.integers(0, len(WRAPPED)), max_size=8))
def test_a_stream_passes_the_same_however_it_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WRAPPED)]
    request = parse(ANTHROPIC, stream=True)
    one, other = INVOKE.stream_relay(request), INVOKE.stream_relay(request)
    pieces = (WRAPPED[edges[i] : edges[i + 1]] for i in range(len(edges) - 1))
    assert b"".join(map(one.feed, pieces)) + one.end() == other.feed(WRAPPED) + other.end()
    assert one.complete


def test_an_exception_is_kept_back_and_classified() -> None:
    relay = INVOKE.stream_relay(parse(ANTHROPIC, stream=True))
    start = wrapped(MESSAGES.split(b"\n\n", 1)[0] + b"\n\n")
    passed = relay.feed(start + exception("throttlingException", {"message": "slow down"}))
    assert b"error" not in passed
    assert isinstance(relay.error, UpstreamRateLimited)


@given(place=st.integers(0, len(WRAPPED) - 1), bit=st.integers(0, 7))
def test_a_stream_that_was_changed_is_not_believed(place: int, bit: int) -> None:
    damaged = bytearray(WRAPPED)
    damaged[place] ^= 1 << bit
    relay = INVOKE.stream_relay(parse(ANTHROPIC, stream=True))
    whole = INVOKE.stream_relay(parse(ANTHROPIC, stream=True)).feed(WRAPPED)
    passed = relay.feed(bytes(damaged)) + relay.end()
    assert whole.startswith(passed)
    assert relay.error is not None


@pytest.mark.parametrize("data", [{"bytes": "%%%"}, {"bytes": b64encode(b"[]").decode()}, {"bytes": 7}])
def test_what_is_wrapped_and_is_none_of_theirs_ends_it(data: dict[str, Any]) -> None:
    reader = INVOKE.stream_reader()
    assert reader.feed(event("chunk", data)) == []
    assert reader.error is not None
