"""Measures and requests in the words of the contract: money as exact decimal strings, null where unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.models import LedgerEntry, RequestRecord
from billing.selectors import Listed
from billing.spend import Measures, Row
from gateway.core.money import usd

PLAIN = frozenset({"since", "above", "service_tier", "region", "estimated"})  # of a price, what is no money


def usage_row(row: Row, by: tuple[str, ...]) -> dict[str, Any]:
    """The dimensions asked for, then the figures; an empty dimension is null."""
    bucket = {"at": row.bucket.isoformat()} if row.bucket else {}
    return {
        **bucket,
        **{name: value or None for name, value in zip(by, row.key, strict=True)},
        **usage(row.measures),
    }


def usage(measures: Measures) -> dict[str, Any]:
    return {
        "requests": measures.requests,
        "attempts": measures.attempts,
        "input_tokens": measures.fresh_tokens,
        "cache_read_tokens": measures.cache_read_tokens + measures.audio_cache_read_tokens,
        "cache_write_tokens": measures.cache_write_tokens + measures.cache_write_1h_tokens,
        "output_tokens": measures.completion_tokens,
        "reasoning_tokens": measures.reasoning_tokens,
        "cost_usd": dollars(measures.cost),
        "baseline_usd": dollars(measures.baseline),
        "saved_usd": dollars(measures.saved),
        "unpriced_attempts": measures.unpriced_attempts,
        "unknown_requests": measures.unknown_requests,
        "unknown_cost_usd": usd(measures.unknown_cost),
    }


def request_row(listed: Listed) -> dict[str, Any]:
    request = listed.request
    return {
        "id": request.request_id,
        "at": request.at.isoformat(),
        "router": request.router or None,
        "policy_version": request.policy_version,
        "rule": request.rule,
        "class": request.request_class or None,
        "tier": request.decided_tier or None,
        "requested_model": request.requested_model,
        "model": answered_by(request) or None,
        "outcome": request.outcome,
        "status": request.status,
        "error": request.error or None,
        "tags": request.tags,
        "cost_usd": dollars(request.known_cost),
        "baseline_usd": dollars(request.baseline_nano),
        "saved_usd": dollars(request.saved_nano),
        "attempts": request.attempts,
    }


def attempt_row(line: LedgerEntry) -> dict[str, Any]:
    return {
        "id": line.attempt_id,
        "kind": line.kind,
        "provider": line.provider,
        "model": line.model,
        "served_model": line.served_model or None,
        "tier": line.tier,
        "outcome": line.attempt_outcome,
        "because": line.because or None,
        "status": line.status,
        "usage": usage_of(line),
        "usage_source": line.usage_source,
        "service_tier": line.service_tier,
        "region": line.region,
        "cost_usd": dollars(line.cost_nano),
        "price": price_of(line),
        "started_at": line.started_at.isoformat(),
        "first_byte_ms": line.first_byte_ms,
        "total_ms": line.total_ms,
    }


def usage_of(line: LedgerEntry) -> dict[str, int]:
    return {
        "input_tokens": line.input_tokens,
        "cache_read_tokens": line.cache_read_tokens,
        "cache_write_tokens": line.cache_write_tokens,
        "cache_write_1h_tokens": line.cache_write_1h_tokens,
        "output_tokens": line.output_tokens,
        "reasoning_tokens": line.reasoning_tokens,
        "audio_input_tokens": line.audio_input_tokens,
        "audio_output_tokens": line.audio_output_tokens,
        "audio_cache_read_tokens": line.audio_cache_read_tokens,
        "image_input_tokens": line.image_input_tokens,
        "image_output_tokens": line.image_output_tokens,
        "tool_input_tokens": line.tool_input_tokens,
        "searches": line.searches,
    }


def price_of(line: LedgerEntry) -> dict[str, Any] | None:
    """USD per million tokens, by bucket, with the day from which it holds, and above how many tokens of prompt."""
    price: Mapping[str, Any] | None = line.price
    if price is None:
        return None
    return {name: str(value) if name in PLAIN else usd(value) for name, value in price.items()}


def answered_by(request: RequestRecord) -> str:
    """The model whose answer was sent, if one was."""
    return request.model if request.part in {"answer", ""} else ""


def dollars(nano: int | None) -> str | None:
    return None if nano is None else usd(nano)
