"""What Prometheus is told: its own parser must understand it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from gateway.metrics import Counter, Histogram


@contextmanager
def registered[C: Collector](collector: C) -> Iterator[C]:
    try:
        yield collector
    finally:
        REGISTRY.unregister(collector)


def samples(name: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(generate_latest(REGISTRY).decode())
    (family,) = (each for each in families if each.name == name)
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in family.samples}


def test_counts_by_label() -> None:
    with registered(Counter("test_calls", "Calls", ["outcome", "status"])) as calls:
        calls.add("answered", "200")
        calls.add("answered", "200")
        calls.add('fa"iled', "502", amount=3)
        assert samples("test_calls") == {
            ("test_calls_total", (("outcome", "answered"), ("status", "200"))): 2,
            ("test_calls_total", (("outcome", 'fa"iled'), ("status", "502"))): 3,
        }


def test_a_histogram_counts_up_to_and_with_each_bound() -> None:
    with registered(Histogram("test_seconds", "Seconds", [0.1, 1, 10])) as seconds:
        for value in (0.05, 0.1, 0.5, 99):
            seconds.observe(value)
        found = samples("test_seconds")
    buckets = {labels[0][1]: value for (name, labels), value in found.items() if name.endswith("bucket")}
    assert buckets == {"0.1": 2, "1.0": 3, "10.0": 3, "+Inf": 4}
    assert found["test_seconds_count", ()] == 4
    assert found["test_seconds_sum", ()] == 99.65
