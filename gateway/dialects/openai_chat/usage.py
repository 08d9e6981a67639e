"""Token counts in this protocol: the prompt includes what came from a cache, the answer its reasoning."""

from __future__ import annotations

from typing import Any

from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.served import service_tier

# Where anything may be told beyond prompt and answer.
_FURTHER = ("prompt_tokens_details", "completion_tokens_details", "prompt_cache_hit_tokens", "cached_tokens")


def read_usage(report: Any, *, tier: Any = None) -> tuple[Usage, UsageSource]:
    """`tier` is the service tier, which is told beside the report."""
    if type(report) is not dict or not ("prompt_tokens" in report or "completion_tokens" in report):
        return NOTHING, UsageSource.NONE
    counts = Counts(report)
    prompt, completion = counts.required("prompt_tokens"), counts.required("completion_tokens")
    if not any(map(report.get, _FURTHER)):
        return Usage(input=prompt, output=completion, service_tier=service_tier(tier)), counts.source
    reasoning = counts.optional("completion_tokens_details", "reasoning_tokens")
    if reasoning and counts.optional("total_tokens") == prompt + completion + reasoning:
        completion += reasoning  # vendors who count reasoning beside the answer, and bill for it
    into, out = "prompt_tokens_details", "completion_tokens_details"
    cached = counts.part(_cached(counts), prompt)
    # What is both read and written in one call is counted as read: the buckets are disjoint.
    written = counts.optional(into, "cache_write_tokens")
    written = 0 if counts.part(written, prompt - cached) < written else written
    kept_long = counts.part(counts.optional(into, "cache_write_1h_tokens"), written)
    heard = counts.part(counts.optional(into, "audio_tokens"), prompt - cached - written)
    spoken = counts.part(counts.optional(out, "audio_tokens"), completion)
    usage = Usage(
        input=prompt - cached - written - heard,
        cache_read=cached,
        cache_write=written - kept_long,
        cache_write_1h=kept_long,
        audio_input=heard,
        output=completion - spoken,
        audio_output=spoken,
        reasoning=min(reasoning, completion - spoken),
        service_tier=service_tier(tier),
    )
    return usage, counts.source


def _cached(counts: Counts) -> int:
    """Vendors have three places for it. `num_cached_tokens` is none: those are billed in full."""
    return max(
        counts.optional("prompt_tokens_details", "cached_tokens"),
        counts.optional("prompt_cache_hit_tokens"),
        counts.optional("cached_tokens"),
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """As the official shape has it; cache writes, which it has no field for, as vendors say them."""
    cached = usage.cache_read + usage.audio_cache_read
    prompt_details = {"cached_tokens": cached, "audio_tokens": usage.audio_input}
    written = usage.cache_write + usage.cache_write_1h
    if written:
        prompt_details["cache_write_tokens"] = written
    if usage.cache_write_1h:
        prompt_details["cache_write_1h_tokens"] = usage.cache_write_1h
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": usage.audio_output,
        },
    }
