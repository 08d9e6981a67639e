"""Metrics and logs. A log line holds names, ids and numbers; no prompt, no answer, no secret."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import structlog
from prometheus_client import REGISTRY, generate_latest

from gateway.core.events import RequestSettled
from gateway.metrics import Counter, Histogram

REQUESTS = Counter("rungway_requests", "Requests settled", ["outcome", "status"])
ATTEMPTS = Counter("rungway_attempts", "Attempts at providers", ["provider", "outcome"])
SECONDS = Histogram(
    "rungway_request_seconds",
    "From arrival to settlement",
    buckets=(0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 600),
)
DECIDING = Histogram(
    "rungway_decide_seconds", "Classifying and deciding", buckets=(5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 0.02)
)
DAMAGED = Counter("rungway_spool_damaged_records", "Records of the spool that did not check out")


def observe(settled: RequestSettled) -> None:
    """Count a request that is over."""
    REQUESTS.add(settled.outcome, str(settled.status))
    for line in settled.attempts:
        ATTEMPTS.add(line.provider, line.attempt.outcome)
    SECONDS.observe(settled.total_ms / 1000)
    DECIDING.observe(settled.decide_us / 1_000_000)


def configure(level: str, *, form: str) -> None:
    """One JSON object a line on standard error, or with `text` a line for people."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_written(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level, logging.INFO)
        ),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _written(form: str) -> list[structlog.typing.Processor]:
    if form == "text":
        return [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)]
    return [structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer()]


def place_of(fault: Exception) -> str:
    """Where it happened; a traceback could hold a line of somebody's prompt."""
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def page() -> bytes:
    return generate_latest(REGISTRY)
