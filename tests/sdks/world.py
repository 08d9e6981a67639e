"""A tenant with one router for every protocol, each with one model that writes and one that embeds, where there is one."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.core.catalogue import Model
from gateway.core.facts import ModelKind, Tier
from gateway.core.policy import Policy
from gateway.core.snapshot import RouterSnapshot, TenantSnapshot
from tests.gateway.clouds import only, row, sealed, tenant_on
from tests.gateway.world import model

ROUTERS = {  # router → what its provider speaks
    "openai": "OpenAI chat",
    "responses": "OpenAI Responses",
    "azure": "Azure OpenAI",
    "anthropic": "Anthropic",
    "gemini": "Gemini",
    "vertex": "Vertex, Gemini",
    "claude": "Vertex, Claude",
    "bedrock": "Bedrock",
    "cohere": "Cohere",
    "ollama": "Ollama",
}
EMBEDDING = ("openai", "azure", "gemini", "vertex", "bedrock", "cohere", "ollama")


def tenant(simulator: str) -> TenantSnapshot:
    made = tenant_on(simulator)
    provider, base, writer = row("responses", "openai_responses", "gpt-5-nano", f"{simulator}/openai/v1")
    embedders = tuple(map(embedder, EMBEDDING))
    routers = [with_embedder(router) for router in made.routers if router.id in ROUTERS]
    return replace(
        made,
        providers=(*made.providers, provider),
        provider_keys=(*made.provider_keys, sealed(provider.id, base, "key-of-responses-0123456789")),
        models=(*made.models, writer, *embedders),
        routers=(*routers, RouterSnapshot(id="responses", policy=only(writer.id), policy_version=1)),
    )


def embedder(provider: str) -> Model:
    name = "cohere.embed-1" if provider == "bedrock" else ""  # there, the name says whose words are spoken
    return model(
        f"{provider}/embed-1",
        Tier.LIGHTWEIGHT,
        (0.02, 0),
        kind=ModelKind.EMBEDDING,
        can=frozenset(),
        upstream_model=name,
    )


def with_embedder(router: RouterSnapshot) -> RouterSnapshot:
    policy: Policy = router.policy
    return replace(
        router, policy=replace(policy, whitelist=(*(policy.whitelist or ()), f"{router.id}/embed-1"))
    )
