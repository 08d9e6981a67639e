"""A replay asked for by a program: begun, looked at until it is done, listed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from console.tenants.models import Tenant
from console.whatif import performing
from tests.billing.events import GPT_5, attempt, settled
from tests.console.api.conftest import Booking, Program

ADDRESS = "routers/support/what-if"
DRAFT = {"baseline": "openai/gpt-5", "otherwise": {"model": "openai/gpt-5-nano"}}


def test_a_policy_is_tried_on_the_past(support: Tenant, editor: Program, book: Booking) -> None:
    at = timezone.now() - timedelta(days=1)
    book(*[settled(support.pk, attempt(GPT_5), rule="otherwise", at=at) for _ in range(3)])
    begun = editor.post(ADDRESS, {"policy": DRAFT, "period": "7d"})
    assert (begun.status, begun.body["state"], begun.body["draft_version"]) == (202, "queued", None)
    performing.perform(support.pk, begun.body["id"])
    done = editor.get(f"{ADDRESS}/{begun.body['id']}").body
    assert (done["state"], done["done"], done["total"]) == ("done", 3, 3)
    result = done["result"]
    assert (result["cost_usd"], result["projected"]["amount_usd"]) == ("0.00975", "0.00039")
    assert (result["evaluated"], result["changed"], result["violations"]) == (3, 3, 0)
    assert result["models"] == [
        {
            "before": "openai/gpt-5",
            "after": "openai/gpt-5-nano",
            "requests": 3,
            "cost_usd": "0.00975",
            "projected_usd": "0.00039",
        }
    ]


def test_runs_are_listed_a_page_at_a_time(support: Tenant, editor: Program) -> None:
    made = [editor.post(ADDRESS, {}).body["id"] for _ in range(3)]
    assert [run["id"] for run in editor.every(ADDRESS, limit=2)] == made[::-1]
    assert editor.post(ADDRESS, {}).status == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"period": "fortnight"}, "period"),
        ({"from": "2026-02-30"}, "from"),
        ({"whitelist": ["no pattern"]}, "whitelist"),
        ({"prices": {"nobody/nothing": {"input": 1, "output": 2}}}, "prices"),
        ({"prices": {"openai/gpt-5": {"input": -1, "output": 2}}}, "prices"),
        ({"policy": {"rules": "all"}}, "policy"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_cannot_be_asked_names_the_field(
    support: Tenant, editor: Program, body: object, field: str
) -> None:
    answer = editor.post(ADDRESS, body)
    assert (answer.status, list(answer.body)) == (400, [field])


@pytest.mark.parametrize("cursor", ["x", "MjAyNi0wMS0wMQ", "bm93"])
def test_a_cursor_that_was_never_given_out(support: Tenant, viewer: Program, cursor: str) -> None:
    assert viewer.get(f"{ADDRESS}?cursor={cursor}").status == 400


def test_another_tenants_run_is_not_there(support: Tenant, editor: Program, foreigner: Program) -> None:
    begun = editor.post(ADDRESS, {})
    assert foreigner.get(f"{ADDRESS}/{begun.body['id']}").status == 404
