"""The providers and models that a tenant can reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct

from gateway.core.facts import ModelKind, Need, Tier
from gateway.core.price import Price, Usage, as_served, price_on

# The wire protocols that the gateway speaks with providers.
SPOKEN = frozenset(
    {
        "anthropic",
        "azure",
        "azure_responses",
        "bedrock",
        "bedrock_anthropic",
        "cohere",
        "gemini",
        "ollama",
        "openai_chat",
        "openai_responses",
        "vertex_anthropic",
        "vertex_gemini",
    }
)

# Those of them that take the bodies of a surface of another name as they are.
WORDS: Mapping[str, str] = {
    "azure": "openai_chat",
    "azure_responses": "openai_responses",
    "bedrock_anthropic": "anthropic",
    "vertex_anthropic": "anthropic",
    "vertex_gemini": "gemini",
}


class Auth(StrEnum):
    """How a provider wants to be shown its key."""

    BEARER = "bearer"
    X_API_KEY = "x-api-key"
    API_KEY = "api-key"
    AWS = "aws"  # a key pair that signs each request, or an API key
    X_GOOG_API_KEY = "x-goog-api-key"
    XI_API_KEY = "xi-api-key"
    SERVICE_ACCOUNT = "service-account"  # signs for a token, which expires
    NONE = "none"

    @property
    def signs(self) -> bool:
        """Its secret is never sent. It may be JSON, and may say where requests go."""
        return self in {Auth.AWS, Auth.SERVICE_ACCOUNT}


class Provider(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vendor as data: which protocol it speaks, where, and its habits."""

    id: str
    name: str
    dialect: str  # a row of gateway.dialects.DIALECTS
    base_url: str  # what an SDK of that provider takes as its base
    auth: Auth = Auth.BEARER
    also: frozenset[str] = frozenset()  # further protocols at the same address, for callers who speak them
    stops_billing_on_cancel: bool = False
    rejects: frozenset[str] = frozenset()  # request fields it answers with an error


class Model(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model at one provider, or one that a tenant declared."""

    id: str  # provider/model
    provider: str
    tier: Tier
    kind: ModelKind = ModelKind.CHAT
    dialect: str = ""  # another than its provider's, where one account serves models of several protocols
    upstream_model: str = ""  # as the provider calls it; empty: the id after the first slash
    aliases: frozenset[str] = frozenset()  # what the provider also calls it, where `naming.plain` cannot tell
    context: int = 128_000  # tokens, prompt and answer
    max_output: int | None = None
    can: frozenset[Need] = frozenset()
    prices: tuple[Price, ...] = ()  # oldest first; none: unknown
    rejects: frozenset[str] = frozenset()  # request fields that it answers with an error
    named_only: str = (
        ""  # why it answers only where a whitelist or a caller names it; empty: it may be chosen
    )
    provider_key: str = ""  # name of the provider key it is called with; empty: none is there
    keys: tuple[str, ...] = ()  # all that it may be called with, that one among them, where there are several

    @property
    def wire_name(self) -> str:
        return self.upstream_model or self.id.partition("/")[2]

    def price(self, day: date) -> Price | None:
        prices = self.prices
        if prices and prices[-1].since <= day:  # as a rule; this is asked of every model for every request
            return prices[-1]
        return price_on(prices, day)

    def price_of(self, usage: Usage, day: date) -> Price | None:
        """The price of the service tier and the region that were used."""
        price = self.price(day)
        if price is None or not (usage.service_tier or usage.region):
            return price
        return as_served(price, usage)


def protocol_for(model: Model, provider: Provider, surface: str) -> str:
    """In which wire protocol a model is asked: the caller's own, where its provider speaks that as well."""
    if model.dialect:
        return model.dialect
    if not provider.also:
        return provider.dialect
    return next((other for other in provider.also if WORDS.get(other, other) == surface), provider.dialect)
