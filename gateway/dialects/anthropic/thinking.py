"""How much a model shall think: words or a budget, by what the model understands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation, Message, Role, Thinking, ToolCall, ToolResult
from gateway.core.facts import Need

LEAST = 1_024  # tokens, of a budget
ROOM = 1_024  # tokens left for the answer itself

_BUDGETS: Mapping[str, int] = {"low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 32_768}
_VERSION = re.compile(r"claude-[a-z]+-(\d+)(?:-(\d{1,2}))?(?!\d)")
_ADAPTIVE_SINCE = (4, 6)  # from here on a model decides itself how long it thinks, led by a word


def thinking_for(conversation: Conversation, model: Model, limit: int, dropped: list[str]) -> dict[str, Any]:
    """The fields that ask for it; nothing where it is not wanted or not possible."""
    effort, tokens = conversation.reasoning_effort, conversation.reasoning_tokens
    if tokens is None and effort in {None, "none", "minimal"}:
        return {}
    budget = min(tokens or _BUDGETS.get(effort or "", _BUDGETS["medium"]), limit - ROOM)
    place = conversation.spelled.get("reasoning_effort", "reasoning_effort")
    if Need.REASONING not in model.can or budget < LEAST or _is_forbidden(conversation):
        dropped.append(place)
        return {}
    if _is_adaptive(model.wire_name):
        word = _word(effort, tokens)
        dropped.extend([place] if effort and word != effort else [])
        return {"thinking": {"type": "adaptive"}, "output_config": {"effort": word}}
    dropped.extend([place] if tokens and budget < tokens else [])
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _word(effort: str | None, tokens: int | None) -> str:
    """The nearest of three that every such model knows."""
    if effort is None:
        return "low" if (tokens or 0) < 4_096 else "medium" if (tokens or 0) < 16_384 else "high"
    return effort if effort in {"low", "medium", "high"} else "high" if effort == "xhigh" else "medium"


def _is_adaptive(name: str) -> bool:
    found = _VERSION.search(name)
    return found is not None and (int(found[1]), int(found[2] or 0)) >= _ADAPTIVE_SINCE


def _is_forbidden(conversation: Conversation) -> bool:
    """A forced tool leaves no thinking; nor may it begin while a tool is in use."""
    choice = conversation.tool_choice
    if choice is not None and choice.mode in {"required", "named"}:
        return True
    return _is_mid_use(conversation.messages)


def _is_mid_use(messages: Sequence[Message]) -> bool:
    turn = [message for message in messages if message.role is not Role.SYSTEM]
    if not turn or not any(isinstance(part, ToolResult) for part in turn[-1].parts):
        return False
    last = next((message for message in reversed(turn) if message.role is Role.ASSISTANT), None)
    return last is not None and (
        any(isinstance(part, ToolCall) for part in last.parts)
        and not any(isinstance(part, Thinking) and (part.signature or part.redacted) for part in last.parts)
    )
