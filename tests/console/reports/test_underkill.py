"""The page of underkill says what the books found, and makes a rule of it; what is served stays."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from console.interface.formatting import usd
from console.tenancy import within
from console.tenants.models import Plan, Tenant
from gateway.core.facts import Tier
from gateway.core.price import cost
from tests.billing.events import NANO, attempt
from tests.console.conftest import Person
from tests.console.reports.conftest import POLICY, TODAY
from tests.console.reports.test_pages import served_since, shown, text

GIVEN = {"router": "support", "rule": "routine", "request_class": "classification", "to": "mid"}


def test_a_finding_leads_to_its_requests_and_becomes_a_rule(traffic: Tenant, ada: Person) -> None:
    served_since(traffic, TODAY - timedelta(days=10))
    with within(traffic):
        traffic.provider_keys.create(name="main", provider="openai")
    page = shown(ada.client, "underkill/")

    assert "Rejected answers 1 0 with no better one after" in text(page)
    wasted = usd(cost(NANO.prices[0], attempt(NANO).usage))
    assert (
        f"support · routine Classification Lightweight 3 1 – – 33.3% {wasted} 400 ms openai/ gpt-5-mini $0.00096 less"
        in text(page)
    )
    link = re.search(r'<a href="(/t/acme/requests/\?[^"]+part=rejected[^"]*)">1</a>', page)
    assert link is not None
    listed = shown(ada.client, html.unescape(link[1]).removeprefix("/t/acme/"))
    assert f"1 attempt, {wasted}" in text(listed)

    response = ada.client.post("/t/acme/underkill/rule/", GIVEN)
    assert response["location"] == "/t/acme/routers/support/rules/0/"
    assert ada.client.get(response["location"]).status_code == 200
    with within(traffic):
        router = traffic.routers.select_related("current").get()
    assert (router.policy.rules[0].name, router.policy.rules[0].tier) == (
        "classification up to mid",
        Tier.MID,
    )
    assert router.current is not None
    assert router.current.policy == POLICY


def test_what_cannot_be_drafted_is_said(traffic: Tenant, ada: Person) -> None:
    served_since(traffic, TODAY)
    gone = ada.client.post("/t/acme/underkill/rule/", {**GIVEN, "rule": "gone"}, follow=True)
    assert "The draft has no rule gone." in gone.content.decode()
    for change in ({"request_class": "poetry"}, {"to": "?"}, {"router": "nothing"}, {"rule": ""}):
        assert ada.client.post("/t/acme/underkill/rule/", {**GIVEN, **change}).status_code == 404


def test_under_a_replaced_policy_it_stands_apart(traffic: Tenant, ada: Person) -> None:
    page = text(shown(ada.client, "underkill/"))

    assert "Rejected answers 0" in page
    assert "Under policies that others have replaced · 1 finding" in page


def test_it_needs_pro(ada: Person, traffic: Tenant) -> None:
    Tenant.objects.filter(pk=traffic.pk).update(plan=Plan.FREE)
    page = text(shown(ada.client, "underkill/"))
    assert "Part of AI Inside, in the plans pro and up." in page
    assert "support · " not in page
