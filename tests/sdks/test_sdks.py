"""The official SDKs for Python do all that they can, with providers of every protocol."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.gateway.world import Served
from tests.sdks.asking import Try
from tests.sdks.callers import EMBEDDINGS, IN_PYTHON, SDKS
from tests.sdks.matrix import REFUSED, UPDATE, WORKS, in_readme, read, section, write
from tests.sdks.world import EMBEDDING, ROUTERS

# Warnings are about what an SDK itself does.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.filterwarnings("ignore")]


def cells() -> list[tuple[str, str]]:
    return [
        (sdk, router)
        for sdk in IN_PYTHON
        for router in ROUTERS
        if sdk not in EMBEDDINGS or router in EMBEDDING
    ]


@pytest.mark.parametrize(("sdk", "router"), cells())
async def test_an_sdk_with_a_protocol(sdk: str, router: str, served: Served) -> None:
    cell = {feature: await outcome(attempt, served, router) for feature, attempt in IN_PYTHON[sdk].items()}
    if os.environ.get(UPDATE):
        write(sdk, router, cell)
    assert cell == read()[sdk][router]


async def outcome(attempt: Try, served: Served, router: str) -> str:
    """Refused is what the gateway says cannot be said; anything else that goes wrong is a failure."""
    try:
        await attempt(served, router)
    except Exception as error:
        if is_refusal(error):
            return REFUSED
        raise
    return WORKS


def is_refusal(error: Any) -> bool:
    """Of an SDK's error: a 400 that names what cannot be said."""
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    told = f"{error} {getattr(error, 'code', '')} {getattr(error, 'body', '')}"
    return status == 400 and "untranslatable" in told.lower()


def test_the_readme_shows_what_was_found() -> None:
    assert in_readme() == section(read(), SDKS), "run: python -m tests.sdks.matrix"
