"""Which models are unavailable: a pure state machine, fed by dispatch, asked by `observe`.

A model is ejected after five failures in a row, for 30 s times the number of ejections in a row (at most five
minutes), or for as long as its provider asks (`Retry-After`, at most ten). Then one request may probe it; its
success closes the breaker. Models are kept apart per tenant, for each calls with keys of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

EJECT_AFTER = 5
EJECTION = 30.0  # seconds
LONGEST = 300.0
LONGEST_ASKED = 600.0
PROBE_EVERY = 1.0


@dataclass(slots=True)
class _Breaker:
    failures: int = 0
    ejections: int = 0
    closed_until: float = 0.0  # before this no request goes through
    probed_at: float = 0.0


class Breakers:
    def __init__(self) -> None:
        self._breakers: dict[tuple[str, str], _Breaker] = {}

    def unavailable(self, tenant: str, now: float) -> frozenset[str]:
        """Model ids of the tenant that should not be asked at `now` (monotonic seconds)."""
        if not self._breakers:
            return _NONE
        return frozenset(
            model
            for (whose, model), breaker in self._breakers.items()
            if whose == tenant and _shut(breaker, now)
        )

    def succeeded(self, tenant: str, model: str) -> None:
        if self._breakers:
            self._breakers.pop((tenant, model), None)

    def failed(self, tenant: str, model: str, now: float, *, retry_after: float | None = None) -> None:
        breaker = self._breakers.setdefault((tenant, model), _Breaker())
        breaker.failures += 1
        if retry_after is not None and retry_after > 0:
            breaker.closed_until = max(breaker.closed_until, now + min(retry_after, LONGEST_ASKED))
        elif breaker.failures >= EJECT_AFTER and now >= breaker.closed_until:
            breaker.ejections += 1
            breaker.closed_until = now + min(EJECTION * breaker.ejections, LONGEST)

    def probing(self, tenant: str, model: str, now: float) -> None:
        """A request goes to the model; while it was ejected, others wait for what becomes of it."""
        if self._breakers and (breaker := self._breakers.get((tenant, model))):
            breaker.probed_at = now

    def retry_after(self, tenant: str, models: frozenset[str], now: float) -> float | None:
        """Seconds until the first of the models may be asked again."""
        waits = [b.closed_until - now for (t, m), b in self._breakers.items() if t == tenant and m in models]
        return min((wait for wait in waits if wait > 0), default=None)


def _shut(breaker: _Breaker, now: float) -> bool:
    if now < breaker.closed_until:
        return True
    tripped = breaker.ejections > 0 or breaker.failures >= EJECT_AFTER
    return tripped and now - breaker.probed_at < PROBE_EVERY


_NONE: frozenset[str] = frozenset()
