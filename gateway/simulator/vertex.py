"""Vertex AI around the models of two vendors: tokens for service accounts, and Anthropic's words without a model."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from hashlib import sha256
from time import time
from typing import Any
from urllib.parse import parse_qs

import msgspec

from gateway.simulator import anthropic
from gateway.simulator.anthropic_request import Request
from gateway.simulator.asked import Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.gemini import Generate
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
VERSION = "vertex-2023-10-16"
PREFIX = "ya29.simulated-"


def token_for(form: bytes, address: str) -> Json:
    """For a statement that says who asks, of this very address, and not for longer than an hour."""
    fields = parse_qs(form.decode("ascii"))
    if fields.get("grant_type") != [GRANT]:
        raise Problem(400, "unsupported_grant_type")
    head, claims, signature = fields["assertion"][0].split(".")
    said: dict[str, Any] = part_of(claims)
    fresh = said["iat"] <= time() + 60 and said["exp"] <= said["iat"] + 3_600
    if part_of(head).get("alg") != "RS256" or not signature or not fresh or said["aud"] != address:
        raise Problem(400, "invalid_grant")
    token = PREFIX + sha256(said["iss"].encode()).hexdigest()[:24]
    return {"access_token": token, "expires_in": 3_599, "token_type": "Bearer"}


def part_of(encoded_part: str) -> dict[str, Any]:
    padded = encoded_part + "=" * (-len(encoded_part) % 4)
    return msgspec.json.decode(urlsafe_b64decode(padded), type=dict[str, Any])


class OnVertex(Generate):
    """Google's own models: a token or an API key, and never a key where a token belongs."""

    def key_of(self, headers: dict[bytes, bytes]) -> str:
        return shown(headers)


class Claude:
    """Anthropic's words; the model stands in the path, the version in the body."""

    ID_HEADER = anthropic.ID_HEADER

    def __init__(self, model: str, *, streaming: bool) -> None:
        self._model, self._streaming = model, streaming

    def key_of(self, headers: dict[bytes, bytes]) -> str:
        return shown(headers)

    def parse(self, body: bytes, headers: dict[bytes, bytes]) -> Request:
        said: Json = msgspec.json.decode(body)
        if said.pop("anthropic_version", None) != VERSION:
            raise Problem(400, "anthropic_version: Field required")
        if "model" in said:
            raise Problem(400, "model: Extra inputs are not permitted")
        if bool(said.get("stream")) != self._streaming:
            raise Problem(400, "stream: does not fit the method")
        versioned = headers | {b"anthropic-version": b"2023-06-01"}
        return anthropic.parse(encoded(said | {"model": self._model}), versioned)

    def bill(self, request: Request, cache: PromptCache, key: str) -> Usage:
        return anthropic.bill(request, cache, key)

    def reply(self, request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
        return anthropic.reply(request, usage, behaviour, request_id, now)

    def problem_body(self, problem: Problem, request_id: str) -> Json:
        return anthropic.problem_body(problem, request_id)

    def error_frame(self, problem: Problem, request_id: str) -> Frame:
        return anthropic.error_frame(problem, request_id)


def counted_on_vertex(body: bytes) -> Json:
    """Of a prompt in Anthropic's words: here the body does name the model."""
    said: Json = msgspec.json.decode(body)
    if said.pop("anthropic_version", VERSION) != VERSION:
        raise Problem(400, "anthropic_version: Field required")
    return anthropic.counted(encoded(said))


def shown(headers: dict[bytes, bytes]) -> str:
    key = headers.get(b"x-goog-api-key", b"").decode("latin-1")
    token = headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ").strip()
    return key or (token if token.startswith(PREFIX) else "")
