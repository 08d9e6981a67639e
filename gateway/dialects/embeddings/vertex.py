"""Embeddings at Vertex AI, by `predict`. Source: cloud.google.com, "Text embeddings API"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.embedding import EmbeddingRequest, Embeddings
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.dialect import Outgoing
from gateway.dialects.embeddings.embedding import counted, outgoing, read, texts_of
from gateway.dialects.embeddings.gemini import WORDS


class VertexEmbeddings:
    words = "vertex_gemini"

    def pass_through(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        return self.translate(request, model, rejects)

    def translate(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        task = {"task_type": WORDS[request.task]} if request.task is not None else {}
        body: dict[str, Any] = {"instances": [{"content": each} | task for each in texts_of(request)]}
        parameters: dict[str, Any] = {"autoTruncate": False}
        if request.dimensions is not None:
            parameters["outputDimensionality"] = request.dimensions
        path = f"/v1/publishers/google/models/{quote(model.wire_name, safe='-._~@')}:predict"
        return outgoing(path, body | {"parameters": parameters}, rejects, list(request.unsayable))

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], count: int) -> Embeddings:
        rows = [row.embeddings for row in read(body, _Answer).predictions]
        usage, source = _usage([row.statistics.get("token_count") for row in rows])
        return Embeddings(
            model="",
            vectors=counted(tuple(row.values for row in rows), count),
            usage=usage,
            usage_source=source,
        )


class _Row(Struct):
    values: list[float]
    statistics: dict[str, Any] = {}


class _Prediction(Struct):
    embeddings: _Row


class _Answer(Struct):
    predictions: list[_Prediction]


def _usage(told: list[Any]) -> tuple[Usage, UsageSource]:
    """Of each text; whole numbers, though written as decimals."""
    if None in told:
        return NOTHING, UsageSource.NONE
    whole = [int(each) if type(each) is float and each.is_integer() else each for each in told]
    counts = [Counts({"token_count": each}) for each in whole]
    tokens = sum(each.required("token_count") for each in counts)
    sound = all(each.sound for each in counts)
    return Usage(input=tokens), UsageSource.PROVIDER_FINAL if sound else UsageSource.PROVIDER_PARTIAL
