"""Token counts in this protocol: the prompt includes what came from a cache, and thoughts are beside the answer.

Source: https://ai.google.dev/api/generate-content#UsageMetadata
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.gemini.thinking import generation
from gateway.dialects.served import service_tier

_TOLD = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount")


def is_report(report: Any) -> bool:
    return type(report) is dict and any(field in report for field in _TOLD)


def read_usage(report: Any) -> tuple[Usage, UsageSource]:
    if not is_report(report):
        return NOTHING, UsageSource.NONE
    counts = Counts(report)
    prompt = counts.required("promptTokenCount")
    cached = counts.part(counts.optional("cachedContentTokenCount"), prompt)
    answer, thought = counts.optional("candidatesTokenCount"), counts.optional("thoughtsTokenCount")
    into, kept, out = (report.get(f"{what}TokensDetails") for what in ("prompt", "cache", "candidates"))
    heard_again = min(_of_kind(kept, "AUDIO"), cached)
    heard = max(0, min(_of_kind(into, "AUDIO") - heard_again, prompt - cached))
    seen = max(0, min(_of_kind(into, "IMAGE") - _of_kind(kept, "IMAGE"), prompt - cached - heard))
    spoken = min(_of_kind(out, "AUDIO"), answer)
    drawn = min(_of_kind(out, "IMAGE"), answer - spoken)
    usage = Usage(
        input=prompt - cached - heard - seen,
        cache_read=cached - heard_again,
        audio_cache_read=heard_again,
        audio_input=heard,
        image_input=seen,
        tool_input=counts.optional("toolUsePromptTokenCount"),
        output=answer - spoken - drawn + thought,
        audio_output=spoken,
        image_output=drawn,
        reasoning=thought,
        service_tier=service_tier(report.get("serviceTier") or report.get("trafficType")),
    )
    return usage, counts.source


def _of_kind(details: Any, kind: str) -> int:
    found = 0
    for detail in details if type(details) is list else ():
        if type(detail) is dict and detail.get("modality") == kind:
            found += Counts(detail).optional("tokenCount")
    return found


def searches_of(candidate: Mapping[str, Any], model: str) -> int:
    """Searches as they are billed: each one since the third generation, before it one an answer.

    Source: https://ai.google.dev/gemini-api/docs/pricing
    """
    grounding = candidate.get("groundingMetadata")
    queries = grounding.get("webSearchQueries") if type(grounding) is dict else None
    made = len({query for query in queries if type(query) is str}) if type(queries) is list else 0
    return made if generation(model) >= (3, 0) else min(made, 1)


def write_usage(usage: Usage) -> dict[str, Any]:
    """Buckets that the shape has no field for (what went into a cache) are part of the prompt."""
    heard, cached = usage.audio_input + usage.audio_cache_read, usage.cache_read + usage.audio_cache_read
    answer = usage.completion - usage.reasoning
    body: dict[str, Any] = {
        "promptTokenCount": usage.prompt - usage.tool_input,
        "candidatesTokenCount": answer,
        "totalTokenCount": usage.prompt + usage.completion,
    }
    if cached:
        body["cachedContentTokenCount"] = cached
    if usage.reasoning:
        body["thoughtsTokenCount"] = usage.reasoning
    if usage.tool_input:
        body["toolUsePromptTokenCount"] = usage.tool_input
    details = {
        "promptTokensDetails": _by_kind(usage.prompt - usage.tool_input, heard, usage.image_input),
        "cacheTokensDetails": _by_kind(cached, usage.audio_cache_read, 0) if cached else [],
        "candidatesTokensDetails": _by_kind(answer, usage.audio_output, usage.image_output),
    }
    return body | {field: rows for field, rows in details.items() if rows}


def _by_kind(whole: int, audio: int, image: int) -> list[dict[str, Any]]:
    kinds = {"TEXT": whole - audio - image, "AUDIO": audio, "IMAGE": image}
    return [{"modality": kind, "tokenCount": count} for kind, count in kinds.items() if count > 0]
