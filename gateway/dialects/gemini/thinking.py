"""How much a model shall think: a level or a budget, by what its generation understands.

Source: https://ai.google.dev/gemini-api/docs/thinking
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation
from gateway.core.facts import Need

_VERSION = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
_BUDGETS = {"minimal": 512, "low": 1_024, "medium": 8_192, "high": 24_576, "xhigh": 24_576, "max": 24_576}
_LEVELS = {"none": "minimal", "xhigh": "high", "max": "high"}


class Range(NamedTuple):
    """Tokens that a model of the second generation can be given to think with."""

    least: int
    most: int
    can_be_off: bool


_FLASH, _FLASH_LITE, _PRO = Range(1, 24_576, True), Range(512, 24_576, True), Range(128, 32_768, False)


def generation(name: str) -> tuple[int, int]:
    """Of a model by its name; what bears no such name is taken for one of the second."""
    found = _VERSION.search(name)
    return (int(found[1]), int(found[2] or 0)) if found else (2, 5)


def thinking_for(conversation: Conversation, model: Model, dropped: list[str]) -> dict[str, Any]:
    """The fields that ask for it; nothing where nothing was said of it, or it is not possible."""
    effort, tokens = conversation.reasoning_effort, conversation.reasoning_tokens
    if effort is None and tokens is None:
        return {}
    place = conversation.spelled.get("reasoning_effort", "reasoning_effort")
    if Need.REASONING not in model.can:
        dropped.extend([] if effort == "none" else [place])
        return {}
    how = _level if generation(model.wire_name) >= (3, 0) else _budget
    said, exact = how(model.wire_name, effort, tokens)
    if not exact:
        dropped.append(place)
    shown = {} if effort in {"none", "minimal"} else {"includeThoughts": True}
    return {"thinkingConfig": {**said, **shown}}


def _level(name: str, effort: str | None, tokens: int | None) -> tuple[dict[str, Any], bool]:
    """And whether it is what was asked for."""
    if effort is None:
        effort = "low" if (tokens or 0) < 4_096 else "medium" if (tokens or 0) < 16_384 else "high"
    level = _LEVELS.get(effort, effort)
    if "pro" not in name:
        return {"thinkingLevel": level}, level == effort
    if level == "minimal":  # these cannot but think
        return {"thinkingLevel": "low"}, False
    if level == "medium" and generation(name) < (3, 1):
        return {"thinkingLevel": "high"}, False
    return {"thinkingLevel": level}, level == effort


def _budget(name: str, effort: str | None, tokens: int | None) -> tuple[dict[str, Any], bool]:
    span = _PRO if "pro" in name else _FLASH_LITE if "lite" in name else _FLASH
    if tokens is None and effort == "none":
        return {"thinkingBudget": 0 if span.can_be_off else span.least}, span.can_be_off
    if tokens is None:
        return {"thinkingBudget": _BUDGETS.get(effort or "", _BUDGETS["medium"])}, True
    budget = min(max(tokens, span.least), span.most)
    return {"thinkingBudget": budget}, budget == tokens
