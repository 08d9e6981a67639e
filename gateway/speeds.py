"""How fast models have answered lately, as this process has seen it: medians, kept only where a rule asks for speed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from statistics import median_low
from time import monotonic

ENOUGH = 5  # answers before a model's speed is known
RECENT = 600.0  # seconds
SAMPLES = 32  # of each model, the newest
MOST = 1_000  # models with a record, per tenant

type Sample = tuple[float, int]  # monotonic seconds, milliseconds


class Speeds:
    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, bool], dict[str, deque[Sample]]] = {}

    def note(self, tenant: str, model: str, milliseconds: int, *, streamed: bool) -> None:
        """To the first byte of a stream, to the last of a whole answer."""
        models = self._known.setdefault((tenant, streamed), {})
        if model not in models and len(models) >= MOST:
            del models[next(iter(models))]
        models.setdefault(model, deque(maxlen=SAMPLES)).append((self._clock(), milliseconds))

    def of(self, tenant: str, *, streamed: bool) -> Mapping[str, int]:
        """Milliseconds by model, of those that were asked often enough lately."""
        since, known = self._clock() - RECENT, {}
        for model, samples in self._known.get((tenant, streamed), {}).items():
            recent = [milliseconds for at, milliseconds in samples if at >= since]
            if len(recent) >= ENOUGH:
                known[model] = median_low(recent)
        return known
