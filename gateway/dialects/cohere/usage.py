"""Token counts in this protocol: what is billed, and what went through the model with a preamble nobody pays for.

Ours are the billed ones, for they are what the account is charged; a cache is told of and changes no price.
"""

from __future__ import annotations

from typing import Any

from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts


def read_usage(report: Any) -> tuple[Usage, UsageSource]:
    if type(report) is not dict:
        return NOTHING, UsageSource.NONE
    told = report.get("billed_units")
    if type(told) is not dict or "input_tokens" not in told:
        told = report.get("tokens")
    if type(told) is not dict or not ("input_tokens" in told or "output_tokens" in told):
        return NOTHING, UsageSource.NONE
    counts = Counts(told)
    usage = Usage(input=counts.required("input_tokens"), output=counts.required("output_tokens"))
    return usage, counts.source
