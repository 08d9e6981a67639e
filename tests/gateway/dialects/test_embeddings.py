"""Embeddings in every dialect: what a provider is told, and what a caller reads, over real exchanges."""

from __future__ import annotations

import gzip
import json
from array import array
from base64 import b64decode
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gateway.core.catalogue import Model
from gateway.core.embedding import EmbeddingRequest, Embeddings, Task, Vector
from gateway.core.facts import ModelKind, Tier
from gateway.core.price import Usage, UsageSource
from gateway.dialects.embeddings import PROTOCOLS, SURFACES
from gateway.dialects.embeddings.embedding import as_numbers
from gateway.errors import InvalidRequest, Untranslatable, UpstreamInvalidResponse

DATA = Path(__file__).parents[1] / "data" / "embeddings.jsonl.gz"
MODEL = Model(id="p/some-model", provider="p", tier=Tier.SMALL, kind=ModelKind.EMBEDDING)
NONE: frozenset[str] = frozenset()
DIALECTS = {
    "openai.embeddings": "openai_chat",
    "gemini.embed": "gemini",
    "cohere.embed": "cohere",
    "bedrock.invoke": "bedrock",
}
NUMBERS = [0.25, -0.5, 0.0]
IN_BASE64 = "AACAPgAAAL8AAAAA"  # the same


def recorded(*protocols: str, status: int | None = None) -> list[Any]:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found = [row for row in rows if row["protocol"] in protocols and status in {None, row["status"]}]
    assert found
    return [pytest.param(row, id=row["id"]) for row in found]


def asked(
    surface: str = "openai_chat", *, path_model: str = "m", batch: bool = False, **body: Any
) -> EmbeddingRequest:
    if surface == "openai_chat":
        body = {"model": "some-model", "input": "Hi"} | body
    raw = json.dumps({name: value for name, value in body.items() if value is not ...}).encode()
    return SURFACES[surface].parse_request(raw, model=path_model, batch=batch)


def gemini(**more: Any) -> dict[str, Any]:
    return {"content": {"parts": [{"text": "Hi"}]}} | more


def sent(protocol: str, request: EmbeddingRequest, model: Model = MODEL) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(PROTOCOLS[protocol].translate(request, model, NONE).body)
    return decoded


def refused(**body: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        asked(**body)
    return caught.value


def unsayable(protocol: str, request: EmbeddingRequest) -> str | None:
    with pytest.raises(Untranslatable) as caught:
        PROTOCOLS[protocol].translate(request, MODEL, NONE)
    return caught.value.param


@pytest.mark.parametrize("row", recorded("openai.embeddings"))
def test_openais_requests_pass_through_but_for_the_model(row: dict[str, Any]) -> None:
    request = SURFACES["openai_chat"].parse_request(json.dumps(row["request"]).encode())
    out = PROTOCOLS["openai_chat"].pass_through(request, MODEL, NONE)
    assert (out.path, out.dropped) == ("/embeddings", ())
    assert json.loads(out.body) == row["request"] | {"model": "some-model"}


@pytest.mark.parametrize("row", recorded("gemini.embed"))
def test_geminis_requests_pass_through_but_for_the_model(row: dict[str, Any]) -> None:
    request = SURFACES["gemini"].parse_request(
        json.dumps(row["request"]).encode(), model=row["model"], batch=True
    )
    out = PROTOCOLS["gemini"].pass_through(request, MODEL, NONE)
    assert (out.path, out.dropped) == ("/v1beta/models/some-model:batchEmbedContents", ())
    named = [one | {"model": "models/some-model"} for one in row["request"]["requests"]]
    assert json.loads(out.body) == {"requests": named}


@pytest.mark.parametrize("row", recorded(*DIALECTS, status=200))
def test_an_answer_reads_the_same_in_every_shape(row: dict[str, Any]) -> None:
    asked_for, told = row["request"], usage_of(row["response"])
    count = len(asked_for.get("input") or asked_for.get("requests") or asked_for.get("texts") or [1])
    read = PROTOCOLS[DIALECTS[row["protocol"]]].parse(json.dumps(row["response"]).encode(), {}, count)
    assert read.usage == Usage(input=told or 0)
    assert read.usage_source is (UsageSource.NONE if told is None else UsageSource.PROVIDER_FINAL)
    assert len(read.vectors) == count
    for caller in (
        asked(input=["x"] * count),
        asked(input=["x"] * count, encoding_format="base64"),
        asked("gemini", batch=True, requests=[gemini()] * count),
    ):
        written = SURFACES[caller.surface.value].render(read, caller)
        again = PROTOCOLS[caller.surface.value].parse(written, {}, count)
        assert list(map(rounded, again.vectors)) == list(map(rounded, read.vectors))
        assert again.usage == read.usage


def usage_of(answer: dict[str, Any]) -> int | None:
    """As the provider says it, by its own words."""
    meta = answer.get("meta") or {}
    report = answer.get("usage") or answer.get("usageMetadata") or meta.get("billed_units") or answer
    names = ("prompt_tokens", "total_tokens", "promptTokenCount", "input_tokens", "inputTextTokenCount")
    return next((report[name] for name in names if name in report), None)


def rounded(vector: Vector) -> list[float]:
    """As 32-bit floats, which is what base64 holds."""
    known: Any = json.loads(bytes(vector)) if isinstance(vector, msgspec.Raw) else vector
    numbers = array("f")
    if isinstance(known, str):
        numbers.frombytes(b64decode(known))
    else:
        numbers.extend(known)
    return numbers.tolist()


def test_vectors_stand_in_the_order_of_the_inputs() -> None:
    rows = [{"index": index, "embedding": [index]} for index in (2, 0, 1)]
    read = PROTOCOLS["openai_chat"].parse(json.dumps({"data": rows}).encode(), {}, 3)
    assert list(map(as_numbers, read.vectors)) == [[0], [1], [2]]
    unnumbered = [{"embedding": [index]} for index in (2, 0, 1)]
    read = PROTOCOLS["openai_chat"].parse(json.dumps({"data": unnumbered}).encode(), {}, 3)
    assert list(map(as_numbers, read.vectors)) == [[2], [0], [1]]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b"[]", b'{"data": 1}', b'{"embeddings": "x"}', b"<html>"]
)
def test_what_is_no_list_of_vectors_is_no_answer(protocol: str, body: bytes) -> None:
    with pytest.raises(UpstreamInvalidResponse):
        PROTOCOLS[protocol].parse(body, {}, 1)


def test_fewer_vectors_than_inputs_are_no_answer() -> None:
    with pytest.raises(UpstreamInvalidResponse, match="1 vectors for 2 inputs"):
        PROTOCOLS["openai_chat"].parse(b'{"data": [{"index": 0, "embedding": [1.0]}]}', {}, 2)


def test_vectors_are_written_as_the_caller_asks() -> None:
    came = Embeddings(model="m", vectors=(NUMBERS, IN_BASE64))
    plain = json.loads(SURFACES["openai_chat"].render(came, asked(input=["a", "b"])))
    packed = json.loads(
        SURFACES["openai_chat"].render(came, asked(input=["a", "b"], encoding_format="base64"))
    )
    assert [row["embedding"] for row in plain["data"]] == [NUMBERS, NUMBERS]
    assert [row["embedding"] for row in packed["data"]] == [IN_BASE64, IN_BASE64]
    assert [row["index"] for row in plain["data"]] == [0, 1]
    one = json.loads(
        SURFACES["gemini"].render(replace(came, vectors=(IN_BASE64,)), asked("gemini", **gemini()))
    )
    assert one["embedding"] == {"values": NUMBERS}


TASKS: dict[str, dict[Task | None, str | None]] = {
    "cohere": {
        Task.QUERY: "search_query",
        Task.DOCUMENT: "search_document",
        Task.CLASSIFICATION: "classification",
        Task.CLUSTERING: "clustering",
        Task.SIMILARITY: None,
        None: "search_document",
    },
    "gemini": {
        Task.QUERY: "RETRIEVAL_QUERY",
        Task.DOCUMENT: "RETRIEVAL_DOCUMENT",
        Task.SIMILARITY: "SEMANTIC_SIMILARITY",
        Task.CODE_QUERY: "CODE_RETRIEVAL_QUERY",
    },
}


@pytest.mark.parametrize(("protocol", "task"), [(each, task) for each in TASKS for task in TASKS[each]])
def test_what_vectors_are_for_is_said_in_the_providers_words(protocol: str, task: Task | None) -> None:
    request = asked(input_type=task.value) if task else asked()
    word = TASKS[protocol][task]
    if word is None:
        assert unsayable(protocol, request) == "input_type"
    else:
        body = sent(protocol, request)
        assert (body.get("input_type") or body["requests"][0]["taskType"]) == word


def test_a_model_with_one_kind_of_vector_leaves_the_task_out_and_says_so() -> None:
    out = PROTOCOLS["openai_chat"].translate(
        asked("gemini", **gemini(taskType="RETRIEVAL_QUERY")), MODEL, NONE
    )
    assert out.dropped == ("taskType",)
    assert json.loads(out.body) == {"model": "some-model", "input": ["Hi"], "encoding_format": "float"}


@pytest.mark.parametrize("protocol", ["cohere", "gemini", "ollama", "openai_chat"])
def test_dimensions_and_order_reach_every_provider(protocol: str) -> None:
    body = sent(protocol, asked("gemini", batch=True, requests=[gemini(outputDimensionality=64)] * 2 + [
        {"content": {"parts": [{"text": "last"}]}, "outputDimensionality": 64}
    ]))  # fmt: skip
    texts = (
        body.get("texts")
        or body.get("input")
        or [one["content"]["parts"][0]["text"] for one in body["requests"]]
    )
    assert texts == ["Hi", "Hi", "last"]
    said = (
        body.get("dimensions") or body.get("output_dimension") or body["requests"][2]["outputDimensionality"]
    )
    assert said == 64


@pytest.mark.parametrize(
    ("model", "path", "body"),
    [
        (
            "amazon.titan-embed-text-v2:0",
            "amazon.titan-embed-text-v2%3A0",
            {"inputText": "Hi", "dimensions": 256},
        ),
        (
            "cohere.embed-v4:0",
            "cohere.embed-v4%3A0",
            {
                "texts": ["Hi"],
                "input_type": "search_document",
                "embedding_types": ["float"],
                "output_dimension": 256,
            },
        ),
        (
            "amazon.nova-2-multimodal-embeddings-v1:0",
            "amazon.nova-2-multimodal-embeddings-v1%3A0",
            {
                "taskType": "SINGLE_EMBEDDING",
                "singleEmbeddingParams": {
                    "embeddingPurpose": "GENERIC_INDEX",
                    "text": {"value": "Hi", "truncationMode": "NONE"},
                    "embeddingDimension": 256,
                },
            },
        ),
    ],
)
def test_bedrock_is_told_in_the_words_of_the_models_maker(
    model: str, path: str, body: dict[str, Any]
) -> None:
    out = PROTOCOLS["bedrock"].translate(asked(dimensions=256), replace(MODEL, upstream_model=model), NONE)
    assert out.path == f"/model/{path}/invoke"
    assert json.loads(out.body) == body


def test_azure_names_a_deployment() -> None:
    request = asked(dimensions=64)
    out = PROTOCOLS["azure"].pass_through(request, MODEL, NONE)
    assert out.path == "/openai/deployments/some-model//embeddings?api-version=2024-10-21"
    assert json.loads(out.body) == request.raw


def test_vertex_predicts() -> None:
    request = asked("gemini", **gemini(taskType="RETRIEVAL_QUERY", outputDimensionality=64))
    out = PROTOCOLS["vertex_gemini"].translate(request, MODEL, NONE)
    assert out.path == "/v1/publishers/google/models/some-model:predict"
    assert json.loads(out.body) == {
        "instances": [{"content": "Hi", "task_type": "RETRIEVAL_QUERY"}],
        "parameters": {"autoTruncate": False, "outputDimensionality": 64},
    }
    row = {"embeddings": {"values": NUMBERS, "statistics": {"token_count": 3.0, "truncated": False}}}
    read = PROTOCOLS["vertex_gemini"].parse(json.dumps({"predictions": [row, row]}).encode(), {}, 2)
    assert (read.vectors, read.usage) == ((NUMBERS, NUMBERS), Usage(input=6))
    assert read.usage_source is UsageSource.PROVIDER_FINAL
    row["embeddings"]["statistics"] = {"token_count": 3.5}
    read = PROTOCOLS["vertex_gemini"].parse(json.dumps({"predictions": [row]}).encode(), {}, 1)
    assert read.usage_source is UsageSource.PROVIDER_PARTIAL


def test_what_is_no_vector_is_found_by_who_reads_it() -> None:
    read = PROTOCOLS["openai_chat"].parse(b'{"data": [{"index": 0, "embedding": {"a": 1}}]}', {}, 1)
    with pytest.raises(UpstreamInvalidResponse):
        SURFACES["gemini"].render(read, asked("gemini", **gemini()))


def test_usage_may_stand_in_a_header() -> None:
    body = json.dumps({"embeddings": [NUMBERS]}).encode()
    read = PROTOCOLS["bedrock"].parse(body, {b"x-amzn-bedrock-input-token-count": b"7"}, 1)
    assert (read.usage, read.usage_source) == (Usage(input=7), UsageSource.PROVIDER_FINAL)


@pytest.mark.parametrize("protocol", ["bedrock", "cohere", "gemini", "ollama"])
def test_tokens_are_only_for_the_model_that_they_belong_to(protocol: str) -> None:
    assert unsayable(protocol, asked(input=[1, 2, 3])) == "input"
    assert unsayable(protocol, asked(input=[[1, 2], [3]])) == "input"


def test_tokens_pass_through() -> None:
    request = asked(input=[[1, 2], [3]])
    assert (request.inputs, request.tokens) == (((1, 2), (3,)), 3)
    assert json.loads(PROTOCOLS["openai_chat"].pass_through(request, MODEL, NONE).body)["input"] == [
        [1, 2],
        [3],
    ]


def test_what_cannot_be_said_is_refused_with_its_place() -> None:
    picture: dict[str, Any] = {
        "content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}
    }
    assert unsayable("cohere", asked("gemini", **picture)) == "content.parts"
    mixed = [gemini(taskType="CLUSTERING"), gemini(taskType="CLASSIFICATION")]
    assert unsayable("openai_chat", asked("gemini", batch=True, requests=mixed)) == "requests[1].taskType"
    sizes = [gemini(outputDimensionality=64), gemini()]
    assert (
        unsayable("openai_chat", asked("gemini", batch=True, requests=sizes))
        == "requests[1].outputDimensionality"
    )
    assert unsayable("openai_chat", asked("gemini", **gemini(taskType="NEW"))) == "taskType"
    assert unsayable("gemini", asked(input_type="new")) == "input_type"
    assert unsayable("bedrock", asked(input=["a", "b"])) == "input"


def test_what_can_be_missed_is_reported() -> None:
    titled = PROTOCOLS["openai_chat"].translate(asked("gemini", **gemini(title="T")), MODEL, NONE)
    assert titled.dropped == ("title",)
    assert PROTOCOLS["cohere"].translate(asked(output_dtype="int8"), MODEL, NONE).dropped == ("output_dtype",)


def test_names_with_underscores_are_understood() -> None:
    request = asked("gemini", **gemini(task_type="CLUSTERING", output_dimensionality=64))
    assert (request.task, request.dimensions) == (Task.CLUSTERING, 64)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"input": ...}, "input", "missing_required_parameter"),
        ({"input": 5}, "input", "invalid_type"),
        ({"input": ""}, "input", "invalid_value"),
        ({"input": []}, "input", "invalid_value"),
        ({"input": ["a", ""]}, "input[1]", "invalid_value"),
        ({"input": ["a", 1]}, "input[1]", "invalid_type"),
        ({"input": [1, "a"]}, "input", "invalid_type"),
        ({"input": [[1], []]}, "input[1]", "invalid_value"),
        ({"input": [-1]}, "input", "invalid_value"),
        ({"input": ["a"] * 2_049}, "input", "invalid_value"),
        ({"model": ...}, "model", "missing_required_parameter"),
        ({"dimensions": 0}, "dimensions", "invalid_value"),
        ({"dimensions": "9"}, "dimensions", "invalid_type"),
        ({"encoding_format": "int8"}, "encoding_format", "invalid_value"),
        ({"surface": "gemini"}, "content", "missing_required_parameter"),
        ({"surface": "gemini", "content": "Hi"}, "content", "invalid_type"),
        ({"surface": "gemini", "content": {"parts": []}}, "content.parts", "invalid_value"),
        ({"surface": "gemini", "batch": True}, "requests", "missing_required_parameter"),
        ({"surface": "gemini", "batch": True, "requests": []}, "requests", "invalid_value"),
        ({"surface": "gemini", "batch": True, "requests": [1]}, "requests[0]", "invalid_type"),
        ({"surface": "gemini", "batch": True, "requests": [{}]}, "requests[0].content", "missing_required_parameter"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(body: dict[str, Any], param: str, code: str) -> None:
    error = refused(**body)
    assert (error.param, error.code) == (param, code)


def test_fields_that_steer_a_library_are_taken_out() -> None:
    request = asked(api_base="https://evil.test", extra_headers={"a": "b"})
    assert set(request.dropped) == {"api_base", "extra_headers"}
    assert json.loads(PROTOCOLS["openai_chat"].pass_through(request, MODEL, NONE).body) == {
        "model": "some-model",
        "input": "Hi",
    }
