"""A conversation in nobody's dialect.

`ChatRequest` is what every request needs (cheap to make); `Conversation` is its whole meaning, built only
when the provider speaks another dialect than the caller. `Reply` is an answer, `Delta`s are one in the making.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from msgspec import Struct

from gateway.core.facts import ModelKind, Need, Surface
from gateway.core.price import NOTHING, Usage, UsageSource


class ChatRequest(Struct, frozen=True, kw_only=True):
    """A request as checked: `raw` is the caller's body, parsed once and never changed."""

    kind: ClassVar[ModelKind] = ModelKind.CHAT

    surface: Surface
    requested_model: str
    raw: Mapping[str, Any]
    streaming: bool = False
    wants_usage: bool = False  # whether the caller asked for usage in the stream
    needs: frozenset[Need] = frozenset()
    native: str = ""  # the first field that only providers of its protocol can be told: tools, memory
    follows: str = ""  # the id of an earlier answer, that its provider remembers
    kept: bool = False  # whether its provider shall remember the answer
    wants_logprobs: bool = False  # we want them, for a check; the caller may not
    wants_likeliest: int = 0  # and so many of the likeliest tokens in each place
    max_output_tokens: int | None = None
    choices: int = 1
    end_user: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()  # of the protocol, for a provider of the same dialect
    dropped: tuple[str, ...] = ()  # fields that were taken out, for they are never a caller's to say


class Citation(Struct, frozen=True, omit_defaults=True):
    """What a span of a text rests on: characters `start` to `end` of that text, or none where both are 0."""

    url: str = ""
    title: str = ""
    cited: str = ""  # the source's own words
    start: int = 0
    end: int = 0


class Text(Struct, frozen=True, tag="text", omit_defaults=True):
    text: str
    cached: bool = False  # the caller marks the prefix that ends here for caching
    lasting: bool = False  # for an hour, not for the usual five minutes
    citations: tuple[Citation, ...] = ()


class Image(Struct, frozen=True, tag="image", omit_defaults=True):
    """By URL, or as base64 with its media type."""

    url: str = ""
    media_type: str = ""
    data: str = ""
    cached: bool = False
    lasting: bool = False


class Document(Struct, frozen=True, tag="document", omit_defaults=True):
    url: str = ""
    media_type: str = ""
    data: str = ""
    name: str = ""
    cached: bool = False
    lasting: bool = False


class Audio(Struct, frozen=True, tag="audio", omit_defaults=True):
    """`format` is the subtype of its media type: wav, mp3, …"""

    format: str
    data: str
    url: str = ""


class Video(Struct, frozen=True, tag="video", omit_defaults=True):
    url: str = ""
    media_type: str = ""
    data: str = ""


class ToolCall(Struct, frozen=True, tag="tool_call", omit_defaults=True):
    id: str
    name: str
    arguments: str  # JSON text, as the model wrote it
    signature: str = ""  # of the thoughts that led to it, where a model wants to see it again


class ToolResult(Struct, frozen=True, tag="tool_result", omit_defaults=True):
    call_id: str
    parts: tuple[Text | Image, ...] = ()
    failed: bool = False
    cached: bool = False
    lasting: bool = False


class Thinking(Struct, frozen=True, tag="thinking", omit_defaults=True):
    """Reasoning shown by a model; `signature` lets the same model trust it again, `redacted` is opaque."""

    text: str = ""
    signature: str = ""
    redacted: str = ""


class Refused(Struct, frozen=True, tag="refused"):
    """A refusal that the provider marks as such."""

    text: str


Part = Text | Image | Document | Audio | Video | ToolCall | ToolResult | Thinking | Refused


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Message(Struct, frozen=True):
    role: Role
    parts: tuple[Part, ...]


class Tool(Struct, frozen=True, kw_only=True):
    name: str
    description: str = ""
    parameters: Mapping[str, Any] = {}
    strict: bool | None = None
    cached: bool = False
    lasting: bool = False


class ToolChoice(Struct, frozen=True, kw_only=True):
    mode: str = "auto"  # auto | none | required | named
    name: str = ""
    parallel: bool | None = None


class OutputFormat(Struct, frozen=True, kw_only=True):
    """`json` alone asks for any JSON; with a schema, for JSON that follows it."""

    name: str = ""
    schema: Mapping[str, Any] | None = None
    strict: bool | None = None


class Conversation(Struct, frozen=True, kw_only=True):
    """The whole meaning of a request; None is "not said"."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    output_format: OutputFormat | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    choices: int = 1
    logprobs: bool = False
    top_logprobs: int | None = None
    reasoning_effort: str | None = None  # none | minimal | low | medium | high
    reasoning_tokens: int | None = None  # a budget in tokens, where the caller gave one
    end_user: str = ""
    metadata: Mapping[str, str] = {}
    streaming: bool = False
    kindred: Mapping[str, Any] = {}  # what only one family of dialects says; listed in `unsayable` too
    unsayable: tuple[str, ...] = ()  # fields of the caller's dialect that have no place here
    spelled: Mapping[str, str] = {}  # what the caller's dialect calls a field, where it is another word


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    STOP_SEQUENCE = "stop_sequence"
    PAUSE = "pause"
    UNKNOWN = "unknown"


class Token(Struct, frozen=True, omit_defaults=True):
    """One token of an answer: the natural logarithm of its probability, and the likeliest in its place."""

    text: str
    logprob: float
    data: bytes | None = None  # where a token is a part of a character
    top: tuple[Token, ...] = ()


class Reply(Struct, frozen=True, kw_only=True):
    """An answer. Log-probabilities are natural logarithms, one a token; None where the provider gave none."""

    id: str
    model: str  # as the provider names it
    parts: tuple[Part, ...]
    finish: Finish
    usage: Usage = NOTHING
    usage_source: UsageSource = UsageSource.NONE
    logprobs: tuple[float, ...] | None = None
    tokens: tuple[Token, ...] = ()  # the same by tokens, where the provider names them
    stop_sequence: str = ""
    created: int = 0  # Unix seconds
    raw: Mapping[str, Any] | None = None  # the provider's body
    more: tuple[Reply, ...] = ()  # further choices, when n > 1

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def mean_logprob(self) -> float | None:
        return sum(self.logprobs) / len(self.logprobs) if self.logprobs else None


class Started(Struct, frozen=True, tag="started", kw_only=True):
    """The first event of a stream."""

    id: str
    model: str
    usage: Usage = NOTHING  # what is known of the prompt


class TextDelta(Struct, frozen=True, tag="text", omit_defaults=True):
    text: str
    choice: int = 0
    tokens: tuple[Token, ...] = ()  # those that were asked for


class CitationDelta(Struct, frozen=True, tag="citation", omit_defaults=True):
    """Its span is of the whole text of its choice so far."""

    citation: Citation
    choice: int = 0


class ImageDelta(Struct, frozen=True, tag="image"):
    """A whole picture."""

    image: Image
    choice: int = 0


class ThinkingDelta(Struct, frozen=True, tag="thinking"):
    text: str = ""
    signature: str = ""
    redacted: str = ""


class RefusalDelta(Struct, frozen=True, tag="refusal"):
    text: str


class ToolCallStarted(Struct, frozen=True, tag="tool_call"):
    index: int
    id: str
    name: str
    choice: int = 0
    signature: str = ""


class ToolArguments(Struct, frozen=True, tag="tool_arguments"):
    index: int
    json: str
    choice: int = 0


class Ended(Struct, frozen=True, tag="ended", kw_only=True):
    """The answer is whole; usage may still follow."""

    finish: Finish
    stop_sequence: str = ""
    choice: int = 0


class Counted(Struct, frozen=True, tag="counted"):
    """What the provider says it used in all; the last one counts."""

    usage: Usage


Delta = (
    Started
    | TextDelta
    | CitationDelta
    | ImageDelta
    | ThinkingDelta
    | RefusalDelta
    | ToolCallStarted
    | ToolArguments
    | Ended
    | Counted
)
