"""What only some models understand: they take it beside the protocol, each family under names of its own."""

from __future__ import annotations

from typing import Any

from gateway.core.catalogue import Model
from gateway.core.conversation import Conversation
from gateway.core.facts import Need
from gateway.dialects.anthropic.thinking import thinking_for

UNLIMITED = 128_000  # tokens: where no limit is said, the model's own holds
_EFFORTS = {"minimal": "low", "xhigh": "high", "max": "high"}  # words that not all know


def extras_for(conversation: Conversation, model: Model, family: str, dropped: list[str]) -> dict[str, Any]:
    """The fields of `additionalModelRequestFields`."""
    return _top_k(conversation, family, dropped) | _thinking(conversation, model, family, dropped)


def _top_k(conversation: Conversation, family: str, dropped: list[str]) -> dict[str, Any]:
    if conversation.top_k is None:
        return {}
    match family:
        case "anthropic" | "mistral":
            return {"top_k": conversation.top_k}
        case "amazon.nova":
            return {"inferenceConfig": {"topK": conversation.top_k}}
    dropped.append("top_k")
    return {}


def _thinking(conversation: Conversation, model: Model, family: str, dropped: list[str]) -> dict[str, Any]:
    if family == "anthropic":
        limit = conversation.max_output_tokens or model.max_output or UNLIMITED
        return thinking_for(conversation, model, limit, dropped)
    effort = _effort(conversation)
    if not effort:
        return {}
    if Need.REASONING in model.can:
        match family:
            case "openai":
                return {"reasoning_effort": effort}
            case "qwen":
                return {"reasoning_config": effort}
            case "amazon.nova":
                return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}
    dropped.append(conversation.spelled.get("reasoning_effort", "reasoning_effort"))
    return {}


def _effort(conversation: Conversation) -> str:
    effort, tokens = conversation.reasoning_effort, conversation.reasoning_tokens
    if effort is None and tokens is not None:
        return "low" if tokens < 4_096 else "medium" if tokens < 16_384 else "high"
    return "" if effort in {None, "none"} else _EFFORTS.get(str(effort), str(effort))
