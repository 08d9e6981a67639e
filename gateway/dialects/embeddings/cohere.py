"""Cohere's v2 embed. Its models want to know what a vector is for; a text is a document unless it is said otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.embedding import EmbeddingRequest, Embeddings, Task
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.dialect import Outgoing
from gateway.dialects.embeddings.embedding import counted, outgoing, read, texts_of, unsayable
from gateway.errors import UpstreamInvalidResponse

PATH = "/v2/embed"
TASKS: Mapping[Task, str] = {
    Task.QUERY: "search_query",
    Task.QUESTION_ANSWERING: "search_query",
    Task.FACT_VERIFICATION: "search_query",
    Task.CODE_QUERY: "search_query",
    Task.DOCUMENT: "search_document",
    Task.CLASSIFICATION: "classification",
    Task.CLUSTERING: "clustering",
}


class CohereEmbeddings:
    words = "cohere"

    def pass_through(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        return self.translate(request, model, rejects)

    def translate(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        body: dict[str, Any] = {
            "model": model.wire_name,
            "texts": texts_of(request),
            "input_type": task_of(request),
            "embedding_types": ["float"],
        }
        if request.dimensions is not None:
            body["output_dimension"] = request.dimensions
        return outgoing(PATH, body, rejects, list(request.unsayable))

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], count: int) -> Embeddings:
        answer = read(body, _Answer)
        billed = (answer.meta or {}).get("billed_units")
        usage, source = _usage(billed)
        return Embeddings(
            model="", vectors=counted(vectors_of(answer.embeddings), count), usage=usage, usage_source=source
        )


class _Answer(Struct):
    embeddings: dict[str, list[list[float]]] | list[list[float]]
    meta: dict[str, Any] | None = None


def vectors_of(embeddings: dict[str, list[list[float]]] | list[list[float]]) -> tuple[list[float], ...]:
    """By type in the newer form, alone in the older."""
    if isinstance(embeddings, list):
        return tuple(embeddings)
    if "float" not in embeddings:
        raise UpstreamInvalidResponse("The provider's answer has no vectors of numbers.")
    return tuple(embeddings["float"])


def task_of(request: EmbeddingRequest) -> str:
    task = request.task or Task.DOCUMENT
    if task not in TASKS:
        raise unsayable(request.spelled.get("task", "task"))
    return TASKS[task]


def _usage(billed: Any) -> tuple[Usage, UsageSource]:
    if type(billed) is not dict or "input_tokens" not in billed:
        return NOTHING, UsageSource.NONE
    counts = Counts(billed)
    seen = counts.optional("image_tokens")
    return Usage(input=counts.required("input_tokens"), image_input=seen), counts.source
