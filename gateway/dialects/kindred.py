"""Words that two dialects next of kin share and a conversation has none for.

`Conversation.kindred` has their values by one name. To every other dialect they are unsayable, and listed so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.core.conversation import Conversation

KINDRED = (
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "service_tier",
    "store",
    "verbosity",
)


def taken(conversation: Conversation) -> tuple[Mapping[str, Any], list[str]]:
    """What a dialect of the family says as it is, and what it still cannot say."""
    said = {conversation.spelled.get(field, field) for field in conversation.kindred}
    return conversation.kindred, [place for place in conversation.unsayable if place not in said]
