"""What every wire protocol can do, and the three objects that handle a stream.

A dialect has two sides. `CallerSide`, a surface: a caller's bytes → `ChatRequest`, a `Reply` → bytes for the
caller. `ProviderSide`, a protocol: a request → `Outgoing` bytes for a provider, a provider's bytes → `Reply`.
Where both sides use the same words (`ProviderSide.words`), nothing is translated: `pass_through` and `relay`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from gateway.core.catalogue import Auth, Model
from gateway.core.conversation import ChatRequest, Conversation, Delta, Finish, Reply
from gateway.core.price import Usage, UsageSource
from gateway.core.prompt import Prompt
from gateway.errors import GatewayError, UpstreamError

Headers = list[tuple[bytes, bytes]]

MAX_EVENT = 16 * 1024 * 1024  # bytes of one event of a stream
NO_HEADERS: Mapping[bytes, bytes] = {}
EVENT_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
]


class Outgoing(Struct, frozen=True, kw_only=True):
    """What is sent to a provider. `path` comes after the base that an SDK of that provider takes."""

    path: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()  # of the protocol; credentials are apart
    dropped: tuple[str, ...] = ()  # the caller's fields that could not be said
    limit: int | None = None  # tokens of output, where the protocol wants a limit and nobody knows one


class Rendered(Struct, frozen=True):
    """An HTTP answer in a surface's shape."""

    status: int
    headers: Headers
    body: bytes


class StreamReader(Protocol):
    """A provider's bytes → deltas. Never raises; the same bytes give the same deltas however they are cut."""

    id: str
    model: str  # as the provider names it
    usage: Usage
    usage_source: UsageSource  # NONE: the provider has said nothing
    finish: Finish | None
    complete: bool  # the provider said that the answer is whole; known for certain after `end`
    error: UpstreamError | None  # said in the stream, or found in it; nothing is read after it

    @property
    def logprobs(self) -> tuple[float, ...] | None:
        """Natural, one a token of the first choice; None where the provider gave none."""
        ...

    def feed(self, data: bytes) -> list[Delta]: ...
    def end(self) -> list[Delta]:
        """No more bytes come."""
        ...


class StreamWriter(Protocol):
    """Deltas → bytes for a caller of another dialect. Each result ends with a whole event."""

    def write(self, delta: Delta) -> bytes: ...
    def close(self) -> bytes:
        """What ends a stream that is whole."""
        ...

    def error(self, error: GatewayError) -> bytes:
        """What ends a stream that is not: never looks like a good end."""
        ...


class StreamRelay(Protocol):
    """A provider's bytes → the same bytes, whole events only, so that an error or a keep-alive can follow.

    Events that tell of an error are kept back (`error`), and usage that only we asked for.
    """

    @property
    def id(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def usage_source(self) -> UsageSource: ...
    @property
    def finish(self) -> Finish | None: ...
    @property
    def complete(self) -> bool: ...
    @property
    def error(self) -> UpstreamError | None: ...
    @property
    def content_seen(self) -> bool:
        """Something of the answer has come: from here on there is no other try."""
        ...

    def feed(self, data: bytes) -> bytes: ...
    def end(self) -> bytes: ...

    @property
    def reply(self) -> Reply:
        """What has come so far, for checks: all of it if the relay keeps it, else its beginning."""
        ...

    @property
    def text(self) -> str: ...

    @property
    def characters(self) -> int:
        """Of the whole answer so far, with tool calls and thinking: what an estimate of its tokens needs."""
        ...


class CallerSide(Protocol):
    """A surface: the shape in which a caller speaks to us."""

    name: str
    keep_alive: bytes  # means nothing; may be written between any two events of a stream
    takes_comments: bool  # whether its SDKs pass over comments in a stream
    shows_images: bool  # whether an answer of its shape may have pictures
    shows_citations: bool  # whether it tells what an answer rests on
    stream_headers: Headers

    def parse_request(
        self,
        body: bytes,
        headers: Mapping[bytes, bytes] = NO_HEADERS,
        *,
        model: str = "",
        streaming: bool = False,
    ) -> ChatRequest:
        """Checked, or `InvalidRequest` with the place. Header names are lower-case.

        `model` and `streaming` are what the path says, for surfaces that put them there.
        """
        ...

    def prompt_of(self, request: ChatRequest) -> Prompt: ...
    def conversation_of(self, request: ChatRequest) -> Conversation:
        """Its whole meaning, or `Untranslatable`."""
        ...

    def render_reply(self, reply: Reply, request: ChatRequest, *, now: int) -> bytes: ...
    def stream_writer(self, request: ChatRequest, *, now: int, prompt_tokens: int = 0) -> StreamWriter:
        """`now` in Unix seconds; `prompt_tokens` is our estimate, where a surface tells it first."""
        ...

    def render_error(self, error: GatewayError, request_id: str) -> Rendered: ...
    def stream_error(
        self, error: GatewayError, *, reply_id: str = "", model: str = "", now: int = 0
    ) -> bytes:
        """What ends a relayed stream that is cut: never looks like a good end."""
        ...


class ProviderSide(Protocol):
    """A protocol: the shape in which we speak to a provider."""

    name: str
    words: str  # the surface whose bodies it takes as they are; its own name, if callers speak it too

    def pass_through(
        self, request: ChatRequest, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing:
        """The words of a caller of the surface `words`; only model and usage reporting change.

        `rejects`: top-level fields that this provider answers with an error; they are left out.
        """
        ...

    def translate(
        self, conversation: Conversation, model: Model, *, rejects: frozenset[str] = frozenset()
    ) -> Outgoing: ...
    def parse_reply(self, body: bytes, *, secret: str = "") -> Reply:
        """Of a status below 300. `UpstreamError` when it is none; the key in `secret` is not repeated from it."""
        ...

    def stream_reader(self, *, secret: str = "") -> StreamReader: ...
    def stream_relay(self, request: ChatRequest, *, keeps: bool = False, secret: str = "") -> StreamRelay:
        """`keeps`: all of the answer will be asked for."""
        ...

    def auth_headers(self, auth: Auth, secret: str) -> Headers:
        """Those that are the same for every request; a signature is `gateway.signing`'s."""
        ...

    def classify_error(
        self, status: int, headers: Mapping[bytes, bytes], body: bytes, *, now: float, secret: str = ""
    ) -> UpstreamError:
        """`now` in Unix seconds, for a Retry-After that is a date; `secret` is never repeated."""
        ...


class Dialect(CallerSide, ProviderSide, Protocol):
    """Both sides."""
