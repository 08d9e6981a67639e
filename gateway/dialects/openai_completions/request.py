"""A caller's body → `ChatRequest`: every field that is known is checked, with its place in the error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway import json_body
from gateway.core.conversation import ChatRequest
from gateway.core.facts import Need, Surface
from gateway.dialects.fields import (
    MAX_TOKENS,
    Check,
    anything,
    check_fields,
    flag,
    foreign,
    missing,
    model_of,
    number,
    text,
    whole,
    wrong,
    wrong_type,
)
from gateway.dialects.openai_chat.request import check_logit_bias, check_stop, check_stream_options


def parse_request(body: bytes) -> ChatRequest:
    raw = json_body.read(body)
    dropped = check_fields(raw, CHECKS)
    if raw.get("prompt") is None:
        raise missing("prompt")
    streaming = raw.get("stream") is True
    _check_together(raw, streaming=streaming)
    return ChatRequest(
        surface=Surface.OPENAI_COMPLETIONS,
        requested_model=model_of(raw),
        raw=raw,
        streaming=streaming,
        wants_usage=(raw.get("stream_options") or {}).get("include_usage") is True,
        needs=frozenset({Need.STREAMING}) if streaming else frozenset(),
        max_output_tokens=raw.get("max_tokens"),
        choices=raw.get("n") or 1,
        end_user=raw.get("user") or "",
        dropped=dropped,
    )


def prompt_text(raw: Mapping[str, Any]) -> str:
    prompt = raw["prompt"]
    return str(prompt if type(prompt) is str else prompt[0])


def _check_together(raw: Mapping[str, Any], *, streaming: bool) -> None:
    """What only several fields together can have wrong."""
    if raw.get("stream_options") is not None and not streaming:
        raise wrong("stream_options", "is only allowed with 'stream': true")
    if (raw.get("best_of") or 1) > (raw.get("n") or 1):
        raise wrong("best_of", "is more than 'n': all answers that are made are given")
    if raw.get("echo") and raw.get("logprobs") is not None:
        raise wrong("logprobs", "cannot be had together with 'echo': of the prompt nobody tells them")


def _check_prompt(place: str, value: Any) -> None:
    if type(value) is str:
        return
    if type(value) is not list:
        raise wrong_type(place, "a string")
    if any(type(item) is not str for item in value):
        raise wrong(place, "must be text: tokens mean something to one model only")
    if len(value) != 1:
        raise wrong(place, "must be one text: send each prompt in a request of its own")


def _check_suffix(place: str, value: Any) -> None:
    text(1_000_000)(place, value)
    if value:
        raise wrong(place, "cannot be written up to: say in the prompt what stands behind the gap")


CHECKS: Mapping[str, Check] = {
    "best_of": whole(1, 20),
    "echo": flag,
    "frequency_penalty": number(-2, 2),
    "logit_bias": check_logit_bias,
    "logprobs": whole(0, 5),
    "max_completion_tokens": foreign("'max_tokens'"),
    "max_tokens": whole(1, MAX_TOKENS),
    "messages": foreign("'prompt'"),
    "model": anything,
    "n": whole(1, 128),
    "presence_penalty": number(-2, 2),
    "prompt": _check_prompt,
    "response_format": foreign("nothing"),
    "seed": whole(-(2**63), 2**63 - 1),
    "stop": check_stop,
    "stream": flag,
    "stream_options": check_stream_options,
    "suffix": _check_suffix,
    "temperature": number(0, 2),
    "tools": foreign("nothing"),
    "top_p": number(0, 1),
    "user": text(1_024),
}
