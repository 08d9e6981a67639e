"""Which paths there are. A surface's own paths work with and without a router in front."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from msgspec.structs import replace

from gateway.dialects import SURFACES
from gateway.exchange import Endpoint


def _get(surface: str) -> Endpoint:
    return Endpoint(surface=surface, operation="models", method="GET")


def _post(surface: str, operation: str = "chat", *, streaming: bool = False, batch: bool = False) -> Endpoint:
    return Endpoint(surface=surface, operation=operation, method="POST", streaming=streaming, batch=batch)


# Some SDKs put `/v1` before these paths, some take it for a part of the base.
_UNVERSIONED: Mapping[str, Endpoint] = {
    "/chat/completions": _post("openai_chat"),
    "/responses": _post("openai_responses"),
    "/completions": _post("openai_completions"),
    "/embeddings": _post("openai_chat", "embed"),
    "/models": _get("openai_chat"),
}
_FIXED: Mapping[str, Endpoint] = {
    **_UNVERSIONED,
    **{f"/v1{path}": endpoint for path, endpoint in _UNVERSIONED.items()},
    "/v1/messages": _post("anthropic"),
    "/v1/messages/count_tokens": _post("anthropic", "count"),
    "/v1beta/models": _get("gemini"),
}
_OF_A_MODEL: Mapping[str, Endpoint] = {  # `{version}/models/{model}:{verb}`
    "generateContent": _post("gemini"),
    "streamGenerateContent": _post("gemini", streaming=True),
    "countTokens": _post("gemini", "count"),
    "embedContent": _post("gemini", "embed"),
    "batchEmbedContents": _post("gemini", "embed", batch=True),
}
_ROUTER = re.compile(rb"/router/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})(/.*)\Z")
# Under one cloud's address a place and a publisher stand before the model.
_PLACE = rb"(?:/projects/[^/]+/locations/[^/]+)?/publishers/([^/]+)"
_MODEL = re.compile(rb"(/v1beta1|/v1beta|/v1|)(?:%b)?/models/([^?#]{1,300}?)(?::([A-Za-z]+))?\Z" % _PLACE)
_OWN = b"google"  # its publisher's name is said of models that have no other


@lru_cache(maxsize=2_048)
def find(path: bytes) -> tuple[Endpoint | None, str]:
    """The endpoint at a raw path, or None; and the surface in whose shape an error is told."""
    if known := _KNOWN.get(path):
        return known, known.surface
    match = _ROUTER.match(path)
    router, below = (match[1].decode(), match[2]) if match else (None, path)
    endpoint = _KNOWN.get(below) or _of_a_model(below)
    if endpoint is None:
        return None, _guessed(path)
    if router is not None:
        endpoint = replace(endpoint, router=router)
    return endpoint, endpoint.surface


def _of_a_model(path: bytes) -> Endpoint | None:
    """The model stands in the path: a model is looked up, or asked for what the verb says."""
    match = _MODEL.match(path)
    if match is None:
        return None
    version, publisher, named, verb = match.groups()
    named = named if publisher in {None, _OWN} else b"%b/%b" % (publisher, named)
    model = unquote_to_bytes(named).decode(errors="replace")
    if verb is None:
        return replace(_get("gemini" if version.startswith(b"/v1beta") else "openai_chat"), model=model)
    endpoint = _OF_A_MODEL.get(verb.decode())
    return replace(endpoint, model=model) if endpoint and endpoint.surface in SURFACES else None


def _guessed(path: bytes) -> str:
    if b"/v1beta" in path and "gemini" in SURFACES:
        return "gemini"
    return "anthropic" if b"/v1/messages" in path else "openai_chat"


_KNOWN: Mapping[bytes, Endpoint] = {
    path.encode(): endpoint for path, endpoint in _FIXED.items() if endpoint.surface in SURFACES
}
