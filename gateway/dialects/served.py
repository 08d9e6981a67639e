"""As what and where an answer was served, in the provider's own word: what has a price of its own.

Sources: https://platform.openai.com/docs/api-reference/chat/object (service_tier),
https://docs.claude.com/en/api/service-tiers, https://docs.claude.com/en/build-with-claude/data-residency,
https://console.groq.com/docs/service-tiers, https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html,
https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse (trafficType).
"""

from __future__ import annotations

from typing import Any

# "provisioned" is capacity of a reseller's, who bills what it always bills; "provisioned_throughput" is the tenant's.
_STANDARD = frozenset(
    {"auto", "default", "on_demand", "provisioned", "standard", "traffic_type_unspecified", "unspecified"}
)
_EVERYWHERE = frozenset({"global", "not_available"})
_LONGEST = 40


def service_tier(told: Any) -> str:
    """Empty where it is the standard one, or the provider has no others."""
    word = _word(told).removeprefix("service_tier_").removeprefix("on_demand_")
    return "" if word in _STANDARD else word


def region(told: Any) -> str:
    """Empty where it makes no difference."""
    word = _word(told)
    return "" if word in _EVERYWHERE else word


def _word(told: Any) -> str:
    """Of a few plain signs: it is shown, and looked up."""
    word = told.lower()[:_LONGEST] if type(told) is str else ""
    return word if word.replace("_", "").replace("-", "").isalnum() and word.isascii() else ""
