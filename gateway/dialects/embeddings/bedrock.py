"""Embeddings by Bedrock's InvokeModel: the body is the maker's own, told by the model's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.embedding import EmbeddingRequest, Embeddings, Task
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.counts import Counts
from gateway.dialects.dialect import Outgoing
from gateway.dialects.embeddings.cohere import task_of, vectors_of
from gateway.dialects.embeddings.embedding import counted, outgoing, read, texts_of, unsayable
from gateway.errors import Untranslatable, UpstreamInvalidResponse

TOLD = b"x-amzn-bedrock-input-token-count"
PURPOSES: Mapping[Task | None, str] = {
    None: "GENERIC_INDEX",
    Task.DOCUMENT: "GENERIC_INDEX",
    Task.QUERY: "GENERIC_RETRIEVAL",
    Task.QUESTION_ANSWERING: "GENERIC_RETRIEVAL",
    Task.FACT_VERIFICATION: "GENERIC_RETRIEVAL",
    Task.CODE_QUERY: "GENERIC_RETRIEVAL",
    Task.CLASSIFICATION: "CLASSIFICATION",
    Task.CLUSTERING: "CLUSTERING",
}


class BedrockEmbeddings:
    words = "bedrock"

    def pass_through(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        return self.translate(request, model, rejects)

    def translate(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        dropped = list(request.unsayable)
        if "cohere" in model.wire_name:
            body = _cohere(request)
        elif "nova" in model.wire_name:
            body = _nova(request)
        else:
            body = _titan(request, dropped)
        return outgoing(f"/model/{quote(model.wire_name, safe='')}/invoke", body, rejects, dropped)

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], count: int) -> Embeddings:
        answer = read(body, _Answer)
        usage, source = _usage(answer, headers)
        vectors = tuple(_vectors(answer))
        return Embeddings(model="", vectors=counted(vectors, count), usage=usage, usage_source=source)


class _One(Struct):
    embedding: list[float]


class _Answer(Struct, rename={"counted": "inputTextTokenCount"}):
    embedding: list[float] | None = None
    embeddings: Any = None
    counted: Any = None


def _cohere(request: EmbeddingRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "texts": texts_of(request),
        "input_type": task_of(request),
        "embedding_types": ["float"],
    }
    return body | ({"output_dimension": request.dimensions} if request.dimensions is not None else {})


def _titan(request: EmbeddingRequest, dropped: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"inputText": _only_text(request)}
    if request.task is not None:  # one kind of vector
        dropped.append(request.spelled.get("task", "task"))
    return body | ({"dimensions": request.dimensions} if request.dimensions is not None else {})


def _nova(request: EmbeddingRequest) -> dict[str, Any]:
    if request.task not in PURPOSES:
        raise unsayable(request.spelled.get("task", "task"))
    asked: dict[str, Any] = {
        "embeddingPurpose": PURPOSES[request.task],
        "text": {"value": _only_text(request), "truncationMode": "NONE"},
    }
    if request.dimensions is not None:
        asked["embeddingDimension"] = request.dimensions
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": asked}


def _only_text(request: EmbeddingRequest) -> str:
    texts = texts_of(request)
    if len(texts) > 1:
        raise Untranslatable(
            "This model's provider embeds one text at a time.", param=request.spelled.get("input", "input")
        )
    return texts[0]


def _vectors(answer: _Answer) -> list[list[float]]:
    if answer.embedding is not None:
        return [answer.embedding]
    found = answer.embeddings
    if type(found) is list and found and type(found[0]) is dict:
        found = [one.get("embedding") for one in found if type(one) is dict]
    if type(found) is dict:
        found = list(vectors_of(found))
    if type(found) is not list or not all(type(vector) is list for vector in found):
        raise UpstreamInvalidResponse("The provider's answer has no vectors.")
    return found


def _usage(answer: _Answer, headers: Mapping[bytes, bytes]) -> tuple[Usage, UsageSource]:
    """In the body or in a header."""
    told = headers.get(TOLD, b"")
    report = int(told) if told.isdigit() else answer.counted
    if report is None:
        return NOTHING, UsageSource.NONE
    counts = Counts({"tokens": report})
    return Usage(input=counts.required("tokens")), counts.source
