"""A checked request → what it says: `Prompt` for the classifier, `Conversation` in nobody's dialect."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.conversation import ChatRequest, Conversation, Message, Role, Text
from gateway.core.prompt import Prompt, Turn
from gateway.dialects.openai_completions.request import prompt_text

# What Conversation calls by another word.
SPELLED: Mapping[str, str] = {
    "choices": "n",
    "end_user": "user",
    "max_output_tokens": "max_tokens",
    "top_logprobs": "logprobs",
}

_SAID = frozenset(
    {
        "best_of",
        "echo",
        "frequency_penalty",
        "logprobs",
        "max_tokens",
        "model",
        "n",
        "presence_penalty",
        "prompt",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "suffix",
        "temperature",
        "top_p",
        "user",
    }
)


def prompt_of(request: ChatRequest) -> Prompt:
    text = prompt_text(request.raw)
    return Prompt(
        turns=(Turn("user", text),), max_output_tokens=request.max_output_tokens, characters=len(text)
    )


def conversation_of(request: ChatRequest) -> Conversation:
    raw = request.raw
    stop = raw.get("stop") or ()
    return Conversation(
        messages=(Message(Role.USER, (Text(prompt_text(raw)),)),),
        max_output_tokens=request.max_output_tokens,
        temperature=raw.get("temperature"),
        top_p=raw.get("top_p"),
        stop=(stop,) if type(stop) is str else tuple(stop),
        seed=raw.get("seed"),
        frequency_penalty=raw.get("frequency_penalty") or None,
        presence_penalty=raw.get("presence_penalty") or None,
        choices=request.choices,
        logprobs=raw.get("logprobs") is not None,
        top_logprobs=raw.get("logprobs") or None,
        end_user=request.end_user,
        streaming=request.streaming,
        unsayable=tuple(field for field, value in raw.items() if field not in _SAID and value is not None),
        spelled=SPELLED,
    )
