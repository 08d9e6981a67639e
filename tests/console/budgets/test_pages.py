"""The page of budgets: where they stand, and their form."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from redis import Redis

from billing import ingest
from billing.models import Budget
from billing.stream import Stream
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.ladder import Purpose
from gateway.core.snapshot import BudgetScope
from tests.billing.events import GPT_5, attempt, send, settled
from tests.console.browsing import form_in
from tests.console.conftest import Person

HERE = "/t/acme/budgets/"
GIVEN = {
    "name": "search",
    "usd": "50",
    "per": "month",
    "at_limit": "block",
    "router": "",
    "key": "",
    "tag": "",
    "value": "",
    "alert_at": "50, 90",
}


def rows(acme: Tenant) -> list[tuple[str, int, str, str, BudgetScope]]:
    with within(acme):
        return [
            (row.name, row.nano, row.per, row.at_limit, row.scope) for row in acme.budgets.order_by("name")
        ]


def made(acme: Tenant, **rest: Any) -> Budget:
    with within(acme):
        values = {"name": "all", "nano": 10**7, "per": "month", "at_limit": "block", "limits": {}} | rest
        return acme.budgets.create(**values)


def test_before_the_first_the_page_says_what_they_are_for(ada: Person, vera: Person) -> None:
    page = ada.client.get(HERE).text
    assert "No budget yet" in page
    assert "/t/acme/budgets/new/" in page
    assert "/t/acme/budgets/new/" not in vera.client.get(HERE).text


def test_one_is_added_changed_and_deleted(acme: Tenant, ada: Person) -> None:
    assert ada.client.post(f"{HERE}new/", GIVEN).status_code == 302
    assert rows(acme) == [("search", 50 * 10**9, "month", "block", BudgetScope())]
    with within(acme):
        number = acme.budgets.get().pk
    form = form_in(ada.client.get(f"{HERE}{number}/").text)
    assert (form["usd"], form["per"], form["at_limit"], form["alert_at"]) == (
        "50",
        "month",
        "block",
        "50, 90",
    )
    changed = {**GIVEN, "usd": "0.5", "at_limit": "downgrade", "tag": "team", "value": "*"}
    assert ada.client.post(f"{HERE}{number}/", changed).status_code == 302
    assert rows(acme) == [("search", 5 * 10**8, "month", "downgrade", BudgetScope(tag={"team": "*"}))]
    assert ada.client.post(f"{HERE}{number}/delete/").status_code == 302
    assert rows(acme) == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("usd", "-1", "between 0 and a billion"),
        ("usd", "1e18", "between 0 and a billion"),
        ("usd", "ten", "not an amount"),
        ("usd", "NaN", "not an amount"),
        ("usd", "$5", "not an amount"),
        ("usd", "0.0000000001", "finer than a nano-dollar"),
        ("usd", "", "required"),
        ("alert_at", "half", "Whole percentages"),
        ("alert_at", "0", "percentages between 1 and 1000"),
        ("per", "year", "not one of the available choices"),
        ("router", "nowhere", "not one of the available choices"),
        ("tag", "team", "Which value?"),
        ("value", "search", "Of which tag?"),
        ("purpose", "checks", "is none of skip, climb, alert"),
        ("at_limit", "skip", "is none of block, downgrade, alert"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    acme: Tenant, ada: Person, field: str, value: str, said: str
) -> None:
    answer = ada.client.post(f"{HERE}new/", {**GIVEN, field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert rows(acme) == []


def test_checks_have_a_budget_of_their_own(acme: Tenant, ada: Person) -> None:
    given = {**GIVEN, "purpose": "checks", "at_limit": "climb"}
    assert ada.client.post(f"{HERE}new/", given).status_code == 302
    assert rows(acme) == [("search", 50 * 10**9, "month", "climb", BudgetScope(purpose=Purpose.CHECKS))]
    page = ada.client.get(HERE).text
    assert "checks alone" in page
    assert "Climb" in page
    with within(acme):
        number = acme.budgets.get().pk
    assert form_in(ada.client.get(f"{HERE}{number}/").text)["purpose"] == "checks"


def test_a_name_is_taken_once(acme: Tenant, ada: Person) -> None:
    made(acme, name="search")
    answer = ada.client.post(f"{HERE}new/", GIVEN)
    assert answer.status_code == 422
    assert "of this name already" in answer.text


def test_the_page_tells_what_is_spent_and_left_from_the_ledger(
    acme: Tenant, ada: Person, redis: Redis
) -> None:
    made(acme)
    made(acme, name="teams", limits={"tag": {"team": "*"}})
    made(acme, name="over", nano=10**6)
    send(
        redis, [settled(acme.pk, attempt(GPT_5), at=timezone.now())]
    )  # 1,000 tokens in and 200 out: 3,250,000
    ingest.drain(Stream(redis))
    first = ada.client.get("/t/acme/").text
    assert "$0.0032 of $0.01" in first
    assert "teams: search" in first
    page = ada.client.get(HERE).text
    assert 'title="0.00325 USD"' in page or "$0.00325" in page
    assert "0.00675" in page
    assert "0.00225" in page
    assert " over" in page
    assert 'value="0.3250"' in page
    assert "each team" in page
    assert "search" in page
