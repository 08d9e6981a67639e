"""What genai-prices, whose extractors and arithmetic are not ours, makes of a recorded answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP
from typing import Any

from botocore.eventstream import EventStreamBuffer
from genai_prices import data
from genai_prices.types import ModelInfo, Usage

from gateway.core.money import NANO

LISTS = {provider.id: provider for provider in data.providers}
DAY = date(2026, 11, 24)
HOURS = [datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC) for hour in range(24)]

# Whose extractor reads a protocol, where the provider's own list has none for it.
READERS = {
    "anthropic.messages": ("anthropic", "default"),
    "bedrock.converse": ("aws", "default"),
    "bedrock.converse_stream": ("aws", "default"),
    "cohere.chat": ("cohere", "default"),
    "cohere.embed": ("cohere", "embeddings"),
    "gemini.embed": ("google", "default"),
    "gemini.generate": ("google", "default"),
    "gemini.stream": ("google", "default"),
    "openai.chat": ("openai", "chat"),
    "openai.embeddings": ("openai", "embeddings"),
    "openai.responses": ("openai", "responses"),
}


def model_in(source: str, name: str) -> ModelInfo | None:
    return LISTS[source].find_model(name, all_providers=data.providers)


def usage_in(source: str, protocol: str, kind: str, response: Any) -> Usage | None:
    """None where the answer tells no usage. Of a stream, the last that it tells."""
    if protocol == "openai.embeddings" and "prompt_tokens" not in response["usage"]:
        return Usage(input_tokens=response["usage"]["total_tokens"])
    reader, flavor = READERS[protocol]
    for provider, api_flavor in ((source, flavor), (source, "default"), (reader, flavor)):
        for told in reversed(list(_told(kind, response))):
            try:
                return LISTS[provider].extract_usage(told, api_flavor=api_flavor)[1]
            except ValueError:
                continue
    return None


def price(model: ModelInfo, usage: Usage, searches: int, tier: str = "") -> int:
    """Nano-dollars, in the dearest hour of the day, of a service tier.

    `searches` as we count them, where its extractor does not look for them.
    """
    if searches and not usage.reported_value("web_searches"):
        usage.web_searches = searches
    context = {"service_tier": tier or "default"}
    total = max(model.get_prices(hour, context).calc_price(usage)["total_price"] for hour in HOURS)
    return int((total * NANO).to_integral_value(ROUND_HALF_UP))


def _told(kind: str, response: Any) -> Iterator[Mapping[str, Any]]:
    if kind == "json":
        yield response
        return
    events = _binary(response) if kind == "base64" else _text(response)
    merged: dict[str, Any] = {}
    for event in events:
        inner = event.get("response") or event.get("message") or event
        if usage := inner.get("usage") or event.get("usage"):
            merged |= {key: value for key, value in usage.items() if value is not None}
            yield {**inner, "usage": dict(merged)}
        elif "usageMetadata" in event:
            yield event


def _text(stream: str) -> Iterator[dict[str, Any]]:
    for line in stream.splitlines():
        if line.startswith("data:") and "[DONE]" not in line:
            yield json.loads(line.removeprefix("data:"))


def _binary(stream: str) -> Iterator[dict[str, Any]]:
    buffer = EventStreamBuffer()
    buffer.add_data(base64.b64decode(stream))
    for event in buffer:
        yield json.loads(event.payload)
