"""Which of the other providers a path belongs to: those that put model or operation into it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from gateway.simulator import bedrock_count, cohere, gemini, ollama, openai, responses
from gateway.simulator.azure import Azure
from gateway.simulator.bedrock import Converse
from gateway.simulator.bedrock_invoke import Invoke
from gateway.simulator.gemini import Generate
from gateway.simulator.reply import Dialect, Json
from gateway.simulator.responses import Responses
from gateway.simulator.vertex import Claude, OnVertex, counted_on_vertex

CONVERSE = re.compile(r"/bedrock/model/([^/]+)/(converse|converse-stream)")
INVOKE = re.compile(r"/bedrock/model/([^/]*(?:anthropic|claude)[^/]*)/invoke(-with-response-stream)?")
GENERATE = re.compile(r"/gemini/v1(?:beta)?/models/([^:]+):(generateContent|streamGenerateContent)")
PREDICT = re.compile(
    r"/vertex/v1(?:beta1)?(?:/projects/[^/]+/locations/[^/]+)?/publishers/(google|anthropic)/models/([^:]+)"
    r":(generateContent|streamGenerateContent|rawPredict|streamRawPredict)"
)
SIGNED_COUNT = re.compile(r"/bedrock/model/([^/]+)/count-tokens")
COUNTED = re.compile(r"/(gemini/v1(?:beta)?|vertex/.+/publishers/google)/models/([^/:]+):countTokens")
CLAUDE_COUNTED = re.compile(r"/vertex/.+/publishers/anthropic/models/count-tokens:rawPredict")
DEPLOYED = re.compile(r"/azure/openai/deployments/([^/]+)/chat/completions")


def asked_at(method: str, target: str) -> Dialect[Any] | None:
    """Who answers a call to `target`: path, as it was sent, and query."""
    path, _, query = target.partition("?")
    if method != "POST":
        return None
    if found := CONVERSE.fullmatch(path):
        return Converse(method, target, unquote(found[1]), streaming=found[2] == "converse-stream")
    if found := INVOKE.fullmatch(path):
        return Invoke(method, target, unquote(found[1]), streaming=bool(found[2]))
    if found := DEPLOYED.fullmatch(path):
        return Azure(unquote(found[1]), query.removeprefix("api-version="))
    if found := GENERATE.fullmatch(path):
        return Generate(unquote(found[1]), streaming=streams(found[2], query))
    if found := PREDICT.fullmatch(path):
        serves: type[OnVertex | Claude] = OnVertex if found[1] == "google" else Claude
        return serves(unquote(found[2]), streaming=streams(found[3], query))
    known: dict[str, Dialect[Any]] = {
        "/azure/openai/v1/chat/completions": Azure(),
        "/cohere/v2/chat": cohere,
        "/ollama/api/chat": ollama,
    }
    return known.get(path)


def counted_at(
    method: str, target: str, headers: dict[bytes, bytes]
) -> tuple[Dialect[Any], Callable[[bytes], Json]] | None:
    """Who counts the tokens of a prompt, and how."""
    path = target.partition("?")[0]
    if method != "POST":
        return None
    if found := SIGNED_COUNT.fullmatch(path):
        converse = Converse(method, target, unquote(found[1]), streaming=False)
        return converse, partial(bedrock_count.counted, method, target, unquote(found[1]), headers)
    if path == "/openai/v1/responses/input_tokens":
        return Responses(), responses.counted
    if CLAUDE_COUNTED.fullmatch(path):
        return Claude("", streaming=False), counted_on_vertex
    found = COUNTED.fullmatch(path)
    if found is None:
        return None
    model = unquote(found[2])
    serves = OnVertex if found[1].startswith("vertex") else Generate
    return serves(model, streaming=False), partial(gemini.counted, model)


def streams(method: str, query: str) -> bool:
    if method == "streamGenerateContent" and query != "alt=sse":
        raise NotImplementedError("a stream as a JSON array, which the gateway never asks for")
    return method.startswith("stream")


def listed_at(method: str, target: str, names: tuple[str, ...]) -> tuple[Dialect[Any], Json] | None:
    """Who tells which models there are, and what."""
    if method != "GET":
        return None
    listed: dict[str, tuple[Dialect[Any], Json]] = {
        "/azure/openai/models": (Azure(), openai.models(names)),
        "/azure/openai/v1/models": (Azure(), openai.models(names)),
        "/gemini/v1beta/models": (Generate("", streaming=False), gemini.models(names)),
        "/cohere/v1/models": (cohere, cohere.models(names)),
        "/ollama/api/tags": (ollama, ollama.models(names)),
    }
    return listed.get(target.partition("?")[0])
