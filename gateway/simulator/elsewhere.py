"""Which of the other providers a path belongs to: those that put model or operation into it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from gateway.simulator import cohere, ollama, openai
from gateway.simulator.azure import Azure
from gateway.simulator.bedrock import Converse
from gateway.simulator.reply import Dialect, Json

CONVERSE = re.compile(r"/bedrock/model/([^/]+)/(converse|converse-stream)")
DEPLOYED = re.compile(r"/azure/openai/deployments/([^/]+)/chat/completions")


def asked_at(method: str, target: str) -> Dialect[Any] | None:
    """Who answers a call to `target`: path, as it was sent, and query."""
    path, _, query = target.partition("?")
    if method != "POST":
        return None
    if found := CONVERSE.fullmatch(path):
        return Converse(method, target, unquote(found[1]), streaming=found[2] == "converse-stream")
    if found := DEPLOYED.fullmatch(path):
        return Azure(unquote(found[1]), query.removeprefix("api-version="))
    known: dict[str, Dialect[Any]] = {
        "/azure/openai/v1/chat/completions": Azure(),
        "/cohere/v2/chat": cohere,
        "/ollama/api/chat": ollama,
    }
    return known.get(path)


def listed_at(method: str, target: str, names: tuple[str, ...]) -> tuple[Dialect[Any], Json] | None:
    """Who tells which models there are, and what."""
    if method != "GET":
        return None
    listed: dict[str, tuple[Dialect[Any], Json]] = {
        "/azure/openai/models": (Azure(), openai.models(names)),
        "/azure/openai/v1/models": (Azure(), openai.models(names)),
        "/cohere/v1/models": (cohere, cohere.models(names)),
        "/ollama/api/tags": (ollama, ollama.models(names)),
    }
    return listed.get(target.partition("?")[0])
