"""A conversation without the fields that a model rejects, by the names under which catalogues and refusals know them."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.core.conversation import Conversation

_SAID_AS = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "user": "end_user",
}
_DISPENSABLE = frozenset(
    {
        "end_user",
        "frequency_penalty",
        "logprobs",
        "max_output_tokens",
        "metadata",
        "presence_penalty",
        "reasoning_effort",
        "seed",
        "stop",
        "temperature",
        "top_k",
        "top_logprobs",
        "top_p",
    }
)
_EMPTY = Conversation(messages=())


def without(conversation: Conversation, rejects: frozenset[str], dropped: list[str]) -> Conversation:
    fields = {_SAID_AS.get(field, field) for field in rejects} & _DISPENSABLE
    said = [field for field in sorted(fields) if getattr(conversation, field) != getattr(_EMPTY, field)]
    if not said:
        return conversation
    dropped += [conversation.spelled.get(field, field) for field in said]
    return replace(conversation, **{field: getattr(_EMPTY, field) for field in said})
