"""What is said in a dialect and read from it again is what was meant: requests, answers and streams of every dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.assemble import assemble
from gateway.core.conversation import (
    Conversation,
    Counted,
    Delta,
    Ended,
    Finish,
    Message,
    Part,
    Reply,
    Role,
    Started,
    Text,
    TextDelta,
    Tool,
    ToolArguments,
    ToolCall,
    ToolCallStarted,
    ToolResult,
)
from gateway.core.price import Usage
from gateway.dialects import DIALECTS
from tests.gateway.dialects.samples import HEADERS, MODEL, body

EVERY = pytest.mark.parametrize("name", sorted(DIALECTS))
OFTEN = settings(max_examples=60, deadline=None)

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40
).filter(str.strip)
names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
arguments = st.dictionaries(names, st.one_of(st.integers(-1000, 1000), texts, st.booleans()), max_size=3)
counts = st.integers(0, 100_000)


@st.composite
def tool_calls(draw: st.DrawFn, *, most: int = 2) -> tuple[ToolCall, ...]:
    called = draw(st.lists(st.tuples(names, arguments), min_size=1, max_size=most))
    return tuple(
        ToolCall(f"call_{index}", name, json.dumps(given, ensure_ascii=False, separators=(",", ":")))
        for index, (name, given) in enumerate(called)
    )


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    calls = draw(st.one_of(st.just(()), tool_calls()))
    said: tuple[Part, ...] = (Text(draw(texts)),) if not calls or draw(st.booleans()) else ()
    return Reply(
        id="reply-1",
        model="some-model",
        parts=(*said, *calls),
        finish=Finish.TOOL_CALLS if calls else draw(st.sampled_from([Finish.STOP, Finish.LENGTH])),
        usage=Usage(input=draw(counts), cache_read=draw(counts), output=draw(counts)),
    )


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """A task, then turns; each call has its result."""
    messages = [Message(Role.SYSTEM, (Text(draw(texts)),))] if draw(st.booleans()) else []
    messages.append(Message(Role.USER, (Text(draw(texts)),)))
    called: set[str] = set()
    if draw(st.booleans()):
        calls = draw(tool_calls())
        called = {call.name for call in calls}
        messages.append(Message(Role.ASSISTANT, calls))
        results = (ToolResult(call.id, (Text(draw(texts)),)) for call in calls)
        messages += [Message(Role.TOOL, (result,)) for result in results]
    tools = called | draw(st.sets(names, max_size=2))
    schema = {"type": "object", "properties": {"x": {"type": "string"}}}
    return Conversation(
        messages=tuple(messages),
        tools=tuple(Tool(name=name, description="does it", parameters=schema) for name in sorted(tools)),
        max_output_tokens=draw(st.integers(16, 4000)),
        temperature=draw(st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0]))),
    )


def asked(name: str, **changes: Any) -> Any:
    """The least that this surface accepts."""
    bodies: dict[str, dict[str, Any]] = {
        "openai_responses": {"model": "some-model", "input": "Hi"},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
    }
    raw = json.dumps(bodies.get(name) or body(name)).encode()
    return DIALECTS[name].parse_request(
        raw, HEADERS, model="some-model" if name == "gemini" else "", **changes
    )


def calls_of(reply: Reply) -> list[tuple[str, Any]]:
    return [(call.name, json.loads(call.arguments)) for call in reply.tool_calls]


@EVERY
@OFTEN
@given(reply=replies())
def test_an_answer(name: str, reply: Reply) -> None:
    dialect = DIALECTS[name]
    again = dialect.parse_reply(dialect.render_reply(reply, asked(name), now=1))
    assert again.text == reply.text
    assert calls_of(again) == calls_of(reply)
    assert again.finish is reply.finish
    assert (again.usage.prompt, again.usage.output) == (reply.usage.prompt, reply.usage.output)


@EVERY
@OFTEN
@given(reply=replies(), cuts=st.lists(st.integers(0, 4000), max_size=6))
def test_a_stream_however_it_is_cut(name: str, reply: Reply, cuts: list[int]) -> None:
    dialect = DIALECTS[name]
    writer = dialect.stream_writer(asked(name, streaming=True), now=1)
    written = b"".join(map(writer.write, deltas_of(reply))) + writer.close()
    reader = dialect.stream_reader()
    read: list[Delta] = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(written)], strict=True):
        read += reader.feed(written[start:end])
    read += reader.end()
    again = assemble(read)
    assert reader.error is None
    assert (reader.complete, reader.finish) == (True, reply.finish)
    assert again.text == reply.text
    assert calls_of(again) == calls_of(reply)


def deltas_of(reply: Reply) -> list[Delta]:
    """Word by word, arguments in two pieces."""
    deltas: list[Delta] = [Started(id=reply.id, model=reply.model)]
    for part in reply.parts:
        if isinstance(part, Text):
            deltas += [TextDelta(piece) for piece in (part.text[:3], part.text[3:]) if piece]
    for index, call in enumerate(reply.tool_calls):
        deltas.append(ToolCallStarted(index=index, id=call.id, name=call.name))
        deltas += [
            ToolArguments(index=index, json=piece) for piece in (call.arguments[:2], call.arguments[2:])
        ]
    return [*deltas, Ended(finish=reply.finish), Counted(reply.usage)]


@EVERY
@OFTEN
@given(meant=conversations())
def test_a_request(name: str, meant: Conversation) -> None:
    """Told to a provider and, as if that were a caller, understood again."""
    dialect = DIALECTS[name]
    outgoing = dialect.translate(meant, MODEL)
    again = dialect.conversation_of(
        dialect.parse_request(outgoing.body, HEADERS, model="some-model" if name == "gemini" else "")
    )
    assert said_in(again) == said_in(meant)
    assert [(tool.name, tool.description) for tool in again.tools] == [
        (tool.name, tool.description) for tool in meant.tools
    ]
    assert (again.max_output_tokens, again.temperature) == (meant.max_output_tokens, meant.temperature)


def said_in(conversation: Conversation) -> list[tuple[str, str, Any]]:
    """Who said what, whatever messages it is spread over. Ids are a dialect's own: calls go by their order."""
    said: list[tuple[str, str, Any]] = []
    for message in conversation.messages:
        for part in message.parts:
            match part:
                case Text(text=text):
                    said.append((message.role, "text", text))
                case ToolCall(name=called, arguments=given):
                    said.append(("assistant", called, json.loads(given)))
                case ToolResult(parts=parts):
                    said.append(("tool", "result", "".join(p.text for p in parts if isinstance(p, Text))))
    return said
