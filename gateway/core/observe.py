"""Request + classification + circumstances → the facts that a decision may look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway.core.classify import Classification
from gateway.core.conversation import ChatRequest
from gateway.core.embedding import EmbeddingRequest
from gateway.core.facts import RequestFacts


def observe(
    request: ChatRequest | EmbeddingRequest,
    seen: Classification,
    *,
    at: datetime,
    lot: float,
    tags: Mapping[str, str],
    key: str,
    unavailable: frozenset[str] = frozenset(),
    budget_left: float = 1.0,
    downgraded: bool = False,
    counts_only: bool = False,
) -> RequestFacts:
    return RequestFacts(
        at=at,
        surface=request.surface,
        requested_model=request.requested_model,
        request_class=seen.request_class,
        difficulty=seen.difficulty,
        confidence=seen.confidence,
        input_tokens=seen.input_tokens,
        output_tokens=seen.output_tokens,
        semantic=seen.semantic,
        max_output_tokens=request.max_output_tokens,
        needs=request.needs,
        native=request.native,
        tags=tags,
        key=key,
        lot=lot,
        unavailable=unavailable,
        budget_left=budget_left,
        downgraded=downgraded,
        kind=request.kind,
        service_tier=_service_tier(request.raw.get("service_tier")),
        counts_only=counts_only,
    )


def _service_tier(asked: object) -> str:
    """Empty where nothing is asked for that costs anything else."""
    return asked[:40] if isinstance(asked, str) and asked not in _STANDARD else ""


_STANDARD = frozenset({"auto", "default", "standard", "standard_only"})


_LOTS = float(1 << 48)


def lot_of(request_id: str) -> float:
    """A draw in [0, 1) from the last 12 hexadecimal digits of a request id."""
    return int(request_id[-12:], 16) / _LOTS
