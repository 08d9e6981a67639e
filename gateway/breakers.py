"""Which models are unavailable: a pure state machine, fed by dispatch, asked by `observe`.

A model is ejected after five failures in a row, or when half of its last answers failed, for 30 s times the number of
ejections in a row (at most five minutes). For as long as its provider asks (`Retry-After`, at most ten minutes) it
cools, and is not asked even where it is the last. Then one request at a time may probe it, and a success closes the
breaker. Models are kept apart per tenant, for each calls with keys of its own. What never fails is not written down.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from random import random

EJECT_AFTER = 5  # failures in a row
EJECT_ABOVE = 0.5  # of the answers of the last `WINDOW`, where there are `LEAST_SEEN`
LEAST_SEEN = 10
WINDOW = 30.0  # seconds
EJECTION = 30.0
LONGEST = 300.0
LONGEST_ASKED = 600.0
SPREAD = 0.2  # a wish is stretched by up to so much of it, that not all workers come back at once
PROBE_PATIENCE = 10.0  # seconds that others wait for what becomes of a probe
MOST = 1_000  # models with a record, per tenant

Asked = Callable[[str, str, float], None]  # tenant, model, seconds


@dataclass(slots=True)
class _Counts:
    good: int = 0
    bad: int = 0


class _Breaker:
    __slots__ = (
        "asked_until",
        "closed_until",
        "ejected_at",
        "ejections",
        "failures",
        "now",
        "past",
        "probed_at",
        "turned",
    )

    def __init__(self, now: float) -> None:
        self.failures = self.ejections = 0
        self.closed_until = 0.0  # before this no request goes through; once it is over, one at a time
        self.asked_until = 0.0  # the same, by the provider's wish
        self.ejected_at = self.probed_at = 0.0
        self.turned, self.now, self.past = now, _Counts(), _Counts()  # two halves of the window

    def is_shut(self, now: float) -> bool:
        if now < self.closed_until:
            return True
        return bool(self.closed_until and self.probed_at) and now - self.probed_at < PROBE_PATIENCE

    def count(self, now: float, *, good: int = 0, bad: int = 0) -> None:
        if now - self.turned >= WINDOW / 2:
            self.past = self.now if now - self.turned < WINDOW else _Counts()
            self.now, self.turned = _Counts(), now
        self.now.good += good
        self.now.bad += bad

    @property
    def is_outlier(self) -> bool:
        bad = self.now.bad + self.past.bad
        seen = bad + self.now.good + self.past.good
        return seen >= LEAST_SEEN and bad >= seen * EJECT_ABOVE

    @property
    def is_clean(self) -> bool:
        return not (self.now.bad or self.past.bad or self.closed_until)

    def eject(self, now: float) -> None:
        self.ejections += 1
        self.ejected_at = now
        self.closed_until = now + min(EJECTION * self.ejections, LONGEST)
        self.now, self.past = _Counts(), _Counts()

    def cool(self, until: float) -> None:
        self.asked_until = max(self.asked_until, until)
        self.closed_until = max(self.closed_until, until)


class Breakers:
    """`dice` gives numbers in [0, 1)."""

    def __init__(self, dice: Callable[[], float] = random) -> None:
        self._tenants: dict[str, dict[str, _Breaker]] = {}
        self._dice = dice
        self.on_asked: Asked | None = None  # told of each wish of a provider

    @property
    def all_well(self) -> bool:
        """Nobody's model has a record."""
        return not self._tenants

    def unavailable(self, tenant: str, now: float) -> frozenset[str]:
        """Model ids of the tenant that should not be asked at `now` (monotonic seconds)."""
        records = self._tenants.get(tenant)
        if records is None:
            return _NONE
        return frozenset(model for model, breaker in records.items() if breaker.is_shut(now))

    def cooling(self, tenant: str, now: float) -> frozenset[str]:
        """Those whose provider asked to be left alone: not even the last of them is asked."""
        return frozenset(m for m, breaker in self._of(tenant) if now < breaker.asked_until)

    def succeeded(self, tenant: str, model: str, now: float, began: float) -> None:
        """A request that began before the model was ejected proves nothing."""
        records = self._tenants.get(tenant)
        if records is None or (breaker := records.get(model)) is None:
            return
        breaker.failures = 0
        breaker.count(now, good=1)
        is_answered = now >= breaker.asked_until and began >= breaker.ejected_at
        if breaker.is_clean or (breaker.closed_until and is_answered):
            self._forget(tenant, model)

    def failed(
        self,
        tenant: str,
        model: str,
        now: float,
        *,
        retry_after: float | None = None,
        asked: bool = False,
    ) -> None:
        """`retry_after`: seconds to wait; `asked`: because the provider said so, not because it is usual."""
        breaker = self._record(tenant, model, now)
        breaker.failures += 1
        breaker.probed_at = 0.0
        breaker.count(now, bad=1)
        if retry_after is not None and retry_after > 0:
            wait = min(retry_after, LONGEST_ASKED)
            if not asked:
                breaker.closed_until = max(breaker.closed_until, now + wait)
                return
            self.cool(tenant, model, now, wait)
            if self.on_asked is not None:
                self.on_asked(tenant, model, wait)
        elif now >= breaker.closed_until and (
            breaker.failures >= EJECT_AFTER or breaker.ejections or breaker.is_outlier
        ):
            breaker.eject(now)

    def cool(self, tenant: str, model: str, now: float, seconds: float) -> None:
        """Left alone for so long, and a little longer by chance."""
        wait = min(seconds, LONGEST_ASKED)
        self._record(tenant, model, now).cool(now + wait * (1 + SPREAD * self._dice()))

    def probing(self, tenant: str, model: str, now: float) -> None:
        """A request goes to the model; while it was ejected, others wait for what becomes of it."""
        if (records := self._tenants.get(tenant)) and (breaker := records.get(model)):
            breaker.probed_at = now

    def let_go(self, tenant: str, model: str) -> None:
        """Nothing will become of the request: its caller left."""
        if (records := self._tenants.get(tenant)) and (breaker := records.get(model)):
            breaker.probed_at = 0.0

    def retry_after(self, tenant: str, models: Collection[str], now: float) -> float | None:
        """Seconds until the first of the models may be asked again."""
        waits = [breaker.closed_until - now for model, breaker in self._of(tenant) if model in models]
        return min((wait for wait in waits if wait > 0), default=None)

    def _of(self, tenant: str) -> Iterator[tuple[str, _Breaker]]:
        return iter(self._tenants.get(tenant, {}).items())

    def _record(self, tenant: str, model: str, now: float) -> _Breaker:
        records = self._tenants.setdefault(tenant, {})
        if model not in records and len(records) >= MOST:
            records.pop(next(iter(records)))
        return records.setdefault(model, _Breaker(now))

    def _forget(self, tenant: str, model: str) -> None:
        records = self._tenants[tenant]
        records.pop(model, None)
        if not records:
            del self._tenants[tenant]


_NONE: frozenset[str] = frozenset()
