"""Ollama's `/api/embed`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.embedding import EmbeddingRequest, Embeddings
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.dialect import Outgoing
from gateway.dialects.embeddings.embedding import counted, outgoing, read, texts_of

PATH = "/api/embed"


class OllamaEmbeddings:
    words = "ollama"

    def pass_through(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        return self.translate(request, model, rejects)

    def translate(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        dropped = list(request.unsayable)
        body: dict[str, Any] = {"model": model.wire_name, "input": texts_of(request), "truncate": False}
        if request.dimensions is not None:
            body["dimensions"] = request.dimensions
        if request.task is not None:  # told within the text, as each model wants it
            dropped.append(request.spelled.get("task", "task"))
        return outgoing(PATH, body, rejects, dropped)

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], count: int) -> Embeddings:
        answer = read(body, _Answer)
        usage, source = NOTHING, UsageSource.NONE
        if answer.prompt_eval_count is not None:
            counts = Counts({"prompt_eval_count": answer.prompt_eval_count})
            usage, source = Usage(input=counts.required("prompt_eval_count")), counts.source
        return Embeddings(
            model=answer.model,
            vectors=counted(tuple(answer.embeddings), count),
            usage=usage,
            usage_source=source,
        )


class _Answer(Struct):
    embeddings: list[list[float]]
    model: str = ""
    prompt_eval_count: Any = None
