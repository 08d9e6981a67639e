"""Token counts in this protocol: fresh prompt, what came from a cache and what went into one are apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.served import service_tier


def read_usage(body: Mapping[str, Any]) -> tuple[Usage, UsageSource]:
    """Of an answer, or of the event that ends one."""
    report, tier = body.get("usage"), body.get("serviceTier")
    if type(report) is not dict or not ("inputTokens" in report or "outputTokens" in report):
        return NOTHING, UsageSource.NONE
    counts = Counts(report)
    written = counts.optional("cacheWriteInputTokens")
    kept_long = counts.part(_kept_an_hour(report.get("cacheDetails")), written)
    usage = Usage(
        input=counts.required("inputTokens"),
        cache_read=counts.optional("cacheReadInputTokens"),
        cache_write=written - kept_long,
        cache_write_1h=kept_long,
        output=counts.required("outputTokens"),
        service_tier=service_tier(tier.get("type") if type(tier) is dict else None),
    )
    return usage, counts.source


def _kept_an_hour(details: Any) -> int:
    rows = [row for row in details if type(row) is dict] if type(details) is list else []
    return sum(Counts(row).optional("inputTokens") for row in rows if row.get("ttl") == "1h")
