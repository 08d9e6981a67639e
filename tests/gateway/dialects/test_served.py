"""As what and where an answer was served, read from whole answers and from streams of every protocol that says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.price import UsageSource
from gateway.dialects import PROTOCOLS
from gateway.dialects.served import region, service_tier

CHAT: dict[str, Any] = {
    "id": "c",
    "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
}
CHUNK = {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
LAST = {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
SAID = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
MESSAGE: dict[str, Any] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "Hi"}],
}
SPENT: dict[str, Any] = {"input_tokens": 9, "output_tokens": 2}
CONVERSE: dict[str, Any] = {
    "output": {"message": {"content": [{"text": "Hi"}]}},
    "usage": {"inputTokens": 9, "outputTokens": 2},
}
GEMINI: dict[str, Any] = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}
COUNTED: dict[str, Any] = {"promptTokenCount": 9, "candidatesTokenCount": 2}
TEXT = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}
RESPONSE: dict[str, Any] = {"id": "resp_1", "status": "completed", "output": [TEXT], "usage": SPENT}


@pytest.mark.parametrize(
    ("protocol", "answer", "told"),
    [
        ("openai_chat", {**CHAT, "usage": SAID, "service_tier": "flex"}, ("flex", "")),
        ("openai_chat", {**CHAT, "usage": SAID, "service_tier": "default"}, ("", "")),
        ("openai_chat", {**CHAT, "usage": SAID, "service_tier": None}, ("", "")),
        ("openai_responses", {**RESPONSE, "service_tier": "priority"}, ("priority", "")),
        ("anthropic", {**MESSAGE, "usage": {**SPENT, "service_tier": "batch"}}, ("batch", "")),
        (
            "anthropic",
            {**MESSAGE, "usage": {**SPENT, "service_tier": "standard", "speed": "fast"}},
            ("fast", ""),
        ),
        ("anthropic", {**MESSAGE, "usage": {**SPENT, "inference_geo": "us"}}, ("", "us")),
        ("anthropic", {**MESSAGE, "usage": {**SPENT, "inference_geo": "not_available"}}, ("", "")),
        ("bedrock", {**CONVERSE, "serviceTier": {"type": "flex"}}, ("flex", "")),
        ("bedrock", {**CONVERSE, "serviceTier": {"type": "default"}}, ("", "")),
        ("gemini", {**GEMINI, "usageMetadata": {**COUNTED, "serviceTier": "priority"}}, ("priority", "")),
        ("gemini", {**GEMINI, "usageMetadata": {**COUNTED, "trafficType": "ON_DEMAND"}}, ("", "")),
        ("gemini", {**GEMINI, "usageMetadata": {**COUNTED, "trafficType": "ON_DEMAND_FLEX"}}, ("flex", "")),
    ],
)
def test_an_answer_says_as_what_it_was_served(
    protocol: str, answer: dict[str, Any], told: tuple[str, str]
) -> None:
    usage = PROTOCOLS[protocol].parse_reply(json.dumps(answer).encode()).usage
    assert (usage.service_tier, usage.region) == told
    assert (usage.prompt, usage.completion) == (9, 2)


@pytest.mark.parametrize("told_at_the_end", [True, False])
def test_a_stream_of_chat_completions_says_it_though_it_is_cut(told_at_the_end: bool) -> None:
    reader = PROTOCOLS["openai_chat"].stream_reader()
    for event in ({**CHUNK, "service_tier": "flex"}, LAST, {"id": "c", "choices": [], "usage": SAID}):
        if "usage" not in event or told_at_the_end:
            reader.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    reader.end()
    assert reader.usage.service_tier == "flex"
    assert reader.usage_source is (UsageSource.PROVIDER_FINAL if told_at_the_end else UsageSource.NONE)


@pytest.mark.parametrize("nonsense", [7, "", [], {}, "fl\0ex", "a tier", "ünlü", "<b>"])
def test_what_is_no_plain_word_is_no_service_tier(nonsense: object) -> None:
    assert (service_tier(nonsense), region(nonsense)) == ("", "")
