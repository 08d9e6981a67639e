"""Streams of this protocol: chunks → deltas, and deltas → chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from gateway.core.conversation import (
    Citation,
    CitationDelta,
    Counted,
    Delta,
    Ended,
    Finish,
    ImageDelta,
    RefusalDelta,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Token,
    ToolArguments,
    ToolCallStarted,
)
from gateway.core.price import Usage, UsageSource
from gateway.dialects.citations import told_url, url_citations
from gateway.dialects.openai_chat.failure import error_in
from gateway.dialects.openai_chat.reply import (
    FINISHES,
    WORDS,
    images_of,
    listed,
    logprobs_of,
    reply_id,
    said_citation,
    said_image,
    told_logprobs,
)
from gateway.dialects.openai_chat.sources import sources_in
from gateway.dialects.openai_chat.surface import error_object
from gateway.dialects.openai_chat.thoughts import said, signature_of, signed, thoughts
from gateway.dialects.openai_chat.usage import read_usage, write_usage
from gateway.dialects.reader import Reader
from gateway.dialects.rendering import fitting
from gateway.dialects.served import service_tier
from gateway.dialects.sse import write_event
from gateway.dialects.tokens import floats
from gateway.errors import GatewayError, UpstreamError, UpstreamInvalidResponse

DONE = b"[DONE]"
_encode = msgspec.json.Encoder().encode


def is_notable(chunk: bytes) -> bool:
    """Whether whole events say anything besides the answer's next piece."""
    return (
        b'"error"' in chunk
        or DONE in chunk
        or chunk.count(b'"finish_reason"') != chunk.count(b'"finish_reason":null')
        or chunk.count(b'"usage"') != chunk.count(b'"usage":null')
        or b"\r" in chunk
    )


class ChatReader(Reader):
    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self._calls: dict[tuple[int, Any], int] = {}  # (choice, index as given) → index among all
        self._ended: set[int] = set()
        self._tokens: list[Token] = []  # of the first choice
        self._refused = self._cites = False
        self._said = 0  # characters of the first choice
        self._sources: list[Citation] = []  # told beside the answer

    @property
    def logprobs(self) -> tuple[float, ...] | None:
        return floats(self._tokens)

    def read_mark(self, data: bytes, deltas: list[Delta]) -> bool:
        if data.strip() != DONE:
            return False
        self._finish_well(deltas)
        return True

    def at_end(self, deltas: list[Delta]) -> None:
        if self.error is None and self.finish is not None:
            self.complete = True

    def read_object(self, name: bytes, body: dict[str, Any], deltas: list[Delta]) -> None:
        if self.complete:
            return
        self.error = error_in(body, self.secret)
        if self.error is None and name == b"error":
            self.error = UpstreamError()
        if self.error is not None:
            return
        choices = body.get("choices")
        choices = choices if type(choices) is list else []
        if not self.started and (choices or body.get("id")):
            told, _ = read_usage(body.get("usage"))  # by vendors who count as they write
            prompt = replace(told, output=0, reasoning=0, audio_output=0)
            self.start(deltas, reply_id=body.get("id"), model=body.get("model"), usage=prompt)
            if tier := service_tier(body.get("service_tier")):  # also of a stream that is cut
                self.usage = replace(self.usage, service_tier=tier)
        if "citations" in body or "search_results" in body:
            self._sources = sources_in(body) or self._sources
        for choice in choices:
            if type(choice) is dict:
                self._read_choice(choice, deltas)
        self.only_usage = self._read_usage(body, deltas) and not choices

    def _read_choice(self, choice: dict[str, Any], deltas: list[Delta]) -> None:
        number = choice.get("index")
        number = number if type(number) is int else 0
        delta = choice.get("delta")
        told = choice.get("logprobs")
        tokens = logprobs_of(told) if told is not None else ()
        if tokens and not number:
            self._tokens.extend(tokens)
        if type(delta) is dict:
            self._read_delta(number, delta, tokens, deltas)
        word = choice.get("finish_reason")
        if type(word) is str and word and number not in self._ended:
            if word == "error":
                self.error = UpstreamError()
                return
            self._end(number, FINISHES.get(word, Finish.UNKNOWN), deltas)

    def _read_delta(
        self, number: int, delta: dict[str, Any], tokens: tuple[Token, ...], deltas: list[Delta]
    ) -> None:
        deltas.extend(_thinking(thought) for thought in thoughts(delta))
        content = delta.get("content")
        if type(content) is str and content:
            self._said += 0 if number else len(content)
            deltas.append(TextDelta(content, number, tokens))
        elif type(content) is list:
            deltas.extend(_listed(number, content))
        refusal = delta.get("refusal")
        if type(refusal) is str and refusal:
            self._refused = True
            deltas.append(RefusalDelta(refusal))
        if annotations := delta.get("annotations"):
            self._cites = True
            deltas.extend(CitationDelta(citation, number) for citation in url_citations(annotations))
        if delta.get("images"):
            deltas.extend(ImageDelta(image, number) for image in images_of(delta))
        calls = delta.get("tool_calls")
        for place, call in enumerate(calls if type(calls) is list else ()):
            if type(call) is dict:
                self._read_call(number, place, call, deltas)

    def _read_call(self, number: int, place: int, call: dict[str, Any], deltas: list[Delta]) -> None:
        """Vendors leave out the index, or send the id and name with every piece."""
        function = call.get("function")
        function = function if type(function) is dict else {}
        given = call.get("index")
        key = (number, given if type(given) is int else call.get("id") or place)
        if not _is_hashable(key):
            return
        index = self._calls.get(key)
        if index is None:
            index = self._calls[key] = len(self._calls)
            name = function.get("name")
            call_id = str(call.get("id") or f"call_{index}")
            name = name if type(name) is str else ""
            deltas.append(ToolCallStarted(index, call_id, name, number, signature_of(call)))
        arguments = function.get("arguments")
        if type(arguments) is dict:
            arguments = _encode(arguments).decode()
        if type(arguments) is str and arguments:
            deltas.append(ToolArguments(index, arguments, number))

    def _read_usage(self, body: dict[str, Any], deltas: list[Delta]) -> bool:
        report = body.get("usage")
        if report is None and type(body.get("x_groq")) is dict:
            report = body["x_groq"].get("usage")
        usage, source = read_usage(report, tier=body.get("service_tier"))
        usage = usage if usage.service_tier else replace(usage, service_tier=self.usage.service_tier)
        if source is UsageSource.NONE:
            return False
        if usage.prompt + usage.completion >= self.usage.prompt + self.usage.completion:
            self.usage, self.usage_source = usage, source
            deltas.append(Counted(usage))
        else:  # a running total that went down
            self.usage_source = UsageSource.PROVIDER_PARTIAL
        return True

    def _end(self, number: int, finish: Finish, deltas: list[Delta]) -> None:
        self._ended.add(number)
        if finish is Finish.STOP and self._calls:  # vendors who say "stop" for every good end
            finish = Finish.TOOL_CALLS
        elif finish is Finish.STOP and self._refused:
            finish = Finish.REFUSAL
        if number == 0 or self.finish is None:
            self.finish = finish
        if number == 0 and not self._cites:
            deltas.extend(CitationDelta(replace(source, end=self._said)) for source in self._sources)
        deltas.append(Ended(finish=finish, choice=number))

    def _finish_well(self, deltas: list[Delta]) -> None:
        """The protocol's last word; some vendors say it without ever saying why the answer ended."""
        if not self.started:
            self.error = UpstreamInvalidResponse("The provider's stream is empty.")
        elif not self.complete:
            if self.finish is None:
                self._end(0, Finish.TOOL_CALLS if self._calls else Finish.UNKNOWN, deltas)
            self.complete = True


def _listed(number: int, content: list[Any]) -> Iterator[Delta]:
    for part in listed(content):
        if isinstance(part, Text):
            yield TextDelta(part.text, number)
        elif isinstance(part, Thinking):
            yield _thinking(part)


def _thinking(thought: Thinking) -> ThinkingDelta:
    return ThinkingDelta(thought.text, thought.signature, thought.redacted)


def _is_hashable(key: tuple[int, Any]) -> bool:
    return isinstance(key[1], int | str)


class ChatWriter:
    def __init__(self, *, now: int, wants_usage: bool) -> None:
        self._now = now
        self._wants_usage = wants_usage
        self._usage: Usage | None = None
        self._refused = False
        self._head = head_of("", "", now)

    def write(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta(text=text, choice=choice):
                return self._chunk({"content": text}, choice, tokens=delta.tokens)
            case ToolArguments(index=index, json=text, choice=choice):
                return self._chunk(
                    {"tool_calls": [{"index": index, "function": {"arguments": text}}]}, choice
                )
            case ToolCallStarted():
                return self._chunk({"tool_calls": [_call(delta)]}, delta.choice)
            case ThinkingDelta():
                return self._chunk(said([delta]))
            case RefusalDelta(text=text):
                self._refused = True
                return self._chunk({"refusal": text})
            case CitationDelta() | ImageDelta():
                return self._show(delta)
            case Started(id=given, model=model):
                self._head = head_of(given, model, self._now)
                return self._chunk({"role": "assistant", "content": ""})
            case Ended(finish=finish, choice=choice):
                refused = self._refused and finish is Finish.REFUSAL
                return self._chunk({}, choice, "stop" if refused else WORDS.get(finish, "stop"))
            case Counted(usage=usage):
                self._usage = usage
        return b""

    def _show(self, delta: CitationDelta | ImageDelta) -> bytes:
        if isinstance(delta, ImageDelta):
            return self._chunk({"images": [said_image(delta.image)]}, delta.choice)
        if not delta.citation.url:
            return b""
        return self._chunk({"annotations": [said_citation(told_url(delta.citation))]}, delta.choice)

    def close(self) -> bytes:
        usage = b""
        if self._wants_usage and self._usage is not None:
            usage = write_event(self._head + b'],"usage":' + _encode(write_usage(self._usage)) + b"}")
        return usage + write_event(DONE)

    def error(self, error: GatewayError) -> bytes:
        return stream_error(error, self._head)

    def _chunk(
        self,
        delta: dict[str, Any],
        choice: int = 0,
        finish: str | None = None,
        tokens: tuple[Token, ...] = (),
    ) -> bytes:
        told = b'"logprobs":%b,' % _encode(told_logprobs(tokens)) if tokens else b""
        tail = b'{"index":%d,"delta":%b,%b"finish_reason":%b}]}'
        return write_event(self._head + tail % (choice, _encode(delta), told, _encode(finish)))


def head_of(given: str, model: str, now: int) -> bytes:
    """What all chunks of an answer begin with, up to the list of choices."""
    head = {"id": reply_id(given), "object": "chat.completion.chunk", "created": now, "model": model}
    return _encode(head)[:-1] + b',"choices":['


def stream_error(error: GatewayError, head: bytes) -> bytes:
    tail = b'%b{"index":0,"delta":{},"finish_reason":"error"}],"error":%b}'

    def written(message: str) -> bytes:
        return write_event(tail % (head, _encode(error_object(error, message))))

    return fitting(written, error.message)


def _call(call: ToolCallStarted) -> dict[str, Any]:
    function = {"name": call.name, "arguments": ""}
    told = {"index": call.index, "id": call.id, "type": "function", "function": function}
    return told | signed(call.signature)
