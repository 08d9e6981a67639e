"""A provider's stream for a caller of the same dialect: bytes go on as they came, for a few searches.

Every event is read until the answer has begun; after that only those that say something besides the answer
(usage, an end, an error). The text itself waits as bytes until someone asks. Who will not ask for all of it
spares us reading most: how much it is follows from the part that was read.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.assemble import assemble
from gateway.core.conversation import (
    Delta,
    Finish,
    RefusalDelta,
    Reply,
    TextDelta,
    ThinkingDelta,
    ToolArguments,
    ToolCallStarted,
)
from gateway.core.price import Usage, UsageSource
from gateway.dialects.reader import Reader
from gateway.dialects.sse import WholeEvents, is_readable, split_events
from gateway.errors import UpstreamError, UpstreamInvalidResponse

MAX_UNREAD = 65_536  # bytes of the answer that wait to be read
MAX_TEXT = 1_048_576  # characters of the answer kept for who asks for it

_CONTENT = (TextDelta, ThinkingDelta, RefusalDelta, ToolCallStarted, ToolArguments)


class Relay:
    def __init__(
        self,
        new_reader: Callable[[], Reader],
        is_notable: Callable[[bytes], bool],
        *,
        hides_usage: bool,
        keeps: bool = False,
    ) -> None:
        self._whole = WholeEvents()
        self._reader = new_reader()
        self._text_reader = new_reader()
        self._deltas: list[Delta] = []
        self._characters = 0
        self._unread: list[bytes] = []
        self._unread_size = 0
        self._is_notable = is_notable
        self._hides_usage = hides_usage
        self._keeps = keeps
        self._read_bytes = 0
        self._skipped_bytes = 0
        self.content_seen = False

    @property
    def id(self) -> str:
        return self._reader.id

    @property
    def model(self) -> str:
        return self._reader.model

    @property
    def usage(self) -> Usage:
        return self._reader.usage

    @property
    def usage_source(self) -> UsageSource:
        return self._reader.usage_source

    @property
    def finish(self) -> Finish | None:
        return self._reader.finish

    @property
    def complete(self) -> bool:
        return self._reader.complete

    @property
    def error(self) -> UpstreamError | None:
        return self._reader.error

    @property
    def reply(self) -> Reply:
        """What has come so far: all of it if it was to be kept, else its beginning."""
        self._read_kept()
        return assemble(self._deltas, logprobs=self._text_reader.logprobs)

    @property
    def text(self) -> str:
        return self.reply.text

    @property
    def characters(self) -> int:
        self._read_kept()
        return self._characters + self._characters * self._skipped_bytes // max(1, self._read_bytes)

    def feed(self, data: bytes) -> bytes:
        if self._reader.error is not None:
            return b""
        whole = self._whole.feed(data)
        if self._whole.overfull:
            self._reader.error = UpstreamInvalidResponse("An event of the provider's stream is too large.")
            return b""
        if not whole:
            return b""
        if self.content_seen and not self._is_notable(whole):
            self._keep(whole)
            return whole
        return self._inspect(whole)

    def end(self) -> bytes:
        """An event without its blank line is still one, if it can be read; the half of one goes nowhere."""
        rest, passed = self._whole.rest(), b""
        if self._reader.error is None and is_readable(rest):
            passed = self._inspect(rest + b"\n\n")
        self._reader.end()
        return passed

    def _inspect(self, whole: bytes) -> bytes:
        passed = []
        for event in split_events(whole):
            if self.content_seen and not self._is_notable(event):
                passed.append(event)
                continue
            deltas = self._reader.feed(event)
            if self._reader.error is not None:
                break
            self.content_seen = self.content_seen or _has_content(deltas)
            if not (self._hides_usage and self._reader.only_usage):
                passed.append(event)
        kept = b"".join(passed)
        self._keep(kept)
        return kept

    def _keep(self, data: bytes) -> None:
        if self._read_bytes > MAX_UNREAD and not self._keeps:
            self._skipped_bytes += len(data)
            return
        self._unread.append(data)
        self._unread_size += len(data)
        if self._unread_size > MAX_UNREAD:
            self._read_kept()

    def _read_kept(self) -> None:
        data, self._unread, self._unread_size = b"".join(self._unread), [], 0
        self._read_bytes += len(data)
        for delta in self._text_reader.feed(data):
            self._characters += size_of(delta)
            if self._characters <= MAX_TEXT or not isinstance(delta, _CONTENT):
                self._deltas.append(delta)


def size_of(delta: Delta) -> int:
    """The characters that a delta adds to an answer."""
    match delta:
        case TextDelta(text=text) | ThinkingDelta(text=text) | RefusalDelta(text=text):
            return len(text)
        case ToolArguments(json=text) | ToolCallStarted(name=text):
            return len(text)
    return 0


def _has_content(deltas: list[Delta]) -> bool:
    return any(isinstance(delta, _CONTENT) for delta in deltas)
