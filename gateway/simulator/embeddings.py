"""Embeddings as the APIs of OpenAI, Azure, Google, Cohere, AWS and Ollama take and give them. Texts that share words lie close together."""

from __future__ import annotations

import re
from array import array
from base64 import b64encode
from collections.abc import Callable
from hashlib import blake2b
from math import sqrt
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Struct, structs

from gateway.simulator import aws_signature, openai, tokens
from gateway.simulator.asked import Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.reply import Dialect, Frame, Json, Problem, Reply, encoded, misreported
from gateway.simulator.task import words
from gateway.simulator.vertex import shown

USUAL = 256  # numbers of a vector, if nothing is said
PER_WORD = 8  # of a vector's numbers that a word bears on

type Input = str | list[int]
type Size = Annotated[int, Meta(ge=1, le=4096)]


class Embedding(Struct):
    """What was asked for, in nobody's wire shape."""

    model: str
    inputs: tuple[Input, ...]
    size: int = USUAL
    base64: bool = False

    @property
    def tokens(self) -> int:
        return sum(tokens.count(each) if isinstance(each, str) else len(each) for each in self.inputs)

    def vectors(self) -> list[list[float]]:
        return [vector(each, self.size) for each in self.inputs]


def vector(given: Input, size: int) -> list[float]:
    """Of length 1."""
    numbers = [0.0] * size
    for word in words(given) if isinstance(given, str) else map(str, given):
        digest = blake2b(word.encode(), digest_size=4 * PER_WORD).digest()
        for place in range(0, len(digest), 4):
            drawn = int.from_bytes(digest[place : place + 4])
            numbers[(drawn >> 1) % size] += 1 if drawn & 1 else -1
    length = sqrt(sum(number * number for number in numbers))
    return [round(number / length, 6) for number in numbers] if length else [1.0, *numbers[1:]]


class OpenAIEmbeddings:
    """One call of `/v1/embeddings`."""

    ID_HEADER = openai.ID_HEADER

    def key_of(self, headers: dict[bytes, bytes], /) -> str:
        return openai.key_of(headers)

    def parse(self, body: bytes, headers: dict[bytes, bytes], /) -> Embedding:
        asked = read(body, OpenAIRequest)
        given = asked.input
        several: list[Any] = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
        return Embedding(
            asked.model, tuple(several), asked.dimensions or USUAL, asked.encoding_format == "base64"
        )

    def bill(self, request: Embedding, cache: PromptCache, key: str, /) -> Usage:
        return Usage(fresh=request.tokens)

    def reply(
        self, request: Embedding, usage: Usage, behaviour: Behaviour, request_id: str, now: int, /
    ) -> Reply:
        written: list[Any] = [in_base64(one) if request.base64 else one for one in request.vectors()]
        rows = [
            {"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(written)
        ]
        body: Json = {"object": "list", "data": rows, "model": request.model}
        told = misreported({"prompt_tokens": usage.prompt, "total_tokens": usage.prompt}, behaviour)
        return Reply(usage=usage, body=encoded(body | without_usage({"usage": told}, behaviour)))

    def problem_body(self, problem: Problem, request_id: str, /) -> Json:
        return openai.problem_body(problem, request_id)

    def error_frame(self, problem: Problem, request_id: str, /) -> Frame:
        return openai.error_frame(problem, request_id)


class GeminiEmbeddings(OpenAIEmbeddings):
    """One call of `{model}:embedContent` or `:batchEmbedContents`; `called` is that last piece of the path."""

    ID_HEADER = b"x-goog-request-id"

    def __init__(self, called: str) -> None:
        self.model, _, verb = called.rpartition(":")
        self.batch = verb == "batchEmbedContents"

    def key_of(self, headers: dict[bytes, bytes], /) -> str:
        return headers.get(b"x-goog-api-key", b"").decode("latin-1")

    def parse(self, body: bytes, headers: dict[bytes, bytes], /) -> Embedding:
        asked = read(body, GeminiRequests).requests if self.batch else [read(body, GeminiRequest)]
        texts = tuple("\n".join(part.text for part in one.content.parts) for one in asked)
        return Embedding(self.model, texts, asked[0].output_dimensionality or USUAL)

    def reply(
        self, request: Embedding, usage: Usage, behaviour: Behaviour, request_id: str, now: int, /
    ) -> Reply:
        rows = [{"values": one} for one in request.vectors()]
        body: Json = {"embeddings": rows} if self.batch else {"embedding": rows[0]}
        told = {"promptTokenCount": usage.prompt}
        return Reply(usage=usage, body=encoded(body | without_usage({"usageMetadata": told}, behaviour)))

    def problem_body(self, problem: Problem, request_id: str, /) -> Json:
        status = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}.get(problem.status)
        said = status or ("INVALID_ARGUMENT" if problem.status < 500 else "INTERNAL")
        return {"error": {"code": problem.status, "message": problem.message, "status": said}}


class CohereEmbeddings(OpenAIEmbeddings):
    """One call of `/v2/embed`."""

    ID_HEADER = b"x-debug-trace-id"

    def parse(self, body: bytes, headers: dict[bytes, bytes], /) -> Embedding:
        asked = read(body, CohereRequest)
        return Embedding(asked.model, tuple(asked.texts), asked.output_dimension or USUAL)

    def reply(
        self, request: Embedding, usage: Usage, behaviour: Behaviour, request_id: str, now: int, /
    ) -> Reply:
        told = {"billed_units": misreported({"input_tokens": usage.prompt}, behaviour)}
        body: Json = {"id": request_id, "embeddings": {"float": request.vectors()}, "texts": request.inputs}
        more = without_usage({"meta": {"api_version": {"version": "2"}} | told}, behaviour)
        return Reply(usage=usage, body=encoded(body | more))

    def problem_body(self, problem: Problem, request_id: str, /) -> Json:
        return {"id": request_id, "message": problem.message}


class AzureEmbeddings(OpenAIEmbeddings):
    """One call of a deployment's `/embeddings`."""

    ID_HEADER = b"apim-request-id"

    def __init__(self, deployment: str) -> None:
        self.deployment = deployment

    def key_of(self, headers: dict[bytes, bytes], /) -> str:
        return headers.get(b"api-key", b"").decode("latin-1")

    def parse(self, body: bytes, headers: dict[bytes, bytes], /) -> Embedding:
        return structs.replace(super().parse(body, headers), model=self.deployment)


class VertexEmbeddings(GeminiEmbeddings):
    """One call of `{model}:predict`."""

    def __init__(self, model: str) -> None:
        self.model = model

    def key_of(self, headers: dict[bytes, bytes], /) -> str:
        return shown(headers)

    def parse(self, body: bytes, headers: dict[bytes, bytes], /) -> Embedding:
        asked = read(body, VertexRequest)
        texts = tuple(one.content for one in asked.instances)
        return Embedding(self.model, texts, asked.parameters.output_dimensionality or USUAL)

    def reply(
        self, request: Embedding, usage: Usage, behaviour: Behaviour, request_id: str, now: int, /
    ) -> Reply:
        rows = [
            {"embeddings": {"values": one, "statistics": {"token_count": float(counted), "truncated": False}}}
            for one, counted in zip(
                request.vectors(), map(tokens.count, map(str, request.inputs)), strict=True
            )
        ]
        return Reply(usage=usage, body=encoded({"predictions": rows}))


class BedrockEmbeddings(CohereEmbeddings):
    """One call of a Cohere model by InvokeModel: the path names it, and is signed. Its usage is in a header."""

    ID_HEADER = b"x-amzn-requestid"

    def __init__(self, method: str, target: str, model: str) -> None:
        self.method, self.target, self.model = method, target, model

    def key_of(self, headers: dict[bytes, bytes], /) -> str:
        return aws_signature.key_of(headers)

    def parse(self, body: bytes, headers: dict[bytes, bytes], /) -> Embedding:
        aws_signature.check(self.method, self.target, headers, body)
        asked = read(body, InvokedRequest)
        return Embedding(self.model, tuple(asked.texts), asked.output_dimension or USUAL)

    def reply(
        self, request: Embedding, usage: Usage, behaviour: Behaviour, request_id: str, now: int, /
    ) -> Reply:
        body = {"id": request_id, "embeddings": {"float": request.vectors()}, "texts": request.inputs}
        return Reply(usage=usage, body=encoded(body | {"response_type": "embeddings_by_type"}))

    def problem_body(self, problem: Problem, request_id: str, /) -> Json:
        return {"message": problem.message}


class OllamaEmbeddings(OpenAIEmbeddings):
    """One call of `/api/embed`."""

    def reply(
        self, request: Embedding, usage: Usage, behaviour: Behaviour, request_id: str, now: int, /
    ) -> Reply:
        body: Json = {"model": request.model, "embeddings": request.vectors()}
        told = without_usage({"prompt_eval_count": usage.prompt}, behaviour)
        return Reply(usage=usage, body=encoded(body | told))

    def problem_body(self, problem: Problem, request_id: str, /) -> Json:
        return {"error": problem.message}


AT: tuple[tuple[str, Callable[[str, str], Dialect[Embedding]]], ...] = (
    (r"/openai/v1/embeddings", lambda target, model: OpenAIEmbeddings()),
    (r"/cohere/v2/embed", lambda target, model: CohereEmbeddings()),
    (r"/ollama/api/embed", lambda target, model: OllamaEmbeddings()),
    (r"/gemini/v1beta/models/([^/]+:(?:embedContent|batchEmbedContents))", lambda target, model: GeminiEmbeddings(model)),
    (r"/azure/openai/deployments/([^/]+)/embeddings", lambda target, model: AzureEmbeddings(model)),
    (r"/vertex/.+/publishers/google/models/([^/:]+):predict", lambda target, model: VertexEmbeddings(model)),
    (r"/bedrock/model/([^/]+)/invoke", lambda target, model: BedrockEmbeddings("POST", target, model)),
)  # fmt: skip


def embedded_at(method: str, target: str) -> Dialect[Embedding] | None:
    """Who answers a call to `target`: path, as it was sent, and query."""
    path = target.partition("?")[0]
    for pattern, make in AT if method == "POST" else ():
        if found := re.fullmatch(pattern, path):
            return make(target, unquote(found[1]) if found.groups() else "")
    return None


def read[T](body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Problem(400, f"Invalid request: {error}") from None


def without_usage(told: Json, behaviour: Behaviour) -> Json:
    return {} if behaviour.word == "no-usage" else told


def in_base64(one: list[float]) -> str:
    return b64encode(array("f", one).tobytes()).decode("ascii")


class OpenAIRequest(Struct):
    model: str
    input: Annotated[str, Meta(min_length=1)] | Annotated[list[Any], Meta(min_length=1, max_length=2048)]
    dimensions: Size | None = None
    encoding_format: Literal["float", "base64"] = "float"


class GeminiPart(Struct):
    text: str


class GeminiContent(Struct):
    parts: Annotated[list[GeminiPart], Meta(min_length=1)]


class GeminiRequest(Struct, rename="camel"):
    content: GeminiContent
    output_dimensionality: Size | None = None
    task_type: str = ""


class GeminiRequests(Struct):
    requests: Annotated[list[GeminiRequest], Meta(min_length=1, max_length=100)]


class VertexInstance(Struct):
    content: str
    task_type: str = ""


class VertexParameters(Struct, frozen=True, rename="camel"):
    output_dimensionality: Size | None = None


class VertexRequest(Struct):
    instances: Annotated[list[VertexInstance], Meta(min_length=1, max_length=250)]
    parameters: VertexParameters = VertexParameters()


class InvokedRequest(Struct):
    texts: Annotated[list[str], Meta(min_length=1, max_length=96)]
    input_type: Literal["search_document", "search_query", "classification", "clustering", "image"]
    embedding_types: list[Literal["float"]]
    output_dimension: Size | None = None


class CohereRequest(Struct):
    model: str
    texts: Annotated[list[str], Meta(min_length=1, max_length=96)]
    input_type: Literal["search_document", "search_query", "classification", "clustering", "image"]
    embedding_types: list[Literal["float"]]
    output_dimension: Size | None = None
