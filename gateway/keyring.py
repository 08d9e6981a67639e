"""Which of a provider's several keys a call takes: one that is well and not near its limit, and otherwise each in turn.

Health is kept by key and model, as breakers keep it by model. What a provider says is left of a key's limits is believed
for some seconds. The choice is a function of that state: nothing is drawn by lot.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from time import monotonic

from gateway.breakers import Breakers
from gateway.errors import (
    CredentialUnavailable,
    ProviderCredentialsInvalid,
    ProviderQuotaExhausted,
    UpstreamError,
    UpstreamRateLimited,
)
from gateway.journey import Journey, Trial
from gateway.state import Connection

BELIEVED = 10.0  # seconds
UNWELL = 30.0  # seconds for which a key is left alone whose provider does not say for how long
LITTLE = 0.1  # of a limit, below which other keys come first
MOST = 10_000  # keys with a record

# What is wrong with one key, and need not be with another.
OF_THE_KEY = (CredentialUnavailable, ProviderCredentialsInvalid, ProviderQuotaExhausted, UpstreamRateLimited)


class Keyring:
    def __init__(self) -> None:
        self._breakers = Breakers()
        self._served: dict[tuple[str, str], int] = {}
        self._left: dict[tuple[str, str], tuple[float, float]] = {}  # share of the tightest limit, until when

    def assign(self, journey: Journey, trial: Trial) -> None:
        """Where the trial's model may be called with several keys, the one that this call takes."""
        keys = keys_of(journey, trial)
        if len(keys) < 2:
            return
        if (made_by := journey.facts.made_by) in journey.runtime.connections:
            trial.connection = journey.runtime.connections[made_by]
            return
        cached = journey.learning.keys.get(trial.model.id, "") if journey.learning else ""
        failed = journey.failed_keys.get(trial.model.id, ())
        trial.connection = self.choose(
            journey.runtime.id, trial.model.id, keys, trial.started, failed=failed, preferred=cached
        )

    def failed(self, journey: Journey, trial: Trial, error: UpstreamError) -> bool:
        """Whether another key takes its place at once: then nothing is held against the model."""
        keys = keys_of(journey, trial)
        if len(keys) < 2 or not isinstance(error, OF_THE_KEY):
            return False
        tenant, model, name, now = journey.runtime.id, trial.model.id, trial.connection.name, monotonic()
        retry_after = error.retry_after if error.retry_after is not None else UNWELL
        self._breakers.failed(tenant, _named(model, name), now, retry_after=retry_after, asked=error.asked)
        failed = journey.failed_keys.setdefault(model, set())
        failed.add(name)
        shut = self._breakers.unavailable(tenant, now)
        return any(
            not each.problem and each.name not in failed and _named(model, each.name) not in shut
            for each in keys
        )

    def came(self, journey: Journey, trial: Trial, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """An answer begins; its headers may say what is left of the key's limits."""
        tenant, now = journey.runtime.id, monotonic()
        name = _named(trial.model.id, trial.connection.name)
        if not self._breakers.all_well:
            self._breakers.succeeded(tenant, name, now, trial.started)
        self.note(tenant, trial.connection.name, headers, now)

    def note(self, tenant: str, key: str, headers: Iterable[tuple[bytes, bytes]], now: float) -> None:
        share = share_left(headers)
        if share is not None:
            self._left[tenant, key] = (share, now + BELIEVED)
            _hold_to(self._left)

    def choose(
        self,
        tenant: str,
        model: str,
        connections: Sequence[Connection],
        now: float,
        *,
        failed: Collection[str] = (),
        preferred: str = "",
    ) -> Connection:
        """`failed` are names of those that have failed this request; `preferred` is where its conversation is cached."""
        shut = self._breakers.unavailable(tenant, now)

        def place(connection: Connection) -> tuple[bool, bool, bool, bool, int]:
            name = connection.name
            is_out = bool(connection.problem) or name in failed
            is_shut = _named(model, name) in shut
            served = self._served.get((tenant, name), 0)
            return is_out, is_shut, self._is_low(tenant, name, now), name != preferred, served

        chosen = min(connections, key=place)
        self._count(tenant, chosen.name, connections)
        self._breakers.probing(tenant, _named(model, chosen.name), now)
        return chosen

    def _is_low(self, tenant: str, key: str, now: float) -> bool:
        share, until = self._left.get((tenant, key), (1.0, 0.0))
        return until > now and share < LITTLE

    def _count(self, tenant: str, key: str, connections: Iterable[Connection]) -> None:
        """A key that is new begins with the others, and need not catch up with them."""
        known = [
            self._served[tenant, each.name] for each in connections if (tenant, each.name) in self._served
        ]
        for each in connections:
            self._served.setdefault((tenant, each.name), min(known, default=0))
        self._served[tenant, key] += 1
        _hold_to(self._served)


def keys_of(journey: Journey, trial: Trial) -> list[Connection]:
    connections = journey.runtime.connections
    return [connections[name] for name in trial.model.keys if name in connections]


def share_left(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    """Of the tightest of the limits that headers tell of; None where they tell of none."""
    found: dict[str, dict[str, int]] = {}
    for name, value in headers:
        if _LIMIT in name and (told := _TOLD.search(name)) and value.isdigit():
            what = "remaining" if b"remaining" in name else "limit"
            found.setdefault(told[0].decode(), {})[what] = int(value)
    shares = [
        each["remaining"] / each["limit"] if each.get("limit") else float(each["remaining"] > 0)
        for each in found.values()
        if "remaining" in each
    ]
    return min(shares, default=None)


_LIMIT = b"ratelimit-"
_TOLD = re.compile(rb"requests|input-tokens|output-tokens|tokens")


def _named(model: str, key: str) -> str:
    return f"{model} {key}"


def _hold_to[K, V](known: dict[K, V]) -> None:
    while len(known) > MOST:
        del known[next(iter(known))]
