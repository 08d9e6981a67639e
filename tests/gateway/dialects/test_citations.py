"""What an answer rests on, from each dialect that says so to each that has words for it, whole and streamed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.assemble import assemble
from gateway.core.conversation import Citation, Image, Reply, Text
from gateway.core.price import NOTHING
from gateway.dialects import DIALECTS, PROTOCOLS, SURFACES
from gateway.dialects.citations import MAX_KEPT, Wording
from gateway.dialects.unshown import unshown
from gateway.simulator.event_stream import event as frame
from tests.gateway.dialects.samples import HEADERS, MODEL

URL, TITLE = "https://rome.test/people", "Rome"
FIRST, SECOND = "Café: ", "2.8 million people"  # a character of two bytes before the span
TEXT = FIRST + SECOND + "."
WEB = {
    "type": "web_search_result_location",
    "url": URL,
    "title": TITLE,
    "cited_text": "2.8",
    "encrypted_index": "x",
}
OPENAI = {"type": "url_citation", "url": URL, "title": TITLE, "start_index": 6, "end_index": 24}
CHAT = {"type": "url_citation", "url_citation": {name: OPENAI[name] for name in OPENAI if name != "type"}}
GROUNDING = {
    "groundingChunks": [{"web": {"uri": "https://other.test"}}, {"web": {"uri": URL, "title": TITLE}}],
    "groundingSupports": [
        {"segment": {"startIndex": 7, "endIndex": 25, "text": SECOND}, "groundingChunkIndices": [1]}
    ],
}
COHERE = {
    "start": 6, "end": 24, "text": SECOND, "type": "TEXT_CONTENT",
    "sources": [{"type": "document", "id": "1", "document": {"url": URL, "title": TITLE}}],
}  # fmt: skip

BEDROCK = {"title": TITLE, "sourceContent": [{"text": "2.8"}], "location": {"web": {"url": URL}}}

WHOLE: dict[str, dict[str, Any]] = {
    "anthropic": {
        "content": [
            {"type": "text", "text": FIRST},
            {"type": "text", "text": SECOND, "citations": [WEB]},
            {"type": "text", "text": "."},
        ],
        "stop_reason": "end_turn",
    },
    "openai_chat": {
        "choices": [{"message": {"content": TEXT, "annotations": [CHAT]}, "finish_reason": "stop"}]
    },
    "openai_responses": {
        "status": "completed",
        "output": [
            {"type": "message", "content": [{"type": "output_text", "text": TEXT, "annotations": [OPENAI]}]}
        ],
    },
    "gemini": {
        "candidates": [
            {
                "content": {"parts": [{"text": "Hm.", "thought": True}, {"text": TEXT}]},
                "groundingMetadata": GROUNDING
                | {
                    "groundingSupports": [
                        {
                            "segment": {"partIndex": 1, "startIndex": 7, "endIndex": 25},
                            "groundingChunkIndices": [1, 9],
                        }
                    ]
                },
                "finishReason": "STOP",
            }
        ]
    },
    "cohere": {
        "message": {"content": [{"type": "text", "text": TEXT}], "citations": [COHERE]},
        "finish_reason": "COMPLETE",
    },
    "bedrock": {
        "output": {
            "message": {
                "content": [
                    {"text": FIRST},
                    {"citationsContent": {"content": [{"text": SECOND}], "citations": [BEDROCK]}},
                    {"text": "."},
                ]
            }
        },
        "stopReason": "end_turn",
    },
}


def events(*said: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in said)


def block(index: int, text: str, *citations: dict[str, Any]) -> list[dict[str, Any]]:
    at = {"index": index}
    return [
        {"type": "content_block_start", **at, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", **at, "delta": {"type": "citations_delta", "citation": c}}
            for c in citations
        ),
        {"type": "content_block_delta", **at, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", **at},
    ]


def framed(*said: tuple[str, dict[str, Any]]) -> bytes:
    return b"".join(frame(name, body) for name, body in said)


def delta(index: int, said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": said}


PART = {"output_index": 1, "content_index": 0}
STREAMS: dict[str, bytes] = {
    "anthropic": events(
        {"type": "message_start", "message": {"id": "m", "model": "x", "usage": {}}},
        *block(0, FIRST),
        *block(1, SECOND, WEB),
        *block(2, "."),
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ),
    "openai_chat": events(
        {"id": "c", "choices": [{"index": 0, "delta": {"content": FIRST}}]},
        {"id": "c", "choices": [{"index": 0, "delta": {"content": SECOND + "."}}]},
        {"id": "c", "choices": [{"index": 0, "delta": {"annotations": [CHAT]}, "finish_reason": "stop"}]},
    ),
    "openai_responses": events(
        {"type": "response.created", "response": {"id": "r", "model": "x"}},
        {"type": "response.output_text.delta", **PART, "delta": TEXT},
        {
            "type": "response.output_text.annotation.added",
            **PART,
            "annotation_index": 0,
            "annotation": OPENAI,
        },
        {"type": "response.completed", "response": {"id": "r", "model": "x", "output": []}},
    ),
    "gemini": events(
        {"candidates": [{"content": {"parts": [{"text": FIRST}]}}]},
        {
            "candidates": [
                {
                    "content": {"parts": [{"text": SECOND + "."}]},
                    "groundingMetadata": GROUNDING,
                    "finishReason": "STOP",
                }
            ]
        },
    ),
    "cohere": events(
        {"type": "message-start", "id": "c", "delta": {"message": {}}},
        {
            "type": "content-start",
            "index": 0,
            "delta": {"message": {"content": {"type": "text", "text": ""}}},
        },
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": TEXT}}}},
        {"type": "citation-start", "index": 0, "delta": {"message": {"citations": COHERE}}},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {}}},
    ),
    "bedrock": framed(
        ("messageStart", {"role": "assistant"}),
        delta(0, {"text": FIRST}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        delta(1, {"citation": BEDROCK}),
        delta(1, {"text": SECOND}),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        delta(2, {"text": "."}),
        ("contentBlockStop", {"contentBlockIndex": 2}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": {"inputTokens": 1, "outputTokens": 1}}),
    ),
}
FROM = pytest.mark.parametrize("protocol", WHOLE)
INTO = pytest.mark.parametrize("surface", DIALECTS)


def request_of(surface: str) -> Any:
    bodies: dict[str, dict[str, Any]] = {
        "anthropic": {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
        "openai_chat": {"messages": [{"role": "user", "content": "Hi"}]},
        "openai_responses": {"input": "Hi"},
        "gemini": {"contents": [{"parts": [{"text": "Hi"}]}]},
    }
    said = bodies[surface]
    body = json.dumps(said if surface == "gemini" else said | {"model": "m"}).encode()
    return SURFACES[surface].parse_request(body, HEADERS, model="m")


def spans(reply: Reply) -> list[tuple[str, str, str]]:
    """Each with the words that it is of."""
    return [
        (part.text[one.start : one.end], one.url, one.title)
        for part in reply.parts
        if isinstance(part, Text)
        for one in part.citations
    ]


def read_stream(protocol: str, stream: bytes) -> Reply:
    reader = PROTOCOLS[protocol].stream_reader()
    return assemble([*reader.feed(stream), *reader.end()])


@FROM
def test_it_is_read(protocol: str) -> None:
    reply = PROTOCOLS[protocol].parse_reply(json.dumps(WHOLE[protocol]).encode())
    assert reply.text == TEXT
    assert spans(reply) == [(SECOND, URL, TITLE)]


@FROM
def test_it_is_read_as_it_comes(protocol: str) -> None:
    reply = read_stream(protocol, STREAMS[protocol])
    assert reply.text == TEXT
    assert spans(reply) == [(SECOND, URL, TITLE)]


@FROM
@INTO
def test_it_crosses(protocol: str, surface: str) -> None:
    reply = PROTOCOLS[protocol].parse_reply(json.dumps(WHOLE[protocol]).encode())
    shown = SURFACES[surface].render_reply(reply, request_of(surface), now=1)
    again = PROTOCOLS[surface].parse_reply(shown)
    assert again.text == TEXT
    assert spans(again) == [(SECOND, URL, TITLE)]


@FROM
@INTO
def test_it_crosses_as_it_comes(protocol: str, surface: str) -> None:
    """A block that is open cannot be parted: there the span is what of the text had come."""
    reader = PROTOCOLS[protocol].stream_reader()
    writer = SURFACES[surface].stream_writer(request_of(surface), now=1)
    deltas = [*reader.feed(STREAMS[protocol]), *reader.end()]
    again = read_stream(surface, b"".join(map(writer.write, deltas)) + writer.close())
    assert again.text == TEXT
    (span,) = spans(again)
    assert span[1:] == (URL, TITLE)
    assert SECOND in span[0] if surface == "anthropic" else span[0] == SECOND


def test_what_has_no_address_means_nothing_elsewhere() -> None:
    text = Text("Rome.", citations=(Citation(title="a file", cited="Rome", end=4),))
    reply = Reply(
        id="r",
        model="m",
        parts=(text,),
        finish=read_stream("gemini", STREAMS["gemini"]).finish,
        usage=NOTHING,
    )
    for surface in DIALECTS:
        again = PROTOCOLS[surface].parse_reply(
            SURFACES[surface].render_reply(reply, request_of(surface), now=1)
        )
        assert (again.text, spans(again)) == ("Rome.", [])


def test_spans_that_overlap_are_cut() -> None:
    one, two = Citation(url="https://1.test", end=6), Citation(url="https://2.test", start=3, end=99)
    reply = Reply(
        id="r",
        model="m",
        parts=(Text("abcdefghi", citations=(two, one)),),
        finish=read_stream("gemini", STREAMS["gemini"]).finish,
    )
    shown = json.loads(SURFACES["anthropic"].render_reply(reply, request_of("anthropic"), now=1))
    assert [(b["text"], [c["url"] for c in b["citations"]]) for b in shown["content"]] == [
        ("abcdef", ["https://1.test"]),
        ("ghi", ["https://2.test"]),
    ]


def test_ours_do_not_go_to_a_provider_who_would_not_know_them() -> None:
    ours, theirs = WEB | {"encrypted_index": ""}, WEB
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "text", "text": "Yes", "citations": [ours, theirs]}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Yes", "citations": [ours]}]},
    ]
    body = json.dumps({"model": "m", "max_tokens": 9, "messages": turns}).encode()
    request = DIALECTS["anthropic"].parse_request(body, HEADERS)
    sent = json.loads(PROTOCOLS["anthropic"].pass_through(request, MODEL).body)
    assert [m["content"][0]["citations"] for m in sent["messages"][1:]] == [[theirs], None]


@pytest.mark.parametrize(
    "protocol", ["openai_chat", "openai_responses", "gemini", "cohere", "ollama", "bedrock"]
)
def test_that_something_was_to_be_cited_or_was_is_reported(protocol: str) -> None:
    document = {
        "type": "document",
        "source": {"type": "text", "data": "Rome"},
        "citations": {"enabled": True},
    }
    turns: list[dict[str, Any]] = [{"role": "user", "content": [document]}]
    cited = [{"role": "assistant", "content": [{"type": "text", "text": "Yes", "citations": [WEB]}]}]
    for messages in (turns, [{"role": "user", "content": "Hi"}, *cited, {"role": "user", "content": "And?"}]):
        body = json.dumps({"model": "m", "max_tokens": 99, "messages": messages}).encode()
        surface = DIALECTS["anthropic"]
        conversation = surface.conversation_of(surface.parse_request(body, HEADERS))
        said = PROTOCOLS[protocol].translate(conversation, MODEL)
        assert said.dropped == ("messages[].content[].citations",)


@pytest.mark.parametrize(
    ("surface", "body", "dropped"),
    [
        (
            "openai_chat",
            {"messages": [{"role": "assistant", "content": TEXT, "annotations": [CHAT], "name": "ada"}]},
            {"messages[].annotations", "messages[].name"},
        ),
        (
            "openai_chat",
            {
                "messages": [
                    {
                        "role": "assistant",
                        "content": [{"type": "text", "text": TEXT}],
                        "annotations": [CHAT],
                        "images": [{"type": "image_url", "image_url": {"url": "https://x.test"}}],
                    }
                ]
            },
            {"messages[].annotations", "messages[].images"},
        ),
        (
            "openai_responses",
            {
                "input": [
                    {
                        "role": "assistant",
                        "content": [{"type": "output_text", "text": TEXT, "annotations": [OPENAI]}],
                    }
                ]
            },
            {"input[].content[].annotations"},
        ),
    ],
)
@pytest.mark.parametrize("protocol", ["anthropic", "gemini", "bedrock", "cohere", "ollama"])
def test_what_earlier_answers_rested_on_is_reported(
    surface: str, body: dict[str, Any], dropped: set[str], protocol: str
) -> None:
    field = "messages" if surface == "openai_chat" else "input"
    turns = [{"role": "user", "content": "Hi"}, *body[field], {"role": "user", "content": "And?"}]
    raw = json.dumps({"model": "m", field: turns}).encode()
    conversation = SURFACES[surface].conversation_of(SURFACES[surface].parse_request(raw))
    said = PROTOCOLS[protocol].translate(conversation, MODEL)
    assert set(said.dropped) == dropped
    assert FIRST.strip() in json.dumps(json.loads(said.body), ensure_ascii=False)


# Sources told beside an answer, by numbers in its text

NUMBERED = "Café: 2.8 million people [2]."
SOURCES = {"search_results": [{"title": "Other", "url": "https://other.test"}, {"title": TITLE, "url": URL}]}


@pytest.mark.parametrize("beside", [SOURCES, {"citations": ["https://other.test", URL]}])
@INTO
def test_sources_beside_an_answer_are_cited_where_their_numbers_stand(
    beside: dict[str, Any], surface: str
) -> None:
    said = {"choices": [{"message": {"content": NUMBERED}, "finish_reason": "stop"}]}
    reply = PROTOCOLS["openai_chat"].parse_reply(json.dumps(said | beside).encode())
    title = TITLE if "search_results" in beside else ""
    assert ("[2]", URL, title) in spans(reply)
    assert (NUMBERED, "https://other.test", "Other" if title else "") in spans(reply)
    if surface != "openai_chat":
        shown = SURFACES[surface].render_reply(reply, request_of(surface), now=1)
        again = PROTOCOLS[surface].parse_reply(shown)
        assert again.text == NUMBERED
        assert {url for _, url, _ in spans(again)} >= {"https://other.test"}


def test_of_a_stream_its_sources_are_what_the_whole_rests_on() -> None:
    stream = events(
        {"id": "c", "choices": [{"index": 0, "delta": {"content": NUMBERED}}], "citations": [URL]},
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]} | SOURCES,
    )
    reply = read_stream("openai_chat", stream)
    assert spans(reply) == [(NUMBERED, "https://other.test", "Other"), (NUMBERED, URL, TITLE)]


@pytest.mark.parametrize(
    "beside", [{"citations": None}, {"citations": [1, {}, None]}, {"search_results": "x"}]
)
def test_nonsense_beside_an_answer_is_passed_over(beside: dict[str, Any]) -> None:
    said = {"choices": [{"message": {"content": "Hi [1] [0] [999]"}, "finish_reason": "stop"}]}
    reply = PROTOCOLS["openai_chat"].parse_reply(json.dumps(said | beside).encode())
    shown = SURFACES["anthropic"].render_reply(reply, request_of("anthropic"), now=1)
    assert PROTOCOLS["anthropic"].parse_reply(shown).text == "Hi [1] [0] [999]"
    assert all(not url for _, url, _ in spans(reply))


def test_what_is_kept_of_a_stream_is_bounded() -> None:
    wording = Wording()
    for _ in range(10):
        wording.add("x" * MAX_KEPT)
    assert wording.bytes(10**9) == MAX_KEPT


# Pictures that a model made

PNG = "iVBORw0KGgo="
PAINTED = {
    "candidates": [
        {
            "content": {"parts": [{"text": "See:"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}]},
            "finishReason": "STOP",
        }
    ]
}


def images(reply: Reply) -> list[Image]:
    return [part for part in reply.parts if isinstance(part, Image)]


@pytest.mark.parametrize("surface", ["openai_chat", "openai_responses", "gemini"])
def test_a_picture_is_shown_where_the_shape_has_a_place_for_it(surface: str) -> None:
    reply = PROTOCOLS["gemini"].parse_reply(json.dumps(PAINTED).encode())
    shown = SURFACES[surface].render_reply(reply, request_of(surface), now=1)
    assert images(PROTOCOLS[surface].parse_reply(shown)) == [Image(media_type="image/png", data=PNG)]
    reader = PROTOCOLS["gemini"].stream_reader()
    writer = SURFACES[surface].stream_writer(request_of(surface), now=1)
    deltas = [*reader.feed(events(PAINTED)), *reader.end()]
    written = b"".join(map(writer.write, deltas)) + writer.close()
    assert PNG.encode() in written
    assert read_stream(surface, written).text == "See:"


def test_where_it_has_none_that_is_said() -> None:
    reader = PROTOCOLS["gemini"].stream_reader()
    writer = SURFACES["anthropic"].stream_writer(request_of("anthropic"), now=1)
    written = b"".join(map(writer.write, [*reader.feed(events(PAINTED)), *reader.end()])) + writer.close()
    assert b": x-rungway-dropped image\n\n" in written
    assert read_stream("anthropic", written).text == "See:"
    assert [name for name, surface in SURFACES.items() if not surface.shows_images] == [
        "anthropic",
        "openai_completions",
    ]


def test_legacy_completions_say_what_they_cannot_show() -> None:
    surface = SURFACES["openai_completions"]
    request = surface.parse_request(b'{"model": "m", "prompt": "Hi", "stream": true}')
    for protocol, stream, comment in (
        ("gemini", events(PAINTED), b": x-rungway-dropped image\n\n"),
        ("anthropic", STREAMS["anthropic"], b": x-rungway-dropped citation\n\n"),
    ):
        reader = PROTOCOLS[protocol].stream_reader()
        writer = surface.stream_writer(request, now=1)
        written = b"".join(map(writer.write, [*reader.feed(stream), *reader.end()])) + writer.close()
        assert written.count(comment) == 1
    painted = PROTOCOLS["gemini"].parse_reply(json.dumps(PAINTED).encode())
    cited = PROTOCOLS["anthropic"].parse_reply(json.dumps(WHOLE["anthropic"]).encode())
    assert (unshown(painted, surface), unshown(cited, surface)) == ({"image"}, {"citation"})
    assert (unshown(painted, SURFACES["anthropic"]), unshown(cited, SURFACES["anthropic"])) == (
        {"image"},
        set(),
    )
    assert unshown(painted, SURFACES["gemini"]) == set()
