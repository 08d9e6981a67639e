"""Acme with two provider keys and a router of the contract's shape, seen through its members' browsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.routers import actions, text
from console.routers.models import Router
from console.tenancy import within
from console.tenants.models import Tenant
from tests.console.conftest import Person
from tests.console.routers.contract import POLICY


@pytest.fixture
def inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


@pytest.fixture
def contract(acme: Tenant, ben: Person) -> Router:
    """Saved and closed: views open their own transaction."""
    with within(acme):
        for name, provider in (("main", "openai"), ("second", "anthropic")):
            acme.provider_keys.create(name=name, provider=provider)
        acme.tags = ["team", "escalated", "data"]
        acme.save()
        return actions.create(acme, "support", text.read(POLICY), acting=ben.acting)
