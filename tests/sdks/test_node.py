"""The SDKs for Node do all that they can, with providers of every protocol. `REQUIRE_NODE=1`: a missing Node fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.gateway.world import KEY, Served
from tests.sdks.callers import IN_NODE
from tests.sdks.matrix import REFUSED, UPDATE, WORKS, read, write
from tests.sdks.node import NotInstalled, tried
from tests.sdks.world import ROUTERS

pytestmark = pytest.mark.asyncio(loop_scope="module")

type Found = dict[str, dict[str, dict[str, str]]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(served: Served) -> AsyncIterator[Found]:
    required = bool(os.environ.get("REQUIRE_NODE"))
    if not required and shutil.which("node") is None:
        pytest.skip("no Node here")
    try:
        yield await tried({router: served.router(router) for router in ROUTERS}, KEY)
    except NotInstalled as error:
        if required:
            raise
        pytest.skip(f"the SDKs cannot be installed: {error}")


@pytest.mark.parametrize("router", ROUTERS)
@pytest.mark.parametrize("sdk", IN_NODE)
async def test_an_sdk_with_a_protocol(sdk: str, router: str, found: Found) -> None:
    cell = {feature: outcome(said) for feature, said in found[IN_NODE[sdk]][router].items()}
    failed = {feature: said for feature, said in cell.items() if said not in {WORKS, REFUSED}}
    assert not failed
    if os.environ.get(UPDATE):
        write(sdk, router, cell)
    assert cell == read()[sdk][router]


def outcome(said: str) -> str:
    return REFUSED if said.startswith("400 ") and "untranslatable" in said.lower() else said
