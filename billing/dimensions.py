"""By what money is told apart, and what is counted: the words that ledger, rollups and questions share."""

from __future__ import annotations

from collections.abc import Mapping

# Columns of a ledger line, a request and a rollup alike. A request has those of the line that ended it.
DIMENSIONS = (
    "router",
    "gateway_key",
    "provider",
    "model",
    "requested_model",
    "request_class",
    "rule",
    "tier",
    "outcome",
    "part",
    "known",
    "verified",
    "fit",
    "called_for",
    "needs",
)

# Of a ledger line, in buckets; `reasoning_tokens` are part of another, and `searches` are none.
TOKENS = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "audio_cache_read_tokens",
    "image_input_tokens",
    "image_output_tokens",
    "tool_input_tokens",
    "searches",
)

DISJOINT = tuple(name for name in TOKENS if name not in {"reasoning_tokens", "searches"})

# Sums over ledger lines, then sums over requests.
OF_LINES = (
    "attempts",
    *TOKENS,
    "cost_nano",
    "unpriced_attempts",
    "took_ms",
    "cache_saved_nano",  # what reading from a provider's cache cost less than reading anew
    "cache_paid_nano",  # what writing into it cost more
)
OF_REQUESTS = ("requests", "baseline_nano", "second_nano", "second_unknown")
MEASURES = (*OF_LINES, *OF_REQUESTS)

# Daily sums are kept by several choices of dimensions, so that a page over months reads few rows. All have
# these, by which measures are told apart:
ALWAYS = ("outcome", "part", "known", "verified")
# A question goes to the first that has all its words. Who changes one unsettles every day in a migration.
GRAINS: Mapping[str, frozenset[str]] = {
    "whole": frozenset(ALWAYS),
    "money": frozenset({*ALWAYS, "router", "provider", "model", "tier"}),
    "key": frozenset({*ALWAYS, "gateway_key"}),
    "asked": frozenset({*ALWAYS, "requested_model"}),
    "work": frozenset({*ALWAYS, "router", "rule", "request_class", "fit"}),
    "size": frozenset(DIMENSIONS) - {"gateway_key", "requested_model", "provider"},
    "all": frozenset(DIMENSIONS),
}

# Beside each single tag, sums are kept by all of a request's tags at once, and by its end user, under names that no
# tag can have. There are many of those, so these are told apart by few dimensions.
ALL_TAGS, END_USER = "*", "@"
MANY = (ALL_TAGS, END_USER)
OF_MANY = GRAINS["money"]
GRAINS_OF_MANY = ("whole", "money")
