"""A provider's chunks → deltas. Each chunk is an answer in small; the last one says why it ended."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from gateway.core.conversation import (
    CitationDelta,
    Counted,
    Delta,
    Ended,
    Finish,
    ImageDelta,
    TextDelta,
    ThinkingDelta,
    Token,
    ToolArguments,
    ToolCallStarted,
)
from gateway.core.price import Usage, UsageSource
from gateway.dialects.citations import Wording
from gateway.dialects.gemini.failure import error_in
from gateway.dialects.gemini.grounding import citations_of
from gateway.dialects.gemini.logprobs import tokens_of
from gateway.dialects.gemini.reply import finish_of, image_in, is_blocked, parts_in, read_call
from gateway.dialects.gemini.usage import is_report, read_usage, searches_of
from gateway.dialects.reader import Reader


def is_notable(chunk: bytes) -> bool:
    """Whether whole events say anything besides the answer's next piece. Of usage the last report counts."""
    return (
        b'"finishReason"' in chunk
        or b'"functionCall"' in chunk
        or b'"error"' in chunk
        or b'"groundingMetadata"' in chunk
        or b'"promptFeedback"' in chunk
    )


class ContentReader(Reader):
    """No word ends a stream of this protocol: it is whole when it ends, and has said why."""

    def __init__(self, secret: str) -> None:
        self._report: Any = None  # not read yet
        super().__init__(secret)
        self._told = self.usage
        self._calls: dict[int, int] = {}  # choice → calls so far
        self._ended: set[int] = set()
        self._logprobs: list[float] = []
        self._searches = 0
        self._wordings: dict[int, Wording] = {}  # by choice

    @property
    def usage(self) -> Usage:
        """The last report counts: earlier ones leave out what tools have cost. It is read when it is asked for."""
        return self._counted()[0]

    @usage.setter
    def usage(self, usage: Usage) -> None:
        self._count = usage, UsageSource.NONE

    @property
    def usage_source(self) -> UsageSource:
        return self._counted()[1]

    @usage_source.setter
    def usage_source(self, source: UsageSource) -> None:
        self._count = self._count[0], source

    def _counted(self) -> tuple[Usage, UsageSource]:
        if self._report is not None:
            usage, source = read_usage(self._report)
            self._count = replace(usage, searches=self._searches) if self._searches else usage, source
            self._report = None
        return self._count

    def _note(self, body: dict[str, Any], candidates: list[dict[str, Any]]) -> None:
        for candidate in candidates:
            if "groundingMetadata" in candidate:
                made = searches_of(candidate, self.model or str(body.get("modelVersion") or ""))
                self._searches = max(self._searches, made)
        if is_report(report := body.get("usageMetadata")):
            self._report = report

    @property
    def logprobs(self) -> tuple[float, ...] | None:
        return tuple(self._logprobs) or None

    def read_object(self, name: bytes, body: dict[str, Any], deltas: list[Delta]) -> None:
        self.error = error_in(body, self.secret)
        if self.error is not None:
            return
        candidates = body.get("candidates")
        candidates = [c for c in candidates if type(c) is dict] if type(candidates) is list else []
        self._note(body, candidates)
        if not self.started and (candidates or self._report is not None or body.get("responseId")):
            prompt = replace(self.usage, output=0, reasoning=0, audio_output=0, image_output=0)
            self.start(deltas, reply_id=body.get("responseId"), model=body.get("modelVersion"), usage=prompt)
        for candidate in candidates:
            self._read_candidate(candidate, deltas)
        if is_blocked(body) and self.finish is None:
            self._end(0, Finish.CONTENT_FILTER, deltas)
        if self.finish is not None and self.usage is not self._told:
            self._told = self.usage
            deltas.append(Counted(self._told))

    def at_end(self, deltas: list[Delta]) -> None:
        self.complete = self.error is None and self.finish is not None

    def _read_candidate(self, candidate: dict[str, Any], deltas: list[Delta]) -> None:
        choice = candidate.get("index")
        choice = choice if type(choice) is int else 0
        before = len(deltas)
        for part in parts_in(candidate):
            self._read_part(part, choice, deltas)
        if "groundingMetadata" in candidate and choice in self._wordings:
            found = citations_of(candidate, {0: self._wordings[choice]})
            deltas += [CitationDelta(citation, choice) for _, citation in found]
        if "logprobsResult" in candidate:
            self._tell_tokens(tokens_of(candidate), choice, before, deltas)
        word = candidate.get("finishReason")
        if type(word) is str and word and choice not in self._ended:
            self._end(choice, finish_of(word, calls=choice in self._calls), deltas)

    def _tell_tokens(self, tokens: tuple[Token, ...], choice: int, before: int, deltas: list[Delta]) -> None:
        """With the first text of the candidate; where it has none, they are ours alone."""
        if not choice:
            self._logprobs.extend(token.logprob for token in tokens)
        for index, delta in enumerate(deltas[before:], before):
            if isinstance(delta, TextDelta):
                deltas[index] = TextDelta(delta.text, choice, tokens)
                return

    def _read_part(self, part: dict[str, Any], choice: int, deltas: list[Delta]) -> None:
        text, call = part.get("text"), part.get("functionCall")
        if type(text) is str:
            if text and part.get("thought") is True:
                deltas.append(ThinkingDelta(text))
            elif text:
                deltas.append(TextDelta(text, choice))
                if (wording := self._wordings.get(choice)) is None:
                    wording = self._wordings[choice] = Wording()
                wording.add(text)
        elif (image := image_in(part)) is not None:
            deltas.append(ImageDelta(image, choice))
        elif type(call) is dict and type(call.get("name")) is str:
            index = sum(self._calls.values())
            self._calls[choice] = self._calls.get(choice, 0) + 1
            read = read_call(part, call, index, self.id)
            deltas.append(ToolCallStarted(index, read.id, read.name, choice, read.signature))
            deltas.append(ToolArguments(index, read.arguments, choice))

    def _end(self, choice: int, finish: Finish, deltas: list[Delta]) -> None:
        self._ended.add(choice)
        if choice == 0 or self.finish is None:
            self.finish = finish
        deltas.append(Ended(finish=finish, choice=choice))
