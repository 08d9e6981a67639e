"""What the console publishes and the gateway serves: one tenant, whole, at one version.

The plain data here is compiled once on arrival (`core.router`, `gateway.state`). A reader refuses a schema
it does not know and a version older than the one it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from gateway.core.baseline import Declared
from gateway.core.catalogue import Model, Provider
from gateway.core.ladder import Purpose
from gateway.core.lengths import Length
from gateway.core.policy import Floor, Policy
from gateway.core.price import Unpriced
from gateway.core.sealed import Sealed

SCHEMA = 1


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Of one gateway key; None does not limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class GatewayKeySnapshot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    digest: str  # core.secrets.digest of the whole key
    id: str
    name: str
    routers: tuple[str, ...] | None = None  # None: all of the tenant's
    tags: Mapping[str, str] = {}
    limits: Limits = Limits()
    expires_at: datetime | None = None


class ProviderKeySnapshot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    name: str
    provider: str
    base_url: str  # the provider's own, unless the tenant gave another
    sealed: Sealed | None = None  # None: the provider wants no key, or the snapshot is a kept copy


class BudgetScope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a budget is over; nothing given: the whole tenant. With a purpose it is over such calls alone, and they fall
    under the others as well."""

    router: str | None = None
    key: str | None = None
    tag: Mapping[str, str] | None = None
    purpose: Purpose | None = None


class Budget(Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    name: str
    nano: int
    per: str  # day | week | month
    at_limit: str  # block | downgrade | alert; with a purpose skip | climb | alert
    scope: BudgetScope = BudgetScope()

    @property
    def blocks(self) -> bool:
        """Whether calls that it cannot pay for are not made."""
        return self.at_limit in {"block", "skip", "climb"}


class RouterSnapshot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str  # in the URL
    policy: Policy
    policy_version: int
    enabled: bool = True
    baselines: tuple[Declared, ...] = ()  # oldest first; the policy's, but not within a period that has begun


class TenantSnapshot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    schema: int
    version: int  # one counter per tenant, only up
    tenant: str  # id
    slug: str
    plan: str
    published_at: datetime
    suspended: bool = False
    time_zone: str = "UTC"
    tags: tuple[str, ...] = ()  # declared attribution tags
    unpriced_models: Unpriced = Unpriced.UNKNOWN
    providers: tuple[Provider, ...] = ()
    models: tuple[Model, ...] = ()
    whitelist: tuple[str, ...] | None = None
    floors: tuple[Floor, ...] = ()
    provider_keys: tuple[ProviderKeySnapshot, ...] = ()
    gateway_keys: tuple[GatewayKeySnapshot, ...] = ()
    routers: tuple[RouterSnapshot, ...] = ()
    budgets: tuple[Budget, ...] = ()
    lengths: tuple[Length, ...] = ()  # of its answers, as far as they are known
    known: bytes = b""  # core.quality.keep: what its outcomes say of models; empty: only the book speaks
