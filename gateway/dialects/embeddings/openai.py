"""OpenAI's embeddings, and every vendor that speaks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    as_base64,
    as_numbers,
    counted,
    outgoing,
    read,
    unsayable,
)
from gateway.dialects.fields import (
    MAX_TOKENS,
    Check,
    anything,
    check_fields,
    missing,
    model_of,
    one_of,
    text,
    whole,
    wrong,
    wrong_type,
)

PATH = "/embeddings"

# How vendors and other gateways call what OpenAI's own models do not tell apart.
TASKS: Mapping[str, Task] = {
    **{task.value: task for task in Task},
    "search_query": Task.QUERY,
    "search_document": Task.DOCUMENT,
    "passage": Task.DOCUMENT,
    "semantic_similarity": Task.SIMILARITY,
    "retrieval_query": Task.QUERY,
    "retrieval_document": Task.DOCUMENT,
    "code_retrieval_query": Task.CODE_QUERY,
}
_SAID = frozenset({"dimensions", "encoding_format", "input", "input_type", "model", "user"})
CHECKS: Mapping[str, Check] = {
    "dimensions": whole(1, MAX_TOKENS),
    "encoding_format": one_of("float", "base64"),
    "input": anything,
    "input_type": text(64),
    "model": anything,
    "user": text(1_024),
}


class OpenAIEmbeddings:
    """Callers' and providers' side."""

    name = words = "openai_chat"

    def parse_request(self, body: bytes, *, model: str = "", batch: bool = False) -> EmbeddingRequest:
        raw = json_body.read(body)
        dropped = check_fields(raw, CHECKS)
        task = raw.get("input_type")
        return EmbeddingRequest(
            surface=Surface.OPENAI_CHAT,
            requested_model=model_of(raw),
            raw=raw,
            inputs=_inputs(raw.get("input")),
            batch=True,
            dimensions=raw.get("dimensions"),
            task=TASKS.get(task.lower()) if task else None,
            base64=raw.get("encoding_format") == "base64",
            end_user=raw.get("user") or "",
            dropped=dropped,
            unsayable=tuple(
                field for field, value in raw.items() if field not in _SAID and value is not None
            ),
            opaque="input_type" if task and task.lower() not in TASKS else "",
            spelled={"task": "input_type"},
        )

    def render(self, embeddings: Embeddings, request: EmbeddingRequest) -> bytes:
        written = as_base64 if request.base64 else as_numbers
        rows = [
            {"object": "embedding", "index": index, "embedding": written(vector)}
            for index, vector in enumerate(embeddings.vectors)
        ]
        used = embeddings.usage.prompt
        usage = {"prompt_tokens": used, "total_tokens": used}
        return msgspec.json.encode(
            {"object": "list", "data": rows, "model": embeddings.model, "usage": usage}
        )

    def pass_through(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        body = {**request.raw, "model": model.wire_name}
        return outgoing(PATH, body, rejects, list(request.dropped))

    def translate(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        if request.opaque:
            raise unsayable(request.opaque)
        dropped = list(request.unsayable)
        body: dict[str, Any] = {"model": model.wire_name, "input": list(request.inputs)}
        if request.dimensions is not None:
            body["dimensions"] = request.dimensions
        if request.task is not None:  # models of this protocol have one kind of vector
            dropped.append(request.spelled.get("task", "task"))
        body["encoding_format"] = "float"
        return outgoing(PATH, body, rejects, dropped)

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], count: int) -> Embeddings:
        answer = read(body, _Answer)
        usage, source = _usage(answer.usage)
        rows = sorted(answer.data, key=lambda row: row.index) if _numbered(answer.data) else answer.data
        return Embeddings(
            model=answer.model,
            vectors=counted(tuple(row.embedding for row in rows), count),
            usage=usage,
            usage_source=source,
        )


class _Row(Struct):
    embedding: msgspec.Raw
    index: int = 0


class _Answer(Struct):
    data: list[_Row]
    model: str = ""
    usage: Any = None


def _numbered(rows: list[_Row]) -> bool:
    """Whether each has an index of its own: some vendors give none."""
    return {row.index for row in rows} == set(range(len(rows)))


def _usage(report: Any) -> tuple[Usage, UsageSource]:
    """Some vendors tell of the total alone: there is nothing but a prompt."""
    if type(report) is not dict or not ("prompt_tokens" in report or "total_tokens" in report):
        return NOTHING, UsageSource.NONE
    counts = Counts(report)
    field = "prompt_tokens" if report.get("prompt_tokens") is not None else "total_tokens"
    return Usage(input=counts.required(field)), counts.source


def _inputs(value: Any) -> tuple[str | tuple[int, ...], ...]:
    """A text, tokens, or a list of either."""
    if value is None:
        raise missing("input")
    if type(value) is str:
        return (_text("input", value),)
    if type(value) is not list:
        raise wrong_type("input", "a string, tokens, or a list of those")
    if not value:
        raise wrong("input", "must not be empty")
    if type(value[0]) is int:
        return (_tokens("input", value),)
    if len(value) > MAX_INPUTS:
        raise wrong("input", f"may have at most {MAX_INPUTS} items")
    return tuple(_input(f"input[{index}]", item) for index, item in enumerate(value))


def _input(place: str, value: Any) -> str | tuple[int, ...]:
    return _text(place, value) if type(value) is str else _tokens(place, value)


def _text(place: str, value: str) -> str:
    if not value:
        raise wrong(place, "must not be empty")
    return value


def _tokens(place: str, value: Any) -> tuple[int, ...]:
    if type(value) is not list or not all(type(token) is int for token in value):
        raise wrong_type(place, "a string or a list of tokens")
    if not value or min(value) < 0:
        raise wrong(place, "must be tokens, of which there is at least one")
    return tuple(value)
