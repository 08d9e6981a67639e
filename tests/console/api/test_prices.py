"""`prices/proposals`: read by anybody, decided by admins, with the effect on what was used."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from console.catalogue import builtin, price_book
from console.catalogue.models import PriceBook, PriceEdition
from console.tenancy import within
from console.tenants.models import Tenant
from tests.console.api.conftest import Program

NANO = "openai/gpt-5-nano"


@pytest.fixture
def old(acme: Tenant) -> Tenant:
    """Acme pays half of what the list that is installed now says."""
    now = builtin.models()[NANO].prices[-1]
    prices = {**price_book.installed(), NANO: (replace(now, input=now.input // 2),)}
    with within(acme):
        edition = PriceEdition.objects.create(
            digest="1" * 64, source="list 0", prices=msgspec.to_builtins(prices)
        )
        PriceBook(tenant=acme, edition=edition).save()
    return acme


def test_a_proposal_is_told_and_accepted(old: Tenant, viewer: Program, admin: Program) -> None:
    (one,) = viewer.get("prices/proposals").body["results"]
    assert (one["model"], one["before"]["input"], one["after"]["input"]) == (NANO, 0.025, 0.05)
    assert {other["service_tier"] for other in one["after"]["others"]} >= {"flex", "batch"}
    assert (one["attempts"], one["cost_before_usd"], one["cost_after_usd"]) == (0, "0", "0")

    assert viewer.post("prices/proposals/accept", {"keys": [one["key"]]}).status == 403
    assert admin.post("prices/proposals/accept", {"keys": [one["key"]]}).body == {"results": [], "next": None}
    assert admin.get(f"models/{NANO}").body["price"]["input"] == "0.05"


def test_a_rejected_one_is_marked(old: Tenant, admin: Program) -> None:
    (one,) = admin.get("prices/proposals").body["results"]
    (left,) = admin.post("prices/proposals/reject", {"keys": [one["key"]]}).body["results"]
    assert left == {**one, "was_rejected": True}
    assert admin.get(f"models/{NANO}").body["price"]["input"] == "0.025"
