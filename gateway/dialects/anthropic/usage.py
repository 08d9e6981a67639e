"""Token counts in this protocol: fresh prompt, what came from a cache and what went into one are apart."""

from __future__ import annotations

from typing import Any

from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.served import region, service_tier

_FIELDS = (
    ("input_tokens",),
    ("cache_read_input_tokens",),
    ("cache_creation_input_tokens",),
    ("cache_creation", "ephemeral_5m_input_tokens"),
    ("cache_creation", "ephemeral_1h_input_tokens"),
    ("output_tokens",),
    ("output_tokens_details", "thinking_tokens"),
    ("server_tool_use", "web_search_requests"),
)


class Tally:
    """Reports of one answer: running totals, and later ones leave fields out. The most of each counts."""

    def __init__(self) -> None:
        self._most = [0] * len(_FIELDS)
        self._sound = True
        self._told = False
        self._tier = self._region = ""

    def add(self, report: Any) -> bool:
        """Whether it told anything."""
        if type(report) is not dict or not ("input_tokens" in report or "output_tokens" in report):
            return False
        counts = Counts(report)
        counts.required("output_tokens")
        self._most = [
            max(most, counts.optional(*field)) for most, field in zip(self._most, _FIELDS, strict=True)
        ]
        self._sound = self._sound and counts.sound
        self._told = True
        self._tier = (
            service_tier(report.get("speed")) or service_tier(report.get("service_tier")) or self._tier
        )
        self._region = region(report.get("inference_geo")) or self._region
        return True

    @property
    def usage(self) -> Usage:
        if not self._told:
            return NOTHING
        fresh, read, written, short, long, output, thinking, searches = self._most
        return Usage(
            input=fresh,
            cache_read=read,
            cache_write=max(written - long, short),
            cache_write_1h=long,
            output=output,
            reasoning=min(thinking, output),
            searches=searches,
            service_tier=self._tier,
            region=self._region,
        )

    @property
    def source(self) -> UsageSource:
        if not self._told:
            return UsageSource.NONE
        return UsageSource.PROVIDER_FINAL if self._sound else UsageSource.PROVIDER_PARTIAL


def read_usage(report: Any) -> tuple[Usage, UsageSource]:
    tally = Tally()
    if tally.add(report) and report.get("input_tokens") is None:
        return tally.usage, UsageSource.PROVIDER_PARTIAL
    return tally.usage, tally.source


def write_usage(usage: Usage) -> dict[str, Any]:
    cached, written = usage.cache_read + usage.audio_cache_read, usage.cache_write + usage.cache_write_1h
    body: dict[str, Any] = {
        "input_tokens": usage.prompt - cached - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.completion,
    }
    if usage.searches:
        body["server_tool_use"] = {"web_search_requests": usage.searches}
    if usage.reasoning:
        body["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return body
