"""Credential → caller, by the digest of the whole key. One extractor for every header a key may come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from gateway.core.router import Router
from gateway.core.secrets import MAX_LENGTH, MIN_LENGTH, digest
from gateway.core.snapshot import GatewayKeySnapshot
from gateway.errors import (
    ConfigUnavailable,
    ConflictingCredentials,
    InvalidKey,
    RouterDisabled,
    RouterNotFound,
    TenantSuspended,
)
from gateway.exchange import Call
from gateway.state import TenantRuntime, World

TAG = b"x-rungway-tag-"
MAX_TAG = 128  # characters of a tag's value
KEY_HEADERS = (b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key")


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls, and through which router, if any."""

    runtime: TenantRuntime
    key: GatewayKeySnapshot
    router: Router | None
    tags: Mapping[str, str]


def authenticate(call: Call, world: World) -> Caller:
    runtime, key = identify(call.credentials, world)
    if runtime.snapshot.suspended:
        raise TenantSuspended()
    return Caller(
        runtime=runtime,
        key=key,
        router=None if call.endpoint.router is None else router_of(call.endpoint.router, runtime, key),
        tags={**key.tags, **tags_in(call.headers)},
    )


def identify(credentials: Iterable[bytes], world: World) -> tuple[TenantRuntime, GatewayKeySnapshot]:
    secrets = set(filter(None, map(_secret, credentials)))
    if len(secrets) > 1:
        raise ConflictingCredentials()
    secret = next(iter(secrets), "")
    if not MIN_LENGTH <= len(secret) <= MAX_LENGTH:
        raise InvalidKey()
    found = world.keys.get(digest(secret))
    if found is None:
        raise InvalidKey() if world.tenants else ConfigUnavailable()
    if found[1].expires_at is not None and found[1].expires_at <= datetime.now(UTC):
        raise InvalidKey()
    return found


def tags_in(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """`x-rungway-tag-<name>: value`. Dashes in a name read as underscores, for not every proxy lets those pass."""
    tags: dict[str, str] = {}
    for name, value in headers.items():
        if name.startswith(TAG):
            text = value.decode("utf-8", "replace")[:MAX_TAG]
            label = name[len(TAG) :].decode("ascii", "replace").replace("-", "_")
            tags[label] = "".join(char for char in text if char.isprintable())
    return tags


def router_of(router_id: str, runtime: TenantRuntime, key: GatewayKeySnapshot) -> Router:
    router = runtime.routers.get(router_id)
    if router is None or (key.routers is not None and router_id not in key.routers):
        raise RouterNotFound(router_id)
    if not router.enabled:
        raise RouterDisabled(router_id)
    return router


def _secret(value: bytes) -> str:
    """The key in a header's value; anything that cannot be one counts as malformed, not as absent."""
    scheme, _, rest = value.partition(b" ")
    text = rest if scheme.lower() == b"bearer" else value
    try:
        return text.strip().decode("ascii")
    except UnicodeDecodeError:
        return "�"
