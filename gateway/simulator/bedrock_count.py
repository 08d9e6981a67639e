"""CountTokens as AWS takes and gives it: of what would be said to Converse, or of a whole body for InvokeModel."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import msgspec

from gateway.simulator import anthropic, aws_signature
from gateway.simulator.bedrock_invoke import VERSION
from gateway.simulator.bedrock_request import Request, asked_in, decoded, invalid
from gateway.simulator.prompt_cache import prompt_tokens
from gateway.simulator.reply import Json, encoded


def counted(method: str, target: str, model: str, headers: dict[bytes, bytes], body: bytes) -> Json:
    aws_signature.check(method, target, headers, body)
    try:
        given = msgspec.json.decode(body, type=dict[str, dict[str, Any]])["input"]
        ((kind, said),) = given.items()
    except (msgspec.DecodeError, KeyError, ValueError):
        raise invalid("input must be one of converse, invokeModel.") from None
    return {"inputTokens": _invoked(said) if kind == "invokeModel" else _conversed(model, said)}


def _conversed(model: str, said: Json) -> int:
    return prompt_tokens(asked_in(Request(model, False, decoded(encoded(said)))))


def _invoked(said: Json) -> int:
    inner: Json = msgspec.json.decode(b64decode(said["body"]))
    if inner.pop("anthropic_version", None) != VERSION or "max_tokens" not in inner:
        raise invalid("The body must be one that InvokeModel takes.")
    tokens: int = anthropic.counted(encoded(inner | {"model": "any"}))["input_tokens"]
    return tokens
