"""The models that a key can name, listed and looked up, in the shape of each SDK."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
from google.genai import errors
from msgspec.structs import replace
from redis import Redis

from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.dialects.models import LISTS
from gateway.errors import InvalidRequest
from tests.gateway.clouds import google
from tests.gateway.dialects.samples import MODEL
from tests.gateway.test_pipeline import SUPPORT
from tests.gateway.world import KEY, MODELS, serving_gateway, snapshot

ALL = sorted(model.id for model in MODELS)
NARROW = Policy(baseline="openai/gpt-5", whitelist=("openai/*",), otherwise=Otherwise(tier=Tier.MID))
MANY = [replace(MODEL, id=f"p/m{number}") for number in range(45)]


async def test_the_openai_sdk_lists_and_looks_up(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", SUPPORT), ("narrow", NARROW))) as served:
        client = await served.chat()
        listed = [model async for model in client.models.list()]
        narrow = [model.id async for model in (await served.chat("narrow")).models.list()]
        one = await client.models.retrieve("openai/gpt-5-nano")
        bare = await client.models.retrieve("gpt-5-nano")
        with pytest.raises(openai.NotFoundError, match="No provider of this account serves a model 'gpt-9'"):
            await client.models.retrieve("gpt-9")
        with pytest.raises(openai.NotFoundError):
            await (await served.chat("narrow")).models.retrieve("anthropic/claude-haiku-4-5")
    assert sorted(model.id for model in listed) == ALL
    assert sorted(narrow) == ["openai/gpt-5", "openai/gpt-5-mini", "openai/gpt-5-nano"]
    assert one == bare
    assert (one.id, one.owned_by, one.object) == ("openai/gpt-5-nano", "openai", "model")


async def test_the_anthropic_sdk_pages_through_them(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", SUPPORT))) as served:
        client = await served.messages()
        first = await client.models.list(limit=4)
        listed = [model.id async for model in client.models.list(limit=4)]
        one = await client.models.retrieve("anthropic/claude-haiku-4-5")
        with pytest.raises(anthropic.BadRequestError, match="limit"):
            await client.models.list(limit=0)
        with pytest.raises(anthropic.NotFoundError):
            await client.models.retrieve("claude-9")
    assert (len(first.data), first.has_more) == (4, True)
    assert sorted(listed) == ALL
    assert (one.id, one.display_name) == ("anthropic/claude-haiku-4-5", "claude-haiku-4-5")


async def test_googles_sdk_lists_and_looks_up(redis: Redis, tmp_path: Path) -> None:
    async with serving_gateway(redis, tmp_path, snapshot(("support", SUPPORT))) as served:
        models = await google(served, "support")
        listed = [model async for model in await models.list(config={"page_size": 4})]
        one = await models.get(model="openai/gpt-5-nano")
        with pytest.raises(errors.ClientError, match="404"):
            await models.get(model="gpt-9")
    assert sorted(model.name or "" for model in listed) == [f"models/{name}" for name in ALL]
    assert (one.name, one.input_token_limit) == ("models/openai/gpt-5-nano", 200_000)


async def test_the_whitelist_of_the_tenant_holds(redis: Redis, tmp_path: Path) -> None:
    around = snapshot(("support", SUPPORT), whitelist=("anthropic/*",))
    async with serving_gateway(redis, tmp_path, around) as served, httpx.AsyncClient(timeout=60) as client:
        told = await client.get(f"{served.url}/v1/models", headers={"authorization": f"Bearer {KEY}"})
        anybody = await client.get(f"{served.url}/v1/models")
    assert {row["owned_by"] for row in told.json()["data"]} == {"anthropic"}
    assert anybody.status_code == 401


def page(surface: str, query: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(LISTS[surface].all(MANY, query.encode()))
    return decoded


def test_pages_before_an_id_end_there() -> None:
    told = page("anthropic", "before_id=p/m30&limit=10")
    assert (told["first_id"], told["last_id"], told["has_more"]) == ("p/m20", "p/m29", True)
    told = page("anthropic", "before_id=p/m5&limit=10")
    assert (told["first_id"], told["last_id"], told["has_more"]) == ("p/m0", "p/m4", False)
    assert page("anthropic", "after_id=p/m44") == {
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }
    assert len(page("anthropic", "")["data"]) == 20


def test_geminis_pages_have_tokens() -> None:
    names, query = [], "pageSize=20"
    while True:
        told = page("gemini", query)
        names += [row["name"] for row in told["models"]]
        if "nextPageToken" not in told:
            break
        query = f"pageSize=20&pageToken={told['nextPageToken']}"
    assert names == [f"models/p/m{number}" for number in range(45)]


@pytest.mark.parametrize(
    ("surface", "query", "param"),
    [
        ("anthropic", "limit=1001", "limit"),
        ("anthropic", "limit=x", "limit"),
        ("anthropic", "after_id=p/none", "after_id"),
        ("gemini", "pageSize=0", "pageSize"),
        ("gemini", "pageToken=x", "pageToken"),
        ("anthropic", "&".join("a=b" for _ in range(40)), "query"),
        ("anthropic", "a=\xff", "query"),
    ],
)  # fmt: skip
def test_a_page_that_is_none_is_refused(surface: str, query: str, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        page(surface, query)
    assert caught.value.param == param
