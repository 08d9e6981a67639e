"""What this process has seen by itself that decisions may look at: warm caches and speeds. Only what the router asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from msgspec.structs import replace

from gateway.conversations import FEWEST, Conversations, Trail
from gateway.core.facts import Need, RequestFacts
from gateway.core.ladder import Attempt, AttemptOutcome, Kind
from gateway.core.prompt import Prompt
from gateway.core.router import Router
from gateway.exchange import Call
from gateway.speeds import Speeds
from gateway.state import TenantRuntime

MARK = b'"cache_control"'  # how callers say what is to be cached


class Experience:
    def __init__(self, *, secret: bytes = b"") -> None:
        self.conversations, self.speeds = Conversations(secret=secret), Speeds()

    def foresee(
        self,
        facts: RequestFacts,
        prompt: Prompt,
        router: Router,
        runtime: TenantRuntime,
        call: Call,
    ) -> tuple[RequestFacts, Lesson | None]:
        """The facts with what is known, and who is to hear what came of the request."""
        known: dict[str, Any] = {}
        trail = None
        if router.has_caches and facts.input_tokens >= FEWEST:
            trail = self.conversations.find(runtime.id, prompt, facts, call.session)
            known = {"cached": trail.cached, "marks_cache": MARK in call.body}
        if router.asks_speed:
            known["latency"] = self.speeds.of(runtime.id, streamed=Need.STREAMING in facts.needs)
        if router.draws and (session := call.session):
            known["draw"] = crc32(session.encode()) / 2**32
        facts = replace(facts, **known) if known else facts
        if trail is None and not runtime.asks_speed:
            return facts, None
        return facts, Lesson(self, facts, runtime, trail)


class Lesson:
    """What one request teaches, once it is settled."""

    __slots__ = ("_experience", "_facts", "_runtime", "_trail", "keys")

    def __init__(
        self, experience: Experience, facts: RequestFacts, runtime: TenantRuntime, trail: Trail | None
    ) -> None:
        self._experience, self._facts, self._runtime, self._trail = experience, facts, runtime, trail
        self.keys: Mapping[str, str] = trail.keys if trail else {}

    def __call__(self, attempts: Sequence[Attempt]) -> None:
        facts, runtime = self._facts, self._runtime
        if self._trail is not None:
            self._experience.conversations.remember(self._trail, attempts, runtime.models, facts)
        if runtime.asks_speed:
            streamed = Need.STREAMING in facts.needs
            for model, milliseconds in timed(attempts, streamed=streamed).items():
                self._experience.speeds.note(runtime.id, model, milliseconds, streamed=streamed)


def timed(attempts: Sequence[Attempt], *, streamed: bool) -> Mapping[str, int]:
    """How long those took that answered."""
    came = (AttemptOutcome.ANSWERED, AttemptOutcome.REJECTED)
    answers = [each for each in attempts if each.kind is Kind.ANSWER and each.outcome in came]
    return {
        each.model: each.first_byte_ms if streamed and each.first_byte_ms is not None else each.total_ms
        for each in answers
    }
