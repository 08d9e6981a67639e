"""What must hold of every recorded exchange, each claim for one exchange and, where it has one, one other dialect.

A claim returns "" when it holds, "refused" where a field was named that cannot be said, else what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gateway.core.catalogue import Model
from gateway.core.conversation import ChatRequest
from gateway.core.facts import Need, Tier
from gateway.dialects import DIALECTS, PROTOCOLS, SURFACES
from gateway.errors import InvalidRequest, Untranslatable
from tests.recorded.exchanges import Exchange
from tests.recorded.reading import STREAMED, WHOLE, Said

MODEL = Model(id="p/some-model", provider="p", tier=Tier.MID, can=frozenset(Need), max_output=64_000)
HEADERS = {b"anthropic-version": b"2023-06-01"}
REFUSED = "refused"
REPORTING = {"model", "stream_options"}  # what we change: which model, and whether usage is told
MINIMAL: dict[str, dict[str, Any]] = {  # the smallest request of each surface
    "openai_chat": {
        "messages": [{"role": "user", "content": "Hi"}],
        "stream_options": {"include_usage": True},
    },
    "anthropic": {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 99},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
    "openai_responses": {"input": "Hi"},
    "openai_completions": {"prompt": "Hi"},
}


class Finding(NamedTuple):
    claim: str
    row: Exchange
    other: str  # dialect, or ""
    problem: str


def findings(row: Exchange) -> Iterator[Finding]:
    """Everything that is claimed of one exchange."""
    for claim, others, holds in claims_of(row):
        for other in others:
            try:
                problem = holds(row, other)
            except Exception as fault:  # noqa: BLE001 - whatever it is, the claim does not hold
                problem = f"{type(fault).__name__}: {fault}"
            yield Finding(claim, row, other, problem)


def claims_of(row: Exchange) -> Iterator[tuple[str, list[str], Callable[[Exchange, str], str]]]:
    same = row.dialect in SURFACES
    elsewhere = [name for name in DIALECTS if name != row.dialect]
    if row.status != 200:
        yield "error kept", [""], error_is_kept
        return
    if same:
        yield "request passed through", [""], request_passes
    yield (
        "answer passed through" if same else "answer read",
        [""],
        stream_passes if row.streamed else answer_is_read,
    )
    yield "answer in another shape", elsewhere, stream_says_the_same if row.streamed else answer_says_the_same
    if same:
        yield "request in another shape", [name for name in PROTOCOLS if name != row.dialect], request_is_said


def asked(row: Exchange) -> ChatRequest:
    streaming = row.streamed if row.dialect == "gemini" else False
    return SURFACES[row.dialect].parse_request(row.body, HEADERS, model=row.model, streaming=streaming)


def other_caller(surface: str, *, streaming: bool) -> ChatRequest:
    body = {"model": "m"} | MINIMAL[surface] | ({"stream": True} if streaming and surface != "gemini" else {})
    if surface == "gemini":
        del body["model"]
    if not streaming:
        body.pop("stream_options", None)
    raw = json.dumps(body).encode()
    return SURFACES[surface].parse_request(raw, HEADERS, model="m", streaming=streaming)


def request_passes(row: Exchange, _: str) -> str:
    request = asked(row)
    outgoing = DIALECTS[row.dialect].pass_through(request, MODEL)
    sent = json.loads(outgoing.body)
    changed = {field for field in row.request | sent if row.request.get(field) != sent.get(field)}
    changed -= REPORTING | set(outgoing.dropped)
    return f"changed: {', '.join(sorted(changed))}" if changed else ""


def answer_is_read(row: Exchange, _: str) -> str:
    """The bytes go on as they are; that they can be read is what lets them."""
    reply = PROTOCOLS[row.dialect].parse_reply(row.answer)
    before = WHOLE[row.dialect](row.response)
    used = reply.usage.prompt + reply.usage.completion
    return "" if used == before.tokens else f"tokens {used} for {before.tokens}"


def stream_passes(row: Exchange, _: str) -> str:
    protocol = PROTOCOLS[row.dialect]
    reader = protocol.stream_reader()
    reader.feed(row.answer)
    reader.end()
    failed = reader.error is not None
    if row.dialect not in SURFACES:
        return "" if failed == is_cut(row) else f"error: {reader.error}"
    told = {"stream_options": {"include_usage": True}} if row.dialect == "openai_chat" else {}
    raw = json.dumps(row.request | told).encode()
    request = SURFACES[row.dialect].parse_request(raw, HEADERS, model=row.model, streaming=True)
    relay = protocol.stream_relay(request)
    relayed = relay.feed(row.answer) + relay.end()
    if failed or relay.error is not None:
        return "" if is_cut(row) and row.answer.startswith(relayed) else f"error: {reader.error}"
    return "" if relayed == row.answer else f"{len(relayed)} bytes of {len(row.answer)}"


def is_cut(row: Exchange) -> bool:
    """Whether the provider itself says in the stream that it has failed."""
    return b'"error":{' in row.answer.replace(b" ", b"")


def answer_says_the_same(row: Exchange, other: str) -> str:
    reply = PROTOCOLS[row.dialect].parse_reply(row.answer)
    written = SURFACES[other].render_reply(reply, other_caller(other, streaming=False), now=1)
    return difference(WHOLE[row.dialect](row.response), WHOLE[other](json.loads(written)))


def stream_says_the_same(row: Exchange, other: str) -> str:
    reader = PROTOCOLS[row.dialect].stream_reader()
    deltas = reader.feed(row.answer) + reader.end()
    if reader.error is not None:
        return "" if is_cut(row) else f"error: {reader.error}"
    writer = SURFACES[other].stream_writer(other_caller(other, streaming=True), now=1, prompt_tokens=7)
    written = b"".join(map(writer.write, deltas)) + writer.close()
    return difference(STREAMED[row.dialect](row.answer), STREAMED[other](written))


def difference(before: Said, after: Said) -> str:
    for name in Said._fields:
        one, two = getattr(before, name), getattr(after, name)
        if one != two:
            return f"{name}: {str(two)[:90]!r} for {str(one)[:90]!r}"
    return ""


def request_is_said(row: Exchange, other: str) -> str:
    """Said to the other protocol, or refused with the field that cannot be."""
    surface, protocol, request = SURFACES[row.dialect], PROTOCOLS[other], asked(row)
    try:
        if protocol.words == row.dialect:
            outgoing = protocol.pass_through(request, MODEL)
        else:
            outgoing = protocol.translate(surface.conversation_of(request), MODEL)
    except Untranslatable as error:
        return REFUSED if error.param else f"refused without a place: {error.message}"
    if other in SURFACES:
        try:
            SURFACES[other].parse_request(outgoing.body, HEADERS, model="m", streaming=False)
        except InvalidRequest as error:
            return f"not a right request there: {error.message}"
    return ""


def error_is_kept(row: Exchange, _: str) -> str:
    error = PROTOCOLS[row.dialect].classify_error(row.status, {}, row.answer, now=0.0)
    told = {row.status, 404}  # a model that is not there is so whatever status its provider chose
    return "" if error.upstream_status in told else f"{error.code} of status {error.upstream_status}"
