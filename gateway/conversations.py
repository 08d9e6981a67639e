"""Which models' providers hold the beginning of a conversation in a cache: what this process has sent them lately.

Providers cache prefixes, so a conversation is known by its own: by a hash of everything up to the end of a turn. Where a
caller names a session, that is known as well. Only hashes are kept, for as long as providers keep what they cached, and
of no more than `MOST` prefixes. Whether a cache then really holds what it should is learnt of each model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.facts import RequestFacts
from gateway.core.ladder import Attempt, Kind
from gateway.core.price import Price, UsageSource
from gateway.core.prompt import Prompt

if TYPE_CHECKING:
    from _hashlib import HASH

FEWEST = 1_024  # tokens: no provider caches a shorter prefix
LIFE, LONG_LIFE = 300.0, 3_600.0  # seconds since it was last read; where it was written for an hour
MOST = 20_000  # prefixes with what is known of them
BELIEVED, SUPPOSED = (
    4.0,
    0.9,
)  # so many answers' worth of belief that so much of what should be cached is read
REMEMBERED = 40.0  # answers from which a model's share is learnt; older ones fade


class Kept(NamedTuple):
    """What a provider has of a prefix, at one model."""

    tokens: int
    until: float  # monotonic seconds
    key: str = ""  # name of the provider key, where its model has several: caches belong to accounts


class Trail(Struct):
    """One request's prefixes, each with its tokens, and what should be cached of it by model."""

    tenant: str
    marks: tuple[tuple[int, int], ...]
    prompt: int  # tokens of all of it, as estimated
    should: dict[str, int]
    cached: dict[str, int]  # the same, as far as is believed
    keys: dict[str, str]  # with which provider key, where a model has several


class Conversations:
    """`secret` keys the hashes: whoever sees them can try no guesses on them."""

    def __init__(self, clock: Callable[[], float] = monotonic, *, secret: bytes = b"") -> None:
        self._clock, self._hash = clock, sha256(b"%d " % len(secret) + secret)
        self._known: dict[int, dict[str, Kept]] = {}
        self.on_kept: Callable[[int, str, Kept], None] | None = None
        self._shares: dict[
            tuple[str, str], tuple[float, float]
        ] = {}  # read, of answers that should have read

    def find(self, tenant: str, prompt: Prompt, facts: RequestFacts, session: str = "") -> Trail:
        marks = list(marks_of(tenant, prompt, facts.input_tokens, self._hash))
        own = _mark(self._hash.copy(), tenant, "session", session) if session else None
        kept = self._recall(marks, own, facts.input_tokens)
        should = {model: each.tokens for model, each in kept.items()}
        keys = {model: each.key for model, each in kept.items() if each.key}
        cached = {model: round(tokens * self.share(tenant, model)) for model, tokens in should.items()}
        ends = (*_ends(marks), *([(own, facts.input_tokens)] if own is not None else ()))
        return Trail(tenant, ends, facts.input_tokens, should, cached, keys)

    def remember(
        self, trail: Trail, attempts: Sequence[Attempt], models: Mapping[str, Model], facts: RequestFacts
    ) -> None:
        """What was asked is in the caches of those who read it, whatever became of their answers."""
        for attempt in attempts:
            if attempt.kind is not Kind.ANSWER or not attempt.usage.prompt:
                continue
            price = models[attempt.model].price(facts.at.date())
            if price is None or price.cache_read is None or price.cache_read >= price.input:
                continue
            self._learn(trail, attempt)
            self._keep(trail, attempt, price)

    def share(self, tenant: str, model: str) -> float:
        """Of what should be in the model's cache, 0 to 1."""
        read, of = self._shares.get((tenant, model), (0.0, 0.0))
        return (read + BELIEVED * SUPPOSED) / (of + BELIEVED)

    def _recall(self, marks: Sequence[tuple[int, int]], session: int | None, prompt: int) -> dict[str, Kept]:
        """The longest prefix that each model is known by."""
        now, found = self._clock(), dict[str, Kept]()
        for mark, tokens in reversed(marks):
            if tokens < FEWEST:
                break
            self._add(found, mark, tokens, now)
        if not found and session is not None:
            self._add(found, session, prompt, now)
        return found

    def _add(self, found: dict[str, Kept], mark: int, tokens: int, now: float) -> None:
        for model, kept in self._known.get(mark, {}).items():
            if kept.until > now and kept.tokens >= FEWEST:
                found.setdefault(model, kept._replace(tokens=min(tokens, kept.tokens)))

    def _learn(self, trail: Trail, attempt: Attempt) -> None:
        should = trail.should.get(attempt.model)
        if not should or attempt.usage_source is not UsageSource.PROVIDER_FINAL:
            return
        whole = attempt.usage.cache_read + attempt.usage.audio_cache_read
        came = min(whole * trail.prompt / attempt.usage.prompt / should, 1.0)
        key = (trail.tenant, attempt.model)
        read, of = self._shares.pop(key, (0.0, 0.0))
        fade = 1 - 1 / REMEMBERED
        self._shares[key] = (read * fade + came, of * fade + 1)
        _hold_to(self._shares)

    def _keep(self, trail: Trail, attempt: Attempt, price: Price) -> None:
        """A provider that is told what to cache has that; every other all of it."""
        usage, most = attempt.usage, trail.prompt
        if price.cache_write is not None:
            marked = usage.cache_read + usage.cache_write + usage.cache_write_1h
            most = round(marked * trail.prompt / usage.prompt)
        until = self._clock() + (LONG_LIFE if usage.cache_write_1h else LIFE)
        for mark, tokens in trail.marks:
            kept = Kept(min(tokens, most), until, attempt.provider_key)
            self.hear(mark, attempt.model, kept)
            if self.on_kept is not None:
                self.on_kept(mark, attempt.model, kept)

    def hear(self, mark: int, model: str, kept: Kept) -> None:
        """Of a prefix that is cached now, whoever had it cached."""
        models = self._known.pop(mark, {})
        models[model] = kept
        self._known[mark] = models
        _hold_to(self._known)


def marks_of(tenant: str, prompt: Prompt, tokens: int, keyed: HASH) -> Iterator[tuple[int, int]]:
    """After every turn: a hash of all up to there, and how many of the tokens that is."""
    characters = sum(len(turn.text) for turn in prompt.turns)
    before = max(0, prompt.characters - characters)  # tools come first
    scale = tokens / max(1, characters + before)
    running, so_far = keyed.copy(), before
    _mark(running, tenant, *prompt.tools)
    for turn in prompt.turns:
        so_far += len(turn.text)
        yield _mark(running, turn.role, turn.text), round(so_far * scale)


def _mark(running: HASH, *words: str) -> int:
    """Of all that was said up to now; each word with its length, so that no two sayings run together."""
    for word in words:
        said = word.encode(errors="surrogatepass")
        running.update(b"%d " % len(said))
        running.update(said)
    return int.from_bytes(running.digest()[:8])


def _ends(marks: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """By which a request is found again: the first turn, which others may begin with, and all of it."""
    if marks and marks[0][1] >= FEWEST and len(marks) > 1:
        yield marks[0]
    if marks:
        yield marks[-1]


def _hold_to[K, V](known: dict[K, V]) -> None:
    """The least lately written goes first."""
    while len(known) > MOST:
        del known[next(iter(known))]
