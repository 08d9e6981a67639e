"""A provider's events → deltas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.core.conversation import (
    CitationDelta,
    Counted,
    Delta,
    Ended,
    Image,
    ImageDelta,
    Part,
    RefusalDelta,
    Refused,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Token,
    ToolArguments,
    ToolCall,
    ToolCallStarted,
)
from gateway.dialects.citations import moved, url_citations
from gateway.dialects.openai_chat.reply import arguments_of
from gateway.dialects.openai_responses.failure import error_in, error_in_event
from gateway.dialects.openai_responses.reply import finish_of, parts_of
from gateway.dialects.openai_responses.usage import read_usage
from gateway.dialects.reader import Reader
from gateway.dialects.tokens import floats, tokens_of
from gateway.errors import UpstreamInvalidResponse

DONE = b"[DONE]"  # said at the end by some vendors, as in chats


def is_notable(chunk: bytes) -> bool:
    """Whether whole events say anything besides the answer's next piece."""
    return (
        b"response.completed" in chunk
        or b"response.incomplete" in chunk
        or b"response.failed" in chunk
        or b"response.cancelled" in chunk
        or b'"error"' in chunk
        or DONE in chunk
        or b"\r" in chunk
    )


class ResponseReader(Reader):
    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self._calls: dict[int, int] = {}  # index of the output item → of the call among calls
        self._told: set[int] = set()  # output items of which something has come
        self._argued: set[int] = set()  # calls of which arguments have come
        self._tokens: list[Token] = []
        self._refused = False
        self._said = self._begun = 0  # characters, and those before the part
        self._place: Any = None  # of the part: output item, content

    @property
    def logprobs(self) -> tuple[float, ...] | None:
        return floats(self._tokens)

    def read_mark(self, data: bytes, deltas: list[Delta]) -> bool:
        return data.strip() == DONE

    def read_object(self, name: bytes, body: dict[str, Any], deltas: list[Delta]) -> None:
        if self.complete:
            return
        kind = body.get("type")
        read = _READ.get(kind) if type(kind) is str else None
        if read is not None:
            if not self.started and read is not ResponseReader.fail:
                response = _object(body.get("response"))
                self.start(deltas, reply_id=response.get("id"), model=response.get("model"))
            read(self, body, deltas)
        elif kind == "error" or body.get("error") or name == b"error":
            self.error = error_in_event(body, self.secret)

    def at_end(self, deltas: list[Delta]) -> None:
        if self.error is None and not self.complete and not self.started:
            self.error = UpstreamInvalidResponse("The provider's stream is empty.")

    def say(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        text = body.get("delta")
        if type(text) is str and text:
            self._told.add(_whole(body.get("output_index")))
            tokens = tuple(tokens_of(body.get("logprobs")))
            self._tokens.extend(tokens)
            self._begin_part(body)
            self._said += len(text)
            deltas.append(TextDelta(text, 0, tokens))

    def annotate(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        self._begin_part(body)
        found = url_citations([body.get("annotation")])
        deltas += [CitationDelta(moved(citation, self._begun)) for citation in found]

    def _begin_part(self, body: dict[str, Any]) -> None:
        place = body.get("output_index"), body.get("content_index")
        if place != self._place:
            self._place, self._begun = place, self._said

    def think(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        text = body.get("delta")
        if type(text) is str and text:
            self._told.add(_whole(body.get("output_index")))
            deltas.append(ThinkingDelta(text))

    def refuse(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        text = body.get("delta")
        if type(text) is str and text:
            self._told.add(_whole(body.get("output_index")))
            self._refused = True
            deltas.append(RefusalDelta(text))

    def part_thoughts(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        if _whole(body.get("summary_index")):
            deltas.append(ThinkingDelta("\n\n"))

    def begin_item(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        self._read_item(_whole(body.get("output_index")), _object(body.get("item")), deltas)

    def argue(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        self._argue(_whole(body.get("output_index")), body.get("delta"), deltas)

    def end_arguments(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        self._end_arguments(_whole(body.get("output_index")), body.get("arguments"), deltas)

    def end_item(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        """What came in no pieces comes now."""
        index, item = _whole(body.get("output_index")), _object(body.get("item"))
        self._read_item(index, item, deltas)
        self._end_arguments(index, item.get("arguments"), deltas)
        if index not in self._told:
            self._told.add(index)
            self._tell(item, deltas)

    def pass_over(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        """Nothing that had not been said."""

    def end_well(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        """Complete, or as far as the provider would go."""
        response = _object(body.get("response")) | {"status": body["type"].partition(".")[2]}
        if not self._told and not self._calls:
            self._tell_all(response.get("output"), deltas)
        self.usage, self.usage_source = read_usage(response)
        if response.get("usage") is not None:
            deltas.append(Counted(self.usage))
        self.finish = finish_of(response, (*self._seen, *_parts(response.get("output"))))
        self.complete = True
        deltas.append(Ended(finish=self.finish))

    def fail(self, body: dict[str, Any], deltas: list[Delta]) -> None:
        response = _object(body.get("response"))
        self.usage, self.usage_source = read_usage(response)
        self.error = error_in(response | {"status": "failed"}, self.secret)

    def _tell_all(self, output: Any, deltas: list[Delta]) -> None:
        """A stream of nothing but its end."""
        for index, item in enumerate(output if type(output) is list else ()):
            self.end_item({"output_index": index, "item": item}, deltas)

    def _read_item(self, index: int, item: dict[str, Any], deltas: list[Delta]) -> None:
        if item.get("type") != "function_call" or index in self._calls:
            return
        call = self._calls[index] = len(self._calls)
        call_id = item.get("call_id") or item.get("id") or ""
        deltas.append(ToolCallStarted(call, str(call_id), str(item.get("name") or "")))
        self._argue(index, item.get("arguments"), deltas)

    def _argue(self, index: int, piece: Any, deltas: list[Delta]) -> None:
        call = self._calls.get(index)
        if call is not None and type(piece) is str and piece:
            self._argued.add(call)
            deltas.append(ToolArguments(call, piece))

    def _end_arguments(self, index: int, whole: Any, deltas: list[Delta]) -> None:
        if index in self._calls and self._calls[index] not in self._argued:
            self._argue(index, arguments_of(whole), deltas)

    def _tell(self, item: dict[str, Any], deltas: list[Delta]) -> None:
        for part in parts_of(item):
            match part:
                case Text(text=text):
                    deltas.append(TextDelta(text))
                    deltas += [CitationDelta(moved(one, self._said)) for one in part.citations]
                    self._said += len(text)
                case Image():
                    deltas.append(ImageDelta(part))
                case Refused(text=text):
                    self._refused = True
                    deltas.append(RefusalDelta(text))
                case Thinking(text=text):
                    deltas.append(ThinkingDelta(text))

    @property
    def _seen(self) -> tuple[ToolCall | Refused, ...]:
        called = (ToolCall("", "", ""),) if self._calls else ()
        return called or ((Refused(""),) if self._refused else ())


def _parts(output: Any) -> Iterator[Part]:
    """What the end repeats: who relays a stream reads little else of it."""
    for item in output if type(output) is list else ():
        yield from parts_of(_object(item))


def _object(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _whole(value: Any) -> int:
    return value if type(value) is int else 0


_READ: Mapping[str, Callable[[ResponseReader, dict[str, Any], list[Delta]], None]] = {
    "response.cancelled": ResponseReader.fail,
    "response.completed": ResponseReader.end_well,
    "response.created": ResponseReader.pass_over,
    "response.failed": ResponseReader.fail,
    "response.function_call_arguments.delta": ResponseReader.argue,
    "response.function_call_arguments.done": ResponseReader.end_arguments,
    "response.in_progress": ResponseReader.pass_over,
    "response.incomplete": ResponseReader.end_well,
    "response.output_item.added": ResponseReader.begin_item,
    "response.output_item.done": ResponseReader.end_item,
    "response.output_text.annotation.added": ResponseReader.annotate,
    "response.output_text.delta": ResponseReader.say,
    "response.queued": ResponseReader.pass_over,
    "response.reasoning_summary_part.added": ResponseReader.part_thoughts,
    "response.reasoning_summary_text.delta": ResponseReader.think,
    "response.reasoning_text.delta": ResponseReader.think,
    "response.refusal.delta": ResponseReader.refuse,
}
