"""Answers that say the same in a way that nobody has seen yet say the same elsewhere, and cost the same.

Each is a recorded one, changed as providers change theirs: `mutations` lists how.
"""

from __future__ import annotations

import json
import random
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.core.assemble import assemble
from gateway.core.conversation import Reply
from gateway.core.price import Usage, UsageSource
from gateway.dialects import PROTOCOLS, SURFACES
from gateway.errors import Untranslatable
from tests.recorded.claims import HEADERS, MINIMAL, MODEL, REPORTING, asked, difference, is_cut, other_caller
from tests.recorded.exchanges import Exchange
from tests.recorded.mutations import CHANGES, NEW_EVENTS, changed_event, events, everywhere, framings, written
from tests.recorded.reading import WHOLE
from tests.recorded.test_claims import kept

CHANGE = pytest.mark.parametrize("change", CHANGES)
PROTOCOL = pytest.mark.parametrize("protocol", WHOLE)
STREAMED = pytest.mark.parametrize("protocol", NEW_EVENTS)


def some(protocol: str, kind: str) -> list[Exchange]:
    """Every few of them, and all where there are few."""
    rows = [r for r in kept() if r.dialect == protocol and r.status == 200 and r.response_kind == kind]
    whole = [row for row in rows if not (row.streamed and is_cut(row))]
    return whole[:: max(1, len(whole) // 12)]


@cache
def callers() -> dict[str, Any]:
    return {name: other_caller(name, streaming=False) for name in MINIMAL if name != "openai_completions"}


@PROTOCOL
@CHANGE
def test_an_answer_is_read_whatever_is_new_in_it(protocol: str, change: str) -> None:
    rows = some(protocol, "json")
    assert len(rows) >= 5
    for row in rows:
        body = json.dumps(everywhere(row.response, CHANGES[change])).encode()
        reply, before = PROTOCOLS[protocol].parse_reply(body), PROTOCOLS[protocol].parse_reply(row.answer)
        assert (reply.usage, reply.usage_source) == (before.usage, before.usage_source), row.id
        for surface, caller in callers().items():
            told = json.loads(SURFACES[surface].render_reply(reply, caller, now=1))
            if surface != protocol:
                assert difference(WHOLE[protocol](row.response), WHOLE[surface](told)) == "", row.id


def read(protocol: str, stream: bytes, dice: random.Random) -> tuple[Reply, Usage, UsageSource, bytes]:
    """Its bytes come in pieces, to one who reads and to one who passes them on."""
    reader = PROTOCOLS[protocol].stream_reader()
    told = {"stream_options": {"include_usage": True}, "stream": True} if protocol == "openai_chat" else {}
    body = json.dumps(MINIMAL[protocol] | {"model": "m"} | told).encode()
    request = SURFACES[protocol].parse_request(body, HEADERS, model="m", streaming=True)
    relay = PROTOCOLS[protocol].stream_relay(request)
    deltas, relayed, at = [], b"", 0
    while at < len(stream):
        size = dice.choice((1, 2, 3, 50, 4_000))
        deltas += reader.feed(stream[at : at + size])
        relayed += relay.feed(stream[at : at + size])
        at += size
    deltas += reader.end()
    relayed += relay.end()
    assert (reader.error, reader.complete, relay.error, relay.complete) == (None, True, None, True)
    assert (relay.usage, relay.usage_source) == (reader.usage, reader.usage_source)
    return assemble(deltas), reader.usage, reader.usage_source, relayed


@STREAMED
def test_a_stream_is_read_and_passed_on_however_it_is_framed(protocol: str) -> None:
    dice = random.Random(protocol)
    for row in some(protocol, "text")[:4]:
        before = read(protocol, row.answer, dice)[:3]
        for name, stream in framings(events(row.response)):
            *said, relayed = read(protocol, stream, dice)
            assert tuple(said) == before, (row.id, name)
            assert relayed.rstrip(b"\n") == stream.rstrip(b"\n"), (row.id, name)


@STREAMED
def test_a_stream_is_read_whatever_is_new_in_it(protocol: str) -> None:
    dice = random.Random(protocol)
    for row in some(protocol, "text")[:4]:
        said = events(row.response)
        before = read(protocol, row.answer, dice)[:3]
        streams = {
            name: [(event, changed_event(data, change)) for event, data in said]
            for name, change in CHANGES.items()
            if name != "new items"
        }
        for number, new in enumerate(NEW_EVENTS[protocol]):
            for place in (1, len(said) // 2, len(said) - 1):
                event = (str(new.get("type", "")), json.dumps(new))
                streams[f"new event {number} at {place}"] = [*said[:place], event, *said[place:]]
        for name, changed in streams.items():
            stream = written(changed)
            *again, relayed = read(protocol, stream, dice)
            assert tuple(again) == before, (row.id, name)
            assert relayed == stream, (row.id, name)


@pytest.mark.parametrize("protocol", [name for name in WHOLE if name in SURFACES])
def test_a_request_passes_with_what_is_new_in_it(protocol: str) -> None:
    """Elsewhere it is refused, or named as dropped."""
    said = 0
    for row in some(protocol, "json"):
        request = {"x_new": {"a": 1}, **dict(reversed(row.request.items()))}
        parsed = asked(replace(row, request=request))
        outgoing = PROTOCOLS[protocol].pass_through(parsed, MODEL)
        sent = json.loads(outgoing.body)
        changed = {field for field in request | sent if request.get(field) != sent.get(field)}
        assert changed <= REPORTING | set(outgoing.dropped), row.id
        for other in PROTOCOLS:
            with suppress(Untranslatable):
                made = PROTOCOLS[other].translate(SURFACES[protocol].conversation_of(parsed), MODEL)
                assert "x_new" in made.dropped
                said += 1
    assert said > 50
