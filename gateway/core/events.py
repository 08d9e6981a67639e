"""What the gateway tells billing. No prompt, no answer, no secret.

`Intent` is written before a provider is called, `RequestSettled` before the last byte goes back. An intent
whose request never settled becomes an interrupted ledger line: nothing vanishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from gateway.core.facts import RequestFacts, Tier
from gateway.core.ladder import Attempt, Kind
from gateway.core.price import Price

STREAM = "rungway:events"
GROUP = "ledger"
FIELD = b"event"


class Origin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose request it was, and under which published version it was decided."""

    request_id: str
    tenant: str
    router: str = ""  # empty: called without a router
    gateway_key: str = ""  # id
    snapshot_version: int = 0
    policy_version: int = 0
    end_user: str = ""
    session: str = ""


class SettledAttempt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt with its money. `cost` is None when the model has no price: unknown, not free."""

    attempt: Attempt
    provider: str
    tier: Tier
    provider_key: str = ""  # name
    cost: int | None = None  # nano-dollars
    price: Price | None = None  # what `cost` was reckoned with


class Intent(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="intent"):
    """About to call a provider. `settled` are the attempts of this request that came before."""

    process: str  # which gateway process wrote it
    seq: int  # per process, without gaps over all its events
    at: datetime
    origin: Origin
    attempt_id: str
    model: str
    provider: str
    tier: Tier
    kind: Kind = Kind.ANSWER
    reserved: int | None = None  # nano-dollars, the worst case
    deadline_s: int = 600  # after which, unsettled, it counts as interrupted
    facts: RequestFacts | None = None
    settled: tuple[SettledAttempt, ...] = ()


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the checks of one request say of the models that answered it. The sketch is of words, never a text."""

    sketch: bytes  # core.quality.keep
    keys: tuple[str, ...]  # as in core.quality.learn
    scores: Mapping[str, float]  # model → 0 to 1


class RequestSettled(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="settled"):
    """A request is over: what it was, how it was decided, each attempt, and the money."""

    process: str
    seq: int
    at: datetime  # arrival
    origin: Origin
    facts: RequestFacts
    rule: str
    tier: Tier | None  # the decision's lowest rung; None when nothing was left
    floors: tuple[str, ...] = ()  # names of the floors that held
    outcome: str = "answered"  # answered | escalated | fell_back | rejected | failed | cached
    status: int = 200  # what the caller got
    error: str = ""  # our code for it, when it is one
    model: str = ""  # that answered
    baseline_model: str = ""
    baseline: int | None = None  # nano-dollars; None: unknown
    second_model: str = ""  # the baseline that is always reckoned beside the declared one
    second: int | None = None
    attempts: tuple[SettledAttempt, ...] = ()
    total_ms: int = 0
    first_byte_ms: int | None = None
    decide_us: int = 0  # what routing itself took, in microseconds
    evidence: Evidence | None = None  # where a rule of the router asks for quality, and answers were judged


Event = Intent | RequestSettled
