"""One click from a finding to a draft rule in the editor; what is served stays."""

from __future__ import annotations

from datetime import timedelta

from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.facts import Tier
from tests.console.conftest import Person
from tests.console.reports.conftest import POLICY, TODAY
from tests.console.reports.test_pages import served_since

GIVEN = {
    "router": "support",
    "rule": "otherwise",
    "request_class": "classification",
    "called_for": "lightweight",
    "served": "premium",
}


def test_a_finding_becomes_a_rule_of_the_draft(traffic: Tenant, ada: Person) -> None:
    served_since(traffic, TODAY - timedelta(days=10))
    with within(traffic):
        traffic.provider_keys.create(name="main", provider="openai")
    page = ada.client.get("/t/acme/overkill/").content.decode()
    assert "Draft a rule" in page
    response = ada.client.post("/t/acme/overkill/rule/", GIVEN)
    assert response["location"] == "/t/acme/routers/support/rules/1/"
    assert ada.client.get(response["location"]).status_code == 200
    with within(traffic):
        router = traffic.routers.select_related("current").get()
    assert router.policy.rules[1].tier is Tier.LIGHTWEIGHT
    assert router.current is not None
    assert router.current.policy == POLICY


def test_a_rule_that_is_gone_is_said(traffic: Tenant, ada: Person) -> None:
    served_since(traffic, TODAY)
    response = ada.client.post("/t/acme/overkill/rule/", {**GIVEN, "rule": "gone"}, follow=True)
    assert "The draft has no rule gone." in response.content.decode()


def test_nonsense_is_no_finding(traffic: Tenant, ada: Person) -> None:
    served_since(traffic, TODAY)
    for change in ({"request_class": "poetry"}, {"called_for": "?"}, {"router": "nothing"}, {"rule": ""}):
        assert ada.client.post("/t/acme/overkill/rule/", {**GIVEN, **change}).status_code == 404
