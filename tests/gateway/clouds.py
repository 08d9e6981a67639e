"""A tenant whose providers are the simulated ones of every protocol, one router for each."""

from __future__ import annotations

import json
from functools import cache
from uuid import NAMESPACE_DNS, UUID, uuid5

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google import genai
from google.genai import types
from google.genai.models import AsyncModels
from msgspec.structs import replace

from console.keys.sealing import Secret, seal
from gateway.core.catalogue import Auth, Model, Provider
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.snapshot import ProviderKeySnapshot, TenantSnapshot
from tests.gateway.world import KEY, Served, id_of, model, snapshot

PROJECT, LOCATION = "some-project", "europe-west4"
ACCOUNT = "caller@some-project.iam.gserviceaccount.com"
AWS_ID = "AKIASIMULATED0000001"
AWS_SECRET = json.dumps(
    {"access_key_id": AWS_ID, "secret_access_key": f"secretOf{AWS_ID}", "region": "us-east-1"}
)


@cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def account(token_uri: str, **changes: str) -> dict[str, str]:
    """A key file as Google gives it, with a place."""
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "0123456789abcdef",
        "private_key": private_key(),
        "client_email": ACCOUNT,
        "token_uri": token_uri,
        "location": LOCATION,
    } | changes


def tenant_on(simulator: str) -> TenantSnapshot:
    rows: list[tuple[Provider, str, Model]] = [
        row("openai", "openai_chat", "gpt-5-nano", f"{simulator}/openai/v1"),
        row("anthropic", "anthropic", "claude-haiku-4-5", f"{simulator}/anthropic", Auth.X_API_KEY),
        row("gemini", "gemini", "gemini-3.5-flash", f"{simulator}/gemini", Auth.X_GOOG_API_KEY),
        row("vertex", "vertex_gemini", "gemini-2.5-flash", f"{simulator}/vertex", Auth.SERVICE_ACCOUNT),
        row("express", "vertex_gemini", "gemini-2.5-flash", f"{simulator}/vertex", Auth.SERVICE_ACCOUNT),
        row("bedrock", "bedrock", "claude-haiku-4-5", f"{simulator}/bedrock", Auth.AWS),
        row("azure", "azure", "gpt-5-nano", f"{simulator}/azure", Auth.API_KEY),
        row("cohere", "cohere", "command-a", f"{simulator}/cohere"),
        row("ollama", "ollama", "llama-3.3-8b", f"{simulator}/ollama"),
    ]
    secrets = {"vertex": json.dumps(account(f"{simulator}/vertex/token")), "bedrock": AWS_SECRET}
    claude = model(
        "vertex/claude-haiku-4-5", Tier.LIGHTWEIGHT, (1, 5), dialect="vertex_anthropic", max_output=8_192
    )
    models = [*(each for _, _, each in rows), claude]
    made = snapshot(
        *((each.id.partition("/")[0], only(each.id)) for _, _, each in rows),
        ("claude", only(claude.id)),
        ("all", Policy(baseline="openai/gpt-5-nano", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))),
        models=models,
    )
    keys = tuple(sealed(p.id, base, secrets.get(p.id, f"key-of-{p.id}-0123456789")) for p, base, _ in rows)
    return replace(made, providers=tuple(provider for provider, _, _ in rows), provider_keys=keys)


def row(
    provider: str, dialect: str, name: str, base_url: str, auth: Auth = Auth.BEARER
) -> tuple[Provider, str, Model]:
    said = Provider(id=provider, name=provider, dialect=dialect, base_url="", auth=auth)
    return said, base_url, model(f"{provider}/{name}", Tier.LIGHTWEIGHT, (1, 5))


def only(model_id: str) -> Policy:
    return Policy(baseline=model_id, whitelist=(model_id,), otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))


def sealed(provider: str, base_url: str, secret: str) -> ProviderKeySnapshot:
    key_id = uuid5(NAMESPACE_DNS, provider)
    box = seal(Secret(secret), tenant=UUID(id_of("tenant-1")), secret_id=key_id)
    return ProviderKeySnapshot(
        id=str(key_id), name=f"{provider}-main", provider=provider, base_url=base_url, sealed=box
    )


async def google(served: Served, router: str | None) -> AsyncModels:
    """Of the official SDK, pointed at a router, or at none. A client that is let go of closes itself."""
    url = served.url if router is None else served.router(router)
    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=url))
    served.open.callback(client.close)
    return (await served.open.enter_async_context(client.aio)).models
