"""What reading, passing on and translating cost: `python -m tests.bench.dialects`. Microseconds of CPU, best of seven rounds.

A stream event is one of a long stream: the relay's is what a caller of the same dialect pays, read and write what a
caller of the other one does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import Any

from gateway.core.conversation import ChatRequest, Conversation, Delta
from gateway.dialects import DIALECTS, PROTOCOLS, PROVIDERS_ONLY
from gateway.dialects.dialect import ProviderSide
from gateway.simulator.event_stream import event as frame
from tests.gateway.dialects.sample_streams import chunk, event
from tests.gateway.dialects.samples import (
    ANTHROPIC,
    HEADERS,
    MODEL,
    OPENAI,
    OTHER,
    SURFACES,
    answers,
    body,
    parse,
)

WORDS = 'Please sort this: the customer says "it broke", and wants: a refund. '
EVENTS = 1_000


def main() -> None:
    for surface in SURFACES:
        for size in (1, 10, 100, 1_000):
            requests(surface, size)
        whole_answers(surface)
        stream(surface)
        to_others(surface)
    for protocol, pieces in OTHER_STREAMS.items():
        other_stream(protocol, pieces[:1] + pieces[-1:] * (EVENTS - 1))
    responses()
    gemini()


def gemini() -> None:
    """Gemini's: in, on, over to a chat and back, and the events of a stream."""
    name, dialect, chat = "gemini", DIALECTS["gemini"], DIALECTS[OPENAI]
    contents = [{"role": "user", "parts": [{"text": (WORDS * 13)[i::4]}]} for i in range(4)]
    raw = json.dumps({"contents": contents, "generationConfig": {"temperature": 0.2}}).encode()
    request, asked = (
        dialect.parse_request(raw, model="m"),
        parse(OPENAI, messages=[{"role": "user", "content": WORDS * 13}]),
    )
    report(f"{name} parse 1 KB", partial(dialect.parse_request, raw, model="m"), 5_000)
    report(f"{name} pass through 1 KB", partial(dialect.pass_through, request, MODEL), 5_000)
    report(
        f"{name} translate 1 KB to chat", partial(_translate, chat, dialect.conversation_of, request), 5_000
    )
    report(f"chat translate 1 KB to {name}", partial(_translate, dialect, chat.conversation_of, asked), 5_000)
    candidate = {"content": {"parts": [{"text": " word"}], "role": "model"}, "index": 0}
    counts = {"promptTokenCount": 9, "totalTokenCount": 9}
    said = {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "m", "responseId": "a"}
    pieces = [b"data: " + json.dumps(said).encode() + b"\r\n\r\n"] * EVENTS
    other_stream(name, pieces)
    deltas = dialect.stream_reader().feed(b"".join(pieces))
    report(
        f"{name} stream event relayed", lambda: _feed(dialect.stream_relay(request), pieces), 20, per=EVENTS
    )
    report(
        f"{name} stream event written",
        lambda: _feed(dialect.stream_writer(request, now=1), deltas),
        20,
        per=EVENTS,
    )


def responses() -> None:
    """The Responses: in, on, over to a chat and back, and the events of a stream."""
    name, dialect, chat = "openai_responses", DIALECTS["openai_responses"], DIALECTS[OPENAI]
    turns = [{"role": "user", "content": (WORDS * 13)[i::4]} for i in range(4)]
    raw = json.dumps({"model": "m", "input": turns, "temperature": 0.2, "max_output_tokens": 100}).encode()
    request, asked = dialect.parse_request(raw), parse(OPENAI, messages=turns)
    report(f"{name} parse 1 KB", partial(dialect.parse_request, raw), 5_000)
    report(f"{name} pass through 1 KB", partial(dialect.pass_through, request, MODEL), 5_000)
    report(
        f"{name} translate 1 KB to chat", partial(_translate, chat, dialect.conversation_of, request), 5_000
    )
    report(f"chat translate 1 KB to {name}", partial(_translate, dialect, chat.conversation_of, asked), 5_000)
    replies = [chat.parse_reply(row.answer) for row in answers(OPENAI)]
    written = [dialect.render_reply(reply, request, now=1) for reply in replies]
    report(
        f"chat answer rendered as {name}",
        lambda: [dialect.render_reply(reply, request, now=1) for reply in replies],
        20,
        per=len(replies),
    )
    report(
        f"{name} answer read",
        lambda: [dialect.parse_reply(body) for body in written],
        20,
        per=len(replies),
    )
    said: dict[str, Any] = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    pieces = [
        event("response.output_text.delta", **said, sequence_number=n, delta=" word", logprobs=[])
        for n in range(EVENTS)
    ]
    other_stream(name, pieces)
    deltas = dialect.stream_reader().feed(b"".join(pieces))
    report(
        f"{name} stream event relayed", lambda: _feed(dialect.stream_relay(request), pieces), 20, per=EVENTS
    )
    report(
        f"{name} stream event written",
        lambda: _feed(dialect.stream_writer(request, now=1), deltas),
        20,
        per=EVENTS,
    )


def _feed(into: Any, what: list[Any]) -> None:
    take = into.write if hasattr(into, "write") else into.feed
    for each in what:
        take(each)


def to_others(surface: str) -> None:
    """A request of 1 KB, said in every protocol that only providers speak."""
    turns = [{"role": "user", "content": WORDS * 13}]
    conversation_of = DIALECTS[surface].conversation_of
    request = parse(surface, body(surface, messages=turns, temperature=0.2, max_tokens=100))
    for name, protocol in PROVIDERS_ONLY.items():
        report(
            f"{surface} translate 1 KB to {name}",
            partial(_translate, protocol, conversation_of, request),
            5_000,
        )


def _translate(
    protocol: ProviderSide, conversation_of: Callable[[ChatRequest], Conversation], request: ChatRequest
) -> None:
    protocol.translate(conversation_of(request), MODEL)


def other_stream(protocol: str, pieces: list[bytes]) -> None:
    def read() -> list[Delta]:
        reader = PROTOCOLS[protocol].stream_reader()
        return [delta for piece in pieces for delta in reader.feed(piece)]

    assert len(read()) >= EVENTS
    report(f"{protocol} stream event read", read, 20, per=EVENTS)


# The first event of a stream, and one of those that follow.
OTHER_STREAMS: dict[str, list[bytes]] = {
    "bedrock": [
        frame("messageStart", {"role": "assistant"}),
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": " word"}, "p": "abcdefghijkl"}),
    ],
    "cohere": [
        event("message-start", id="a", delta={"message": {"role": "assistant"}}),
        event("content-delta", index=0, delta={"message": {"content": {"text": " word"}}}),
    ],
    "ollama": [
        b'{"model":"m","created_at":"x","message":{"role":"assistant","content":" word"},"done":false}\n',
    ],
}


def requests(surface: str, kilobytes: int) -> None:
    dialect, other = DIALECTS[surface], DIALECTS[OTHER[surface]]
    text = (WORDS * (kilobytes * 16))[: kilobytes * 1_000 - 150]
    turns = [{"role": "user", "content": text[i::4]} for i in range(4)]
    raw = json.dumps(body(surface, messages=turns, temperature=0.2, max_tokens=100)).encode()
    request = parse(surface, raw)
    rounds = max(5, 20_000 // kilobytes)
    report(f"{surface} parse {len(raw) / 1000:.0f} KB", lambda: dialect.parse_request(raw, HEADERS), rounds)
    report(f"{surface} prompt {len(raw) / 1000:.0f} KB", lambda: dialect.prompt_of(request), rounds)
    report(
        f"{surface} pass through {len(raw) / 1000:.0f} KB",
        lambda: dialect.pass_through(request, MODEL),
        rounds,
    )
    report(
        f"{surface} translate {len(raw) / 1000:.0f} KB",
        lambda: other.translate(dialect.conversation_of(request), MODEL),
        rounds,
    )


def whole_answers(protocol: str) -> None:
    rows = [row.answer for row in answers(protocol)]
    dialect, surface = DIALECTS[protocol], DIALECTS[OTHER[protocol]]
    request = parse(OTHER[protocol])
    replies = [dialect.parse_reply(row) for row in rows]
    mean = sum(map(len, rows)) / len(rows) / 1000
    report(
        f"{protocol} answer read ({mean:.1f} KB)",
        lambda: [dialect.parse_reply(r) for r in rows],
        20,
        per=len(rows),
    )
    report(
        f"{protocol} answer rendered as {OTHER[protocol]}",
        lambda: [surface.render_reply(reply, request, now=1) for reply in replies],
        20,
        per=len(rows),
    )


def stream(protocol: str) -> None:
    pieces = chunks_of(protocol)
    dialect, surface = DIALECTS[protocol], DIALECTS[OTHER[protocol]]
    asked, other = parse(protocol, stream=True), parse(OTHER[protocol], stream=True)

    def relay() -> None:
        relayed = dialect.stream_relay(asked)
        for piece in pieces:
            relayed.feed(piece)

    def relay_in_bulk() -> None:
        dialect.stream_relay(asked).feed(b"".join(pieces))

    def read() -> list[Delta]:
        reader = dialect.stream_reader()
        return [delta for piece in pieces for delta in reader.feed(piece)]

    deltas = read()

    def write() -> None:
        writer = surface.stream_writer(other, now=1)
        for delta in deltas:
            writer.write(delta)

    report(f"{protocol} stream event relayed", relay, 20, per=EVENTS)
    report(f"{protocol} stream event relayed, {EVENTS} in one read", relay_in_bulk, 20, per=EVENTS)
    report(f"{protocol} stream event read", read, 20, per=EVENTS)
    report(f"{protocol} stream event written as {OTHER[protocol]}", write, 20, per=EVENTS)


def chunks_of(protocol: str) -> list[bytes]:
    if protocol == OPENAI:
        more: dict[str, Any] = {"system_fingerprint": "fp_1", "service_tier": "default", "usage": None}
        return [chunk({"content": " word"}, **more) for _ in range(EVENTS)]
    assert protocol == ANTHROPIC
    start = event("message_start", message={"id": "msg_1", "model": "m", "usage": {"input_tokens": 9}})
    delta = {"type": "text_delta", "text": " word"}
    return [start] + [event("content_block_delta", index=0, delta=delta) for _ in range(EVENTS - 1)]


def report(name: str, what: Callable[[], object], rounds: int, *, per: int = 1) -> None:
    best = min(timed(what, rounds) for _ in range(7)) / per
    print(f"{name:<56} {best:>10.2f} µs")


def timed(what: Callable[[], object], rounds: int) -> float:
    began = process_time()
    for _ in range(rounds):
        what()
    return (process_time() - began) / rounds * 1e6


if __name__ == "__main__":
    main()
