"""How long one decision takes, on one core: classified, sketched, read, estimated and chosen as the gateway does."""

from __future__ import annotations

from collections.abc import Sequence
from time import thread_time

import numpy as np

from gateway.core.classify import Prompt, Turn, classify
from gateway.core.quality.book import Reader
from gateway.core.quality.choose import Option, choose
from gateway.core.quality.familiar import Lately
from gateway.core.quality.known import Known
from gateway.core.quality.sketch import sketch

MOST = 2_000
WARM = 20


def percentiles(
    prompts: Sequence[str], known: Known, reader: Reader, keys: frozenset[str]
) -> tuple[float, float]:
    """Median and 99th percentile, in milliseconds of processor time: what else runs here is not counted."""
    lately = Lately()
    step = max(1, len(prompts) // MOST)
    chosen = prompts[::step]
    for prompt in chosen[:WARM]:
        decide(prompt, known, reader, keys, lately)
    times = [milliseconds(prompt, known, reader, keys, lately) for prompt in chosen]
    return round(float(np.percentile(times, 50)), 3), round(float(np.percentile(times, 99)), 3)


def milliseconds(prompt: str, known: Known, reader: Reader, keys: frozenset[str], lately: Lately) -> float:
    start = thread_time()
    decide(prompt, known, reader, keys, lately)
    return (thread_time() - start) * 1e3


def decide(prompt: str, known: Known, reader: Reader, keys: frozenset[str], lately: Lately) -> str | None:
    seen = classify(Prompt(turns=(Turn("user", prompt),)))
    text = reader.read(sketch(prompt))
    trust = lately.trust(known.familiar.trust(text))
    estimates = known.estimate(text, keys | {f"class:{seen.request_class}"}, trust=trust)
    options = [Option(model, place, found) for place, (model, found) in enumerate(estimates.items())]
    choice = choose(options, share=0.95, baseline=known.models[0])
    return choice.model if choice else None
