"""What a caller can name, in the shape of its SDK, page by page where that has pages."""

from __future__ import annotations

from gateway.authenticate import Caller
from gateway.core.catalogue import Model
from gateway.core.router import on_whitelist
from gateway.dialects.models import LISTS
from gateway.errors import ModelNotFound
from gateway.exchange import Answer, Call

_JSON = [(b"content-type", b"application/json")]


def listed(call: Call, caller: Caller) -> Answer:
    """All models that this key may name, or the one in the path."""
    shape = LISTS["anthropic" if b"anthropic-version" in call.headers else call.endpoint.surface]
    models = nameable(caller)
    if not call.endpoint.model:
        return Answer(status=200, headers=list(_JSON), body=shape.all(models, call.query))
    one = next((model for model in models if call.endpoint.model in _names(model)), None)
    if one is None:
        raise ModelNotFound(call.endpoint.model)
    return Answer(status=200, headers=list(_JSON), body=shape.one(one))


def nameable(caller: Caller) -> list[Model]:
    snapshot = caller.runtime.snapshot
    reachable = caller.router.open if caller.router else snapshot.models
    return [model for model in reachable if model.provider_key and on_whitelist(model.id, snapshot.whitelist)]


def _names(model: Model) -> tuple[str, str, str]:
    return model.id, model.wire_name, model.id.partition("/")[2]
