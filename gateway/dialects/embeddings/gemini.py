"""Gemini's `embedContent` and `batchEmbedContents`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from gateway import json_body
from gateway.core.catalogue import Model
from gateway.core.embedding import EmbeddingRequest, Embeddings, Task
from gateway.core.facts import Surface
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.dialect import Outgoing
from gateway.dialects.embeddings.embedding import (
    MAX_INPUTS,
    as_numbers,
    counted,
    outgoing,
    read,
    texts_of,
)
from gateway.dialects.fields import (
    MAX_TOKENS,
    Check,
    anything,
    check_fields,
    missing,
    text,
    whole,
    wrong,
    wrong_type,
)
from gateway.errors import UpstreamInvalidResponse

TASKS: Mapping[str, Task] = {
    "RETRIEVAL_QUERY": Task.QUERY,
    "RETRIEVAL_DOCUMENT": Task.DOCUMENT,
    "SEMANTIC_SIMILARITY": Task.SIMILARITY,
    "CLASSIFICATION": Task.CLASSIFICATION,
    "CLUSTERING": Task.CLUSTERING,
    "QUESTION_ANSWERING": Task.QUESTION_ANSWERING,
    "FACT_VERIFICATION": Task.FACT_VERIFICATION,
    "CODE_RETRIEVAL_QUERY": Task.CODE_QUERY,
}
WORDS: Mapping[Task, str] = {task: word for word, task in TASKS.items()}
UNSPECIFIED = "TASK_TYPE_UNSPECIFIED"
SPELLED: Mapping[str, str] = {"dimensions": "outputDimensionality", "input": "content", "task": "taskType"}

_SAID = frozenset({"content", "model", "outputDimensionality", "taskType"})
ONE: Mapping[str, Check] = {
    "autoTruncate": anything,
    "content": anything,
    "model": anything,
    "outputDimensionality": whole(1, MAX_TOKENS),
    "taskType": text(64),
    "title": text(10_000),
}
MANY: Mapping[str, Check] = {"requests": anything}
# The SDKs of this protocol write names in either way; a provider of it takes both.
_CAMEL = {
    "output_dimensionality": "outputDimensionality",
    "task_type": "taskType",
    "auto_truncate": "autoTruncate",
}


class GeminiEmbeddings:
    """Callers' and providers' side."""

    name = words = "gemini"

    def parse_request(self, body: bytes, *, model: str = "", batch: bool = False) -> EmbeddingRequest:
        raw = json_body.read(body)
        dropped = check_fields(raw, MANY if batch else ONE)
        asked = _requests(raw) if batch else [("", _camel(raw))]
        for _, one in asked if batch else ():
            dropped += check_fields(one, ONE)
        places = [(place, _text(place, one.get("content"))) for place, one in asked]
        first = asked[0][1]
        return EmbeddingRequest(
            surface=Surface.GEMINI,
            requested_model=model,
            raw=raw,
            inputs=tuple(said or "" for _, said in places),
            batch=batch,
            dimensions=first.get("outputDimensionality"),
            task=TASKS.get(first.get("taskType") or ""),
            dropped=dropped,
            unsayable=_beside(asked),
            opaque=_opaque(asked, places),
            spelled=SPELLED,
        )

    def render(self, embeddings: Embeddings, request: EmbeddingRequest) -> bytes:
        rows = [{"values": as_numbers(vector)} for vector in embeddings.vectors]
        body: dict[str, Any] = {"embeddings": rows} if request.batch else {"embedding": rows[0]}
        return msgspec.json.encode(body | {"usageMetadata": {"promptTokenCount": embeddings.usage.prompt}})

    def pass_through(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        named = f"models/{model.wire_name}"
        if request.batch:
            requests = [{**one, "model": named} for one in request.raw["requests"]]
            body: dict[str, Any] = {**request.raw, "requests": requests}
        else:
            body = dict(request.raw) | ({"model": named} if "model" in request.raw else {})
        return outgoing(_path(model, batch=request.batch), body, rejects, list(request.dropped))

    def translate(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        more: dict[str, Any] = {"model": f"models/{model.wire_name}"}
        if request.task is not None:
            more["taskType"] = WORDS[request.task]
        if request.dimensions is not None:
            more["outputDimensionality"] = request.dimensions
        requests = [{"content": {"parts": [{"text": each}]}} | more for each in texts_of(request)]
        return outgoing(_path(model, batch=True), {"requests": requests}, rejects, list(request.unsayable))

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], count: int) -> Embeddings:
        answer = read(body, _Answer)
        rows = [answer.embedding] if answer.embedding is not None else answer.embeddings
        if rows is None:
            raise UpstreamInvalidResponse("The provider's answer has no vectors.")
        usage, source = _usage(answer.usage_metadata)
        return Embeddings(
            model="",
            vectors=counted(tuple(row.values for row in rows), count),
            usage=usage,
            usage_source=source,
        )


class _Row(Struct):
    values: list[float]


class _Answer(Struct, rename="camel"):
    embedding: _Row | None = None
    embeddings: list[_Row] | None = None
    usage_metadata: Any = None


def _usage(report: Any) -> tuple[Usage, UsageSource]:
    """Older models tell of none."""
    if type(report) is not dict or "promptTokenCount" not in report:
        return NOTHING, UsageSource.NONE
    counts = Counts(report)
    return Usage(input=counts.required("promptTokenCount")), counts.source


def _path(model: Model, *, batch: bool) -> str:
    verb = "batchEmbedContents" if batch else "embedContent"
    return f"/v1beta/models/{quote(model.wire_name, safe='')}:{verb}"


def _requests(raw: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    requests = raw.get("requests")
    if requests is None:
        raise missing("requests")
    if type(requests) is not list:
        raise wrong_type("requests", "a list")
    if not 1 <= len(requests) <= MAX_INPUTS:
        raise wrong("requests", f"must have 1 to {MAX_INPUTS} items")
    for index, one in enumerate(requests):
        if type(one) is not dict:
            raise wrong_type(f"requests[{index}]", "an object")
    return [(f"requests[{index}].", _camel(one)) for index, one in enumerate(requests)]


def _camel(one: dict[str, Any]) -> dict[str, Any]:
    for field in _CAMEL.keys() & one.keys():
        one[_CAMEL[field]] = one.pop(field)
    return one


def _text(place: str, content: Any) -> str | None:
    """None where it is not text alone."""
    place = f"{place}content"
    if content is None:
        raise missing(place)
    if type(content) is not dict:
        raise wrong_type(place, "an object")
    parts = content.get("parts")
    parts = [parts] if type(parts) is dict else parts
    if type(parts) is not list or not all(type(part) is dict for part in parts):
        raise wrong_type(f"{place}.parts", "a list of objects")
    if not parts:
        raise wrong(f"{place}.parts", "must not be empty")
    texts = [part.get("text") for part in parts]
    return "\n".join(map(str, texts)) if all(type(said) is str for said in texts) else None


def _beside(asked: list[tuple[str, dict[str, Any]]]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            field for _, one in asked for field, value in one.items() if field not in _SAID and value
        )
    )


def _opaque(asked: list[tuple[str, dict[str, Any]]], places: list[tuple[str, str | None]]) -> str:
    """What only one provider takes: pictures, a task we have no word for, tasks that differ within a batch."""
    for place, said in places:
        if said is None:
            return f"{place}content.parts"
    first = asked[0][1]
    for place, one in asked:
        task = one.get("taskType")
        if task != first.get("taskType") or (task and task != UNSPECIFIED and task not in TASKS):
            return f"{place}taskType"
        if one.get("outputDimensionality") != first.get("outputDimensionality"):
            return f"{place}outputDimensionality"
    return ""
