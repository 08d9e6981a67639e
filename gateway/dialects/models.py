"""Models as each SDK lists them. Those of a tenant are few hundred at most; an order is kept, so that a page has a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import parse_qs

import msgspec

from gateway.core.catalogue import Model
from gateway.core.facts import ModelKind
from gateway.dialects.fields import wrong

_encode = msgspec.json.encode


class ModelList(Protocol):
    def all(self, models: Sequence[Model], query: bytes) -> bytes:
        """Or the page that the query asks for; `InvalidRequest` with the parameter."""
        ...

    def one(self, model: Model) -> bytes: ...


class OpenAIModels:
    """All at once."""

    def all(self, models: Sequence[Model], query: bytes) -> bytes:
        return _encode({"object": "list", "data": [self._row(model) for model in models]})

    def one(self, model: Model) -> bytes:
        return _encode(self._row(model))

    def _row(self, model: Model) -> dict[str, Any]:
        created = int(_since(model).timestamp())
        return {"id": model.id, "object": "model", "created": created, "owned_by": model.provider}


class AnthropicModels:
    """Pages that begin after an id, or end before one."""

    LIMIT, MOST = 20, 1_000

    def all(self, models: Sequence[Model], query: bytes) -> bytes:
        asked = _parameters(query)
        limit = _limit(asked, "limit", self.LIMIT, self.MOST)
        ids = [model.id for model in models]
        first, last = 0, len(models)
        if after := asked.get("after_id"):
            first = _place(ids, after, "after_id") + 1
        if before := asked.get("before_id"):
            last = _place(ids, before, "before_id")
            first = max(first, last - limit)
        page = models[first : min(last, first + limit)]
        more = first > 0 if asked.get("before_id") else first + limit < last
        ends = {"first_id": page[0].id if page else None, "last_id": page[-1].id if page else None}
        return _encode({"data": [self._row(model) for model in page], "has_more": more} | ends)

    def one(self, model: Model) -> bytes:
        return _encode(self._row(model))

    def _row(self, model: Model) -> dict[str, Any]:
        return {
            "type": "model",
            "id": model.id,
            "display_name": model.wire_name,
            "created_at": _since(model).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lifecycle": "active",
            "max_input_tokens": model.context,
            "max_tokens": model.max_output,
        }


class GeminiModels:
    """Pages whose token is the number of the first on it."""

    SIZE, MOST = 50, 1_000
    METHODS: Mapping[ModelKind, Sequence[str]] = {
        ModelKind.CHAT: ("generateContent", "streamGenerateContent", "countTokens"),
        ModelKind.EMBEDDING: ("embedContent", "batchEmbedContents"),
    }

    def all(self, models: Sequence[Model], query: bytes) -> bytes:
        asked = _parameters(query)
        size = _limit(asked, "pageSize", self.SIZE, self.MOST)
        token = asked.get("pageToken", "0")
        if not token.isdecimal() or len(token) > 6:
            raise wrong("pageToken", "is not one that this list gave")
        first = int(token)
        body: dict[str, Any] = {"models": [self._row(model) for model in models[first : first + size]]}
        return _encode(body | ({"nextPageToken": str(first + size)} if first + size < len(models) else {}))

    def one(self, model: Model) -> bytes:
        return _encode(self._row(model))

    def _row(self, model: Model) -> dict[str, Any]:
        row = {
            "name": f"models/{model.id}",
            "version": "1",
            "displayName": model.wire_name,
            "inputTokenLimit": model.context,
            "supportedGenerationMethods": self.METHODS[model.kind],
        }
        return row | ({"outputTokenLimit": model.max_output} if model.max_output else {})


def _since(model: Model) -> datetime:
    """The day of its first price: the nearest thing that we know."""
    if not model.prices:
        return datetime(1970, 1, 1, tzinfo=UTC)
    day = model.prices[0].since
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _parameters(query: bytes) -> dict[str, str]:
    try:
        return {
            name: values[-1] for name, values in parse_qs(query.decode("ascii"), max_num_fields=32).items()
        }
    except ValueError:
        raise wrong("query", "cannot be read") from None


def _limit(asked: Mapping[str, str], name: str, usual: int, most: int) -> int:
    value = asked.get(name)
    if value is None:
        return usual
    if not value.isdecimal() or len(value) > 6 or not 1 <= int(value) <= most:
        raise wrong(name, f"must lie between 1 and {most}")
    return int(value)


def _place(ids: Sequence[str], wanted: str, name: str) -> int:
    if wanted not in ids:
        raise wrong(name, "is not in the list")
    return ids.index(wanted)


LISTS: Mapping[str, ModelList] = {
    "openai_chat": OpenAIModels(),
    "anthropic": AnthropicModels(),
    "gemini": GeminiModels(),
}
