"""Token counts in this protocol: the prompt includes what a cache gave and took, the answer its reasoning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.served import service_tier


def read_usage(body: Mapping[str, Any]) -> tuple[Usage, UsageSource]:
    """Of a response; searches of the web are billed each, and are found among what it did."""
    report = body.get("usage")
    if type(report) is not dict or not ("input_tokens" in report or "output_tokens" in report):
        return NOTHING, UsageSource.NONE
    counts = Counts(report)
    prompt, completion = counts.required("input_tokens"), counts.required("output_tokens")
    cached = counts.part(counts.optional("input_tokens_details", "cached_tokens"), prompt)
    # What is both read and written in one call is counted as read: the buckets are disjoint.
    written = counts.part(counts.optional("input_tokens_details", "cache_write_tokens"), prompt - cached)
    reasoning = counts.optional("output_tokens_details", "reasoning_tokens")
    usage = Usage(
        input=prompt - cached - written,
        cache_read=cached,
        cache_write=written,
        output=completion,
        reasoning=min(reasoning, completion),
        searches=_searches(body.get("output")),
        service_tier=service_tier(body.get("service_tier")),
    )
    return usage, counts.source


def _searches(output: Any) -> int:
    return sum(map(_is_search, output)) if type(output) is list else 0


def _is_search(item: Any) -> bool:
    """Opening a page, or finding something in one, is none."""
    if type(item) is not dict or item.get("type") != "web_search_call":
        return False
    action = item.get("action")
    return type(action) is not dict or action.get("type", "search") == "search"


def write_usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read + usage.audio_cache_read,
            "cache_write_tokens": usage.cache_write + usage.cache_write_1h,
        },
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.completion,
    }
