"""Whitelist, floors, models, budgets, members and the trail over REST."""

import pytest

from console.outbox.selectors import is_stale
from console.tenancy import within
from console.tenants.models import Tenant, User
from tests.console.api.conftest import Program


def verbs(program: Program) -> list[str]:
    return [row["verb"] for row in program.get("audit").body["results"]]


def test_the_whitelist(acme: Tenant, admin: Program) -> None:
    assert admin.get("whitelist").body == {"whitelist": None}
    assert admin.put("whitelist", {"whitelist": ["openai/*"]}).body == {"whitelist": ["openai/*"]}
    assert admin.put("whitelist", []).body == {"whitelist": []}
    assert admin.put("whitelist", {"whitelist": None}).body == {"whitelist": None}
    assert verbs(admin)[:3] == ["whitelist.changed"] * 3
    with within(acme):
        assert is_stale(acme)
    for wrong in ({}, {"whitelist": ["a b"]}, {"whitelist": "openai/*"}, {"whitelist": [], "more": 1}):
        assert admin.put("whitelist", wrong).status == 400


def test_floors(acme: Tenant, admin: Program) -> None:
    floors = [{"name": "regulated", "when": {"tag": {"data": "regulated"}}, "tier": "premium"}]
    assert admin.put("floors", floors).body == {"floors": floors}
    assert admin.put("floors", {"floors": floors}).body == admin.get("floors").body
    wrong = admin.put("floors", {"floors": [*floors, {"name": "b", "tier": "top"}]})
    assert (wrong.status, wrong.body["floors"][0][:12]) == (400, "$[1].tier: I")
    assert admin.put("floors", floors * 2).status == 400


def test_models_say_what_they_cost_and_why_they_are_out_of_reach(support: Tenant, admin: Program) -> None:
    admin.put("whitelist", ["openai/*"])
    rows = {row["id"]: row for row in admin.every("models", limit=100)}
    assert rows["openai/gpt-5"]["within_reach"]
    assert rows["openai/gpt-5"]["dialect"] == "openai_chat"
    assert rows["openai/gpt-5"]["tier"] == "premium"
    assert float(rows["openai/gpt-5"]["price"]["output"]) > float(rows["openai/gpt-5"]["price"]["input"]) > 0
    assert rows["anthropic/claude-haiku-4-5"]["because"] == "not on the tenant's whitelist"
    assert list(rows) == sorted(rows)


def test_a_model_of_ones_own(acme: Tenant, admin: Program) -> None:
    own = {
        "id": "local/llama",
        "tier": "local",
        "can": ["tools"],
        "price": {"input": "0.0001", "output": 0.0001},
    }
    made = admin.post("models", own)
    assert (made.status, made.body["price"]["input"], made.body["custom"]) == (201, "0.0001", True)
    assert made.body["because"] == "no provider key for local"
    assert admin.post("models", own).status == 400
    put = admin.put("models/local/llama", {"tier": "small"}).body
    assert (put["tier"], put["price"]) == ("small", None)
    assert admin.put("models/local/llama", {"id": "local/other", "tier": "small"}).status == 400
    assert admin.get("models/local/llama").body == put
    assert admin.delete("models/local/llama").status == 204
    assert admin.delete("models/local/llama").status == 404
    for wrong in (
        {"id": "x"},
        {"id": "local/x"},
        {**own, "price": {"input": "NaN", "output": 1}},
        {**own, "tenant": 1},
    ):
        assert admin.post("models", wrong).status == 400


def test_a_model_of_the_catalogue_is_overridden_and_let_go(acme: Tenant, admin: Program) -> None:
    before = admin.get("models/openai/gpt-5").body
    assert admin.put("models/openai/gpt-5", {"tier": "mid"}).body == before | {"tier": "mid", "custom": True}
    admin.delete("models/openai/gpt-5")
    assert admin.get("models/openai/gpt-5").body == before


def test_budgets(acme: Tenant, admin: Program) -> None:
    Tenant.objects.filter(pk=acme.pk).update(tags=["team"])
    budget = {
        "name": "team/search",
        "usd": "50.000000001",
        "per": "month",
        "scope": {"tag": {"team": "search"}},
    }
    made = admin.post("budgets", budget)
    shown = budget | {"at_limit": "block", "alert_at": [50, 80, 100], "period": made.body["period"]}
    nothing = {"value": "", "spent_usd": "0", "left_usd": budget["usd"], "forecast_usd": None}
    stands = made.body["standing"][0] | {"forecast_usd": None}  # "0" once the month is a little older
    assert (made.status, made.body | {"standing": [stands]}) == (201, shown | {"standing": [nothing]})
    assert admin.post("budgets", budget).status == 400
    assert admin.put("budgets/team/search", {"usd": 0, "per": "day"}).body["usd"] == "0"
    assert admin.put("budgets/team/search", {"usd": 0, "per": "day"}).status == 200
    assert admin.get("budgets").body["results"] == [admin.get("budgets/team/search").body]
    assert admin.delete("budgets/team/search").status == 204
    assert admin.get("budgets/team/search").status == 404
    assert verbs(admin)[:3] == ["budget.deleted", "budget.changed", "budget.created"]


def test_a_budget_over_nothing_is_refused(support: Tenant, admin: Program) -> None:
    budget = {"name": "b", "usd": 1, "per": "day"}
    answer = admin.post("budgets", budget | {"scope": {"router": "suport"}})
    assert answer.status == 400
    assert answer.body == {
        "scope.router": ["There is no router 'suport': take one of support, or make it first."]
    }
    assert admin.get("budgets").body["results"] == []
    assert admin.post("budgets", budget | {"scope": {"router": "support"}}).status == 201


@pytest.mark.parametrize("usd", [-1, 1e18, "ten", "NaN", None, "$5", "0.0000000001", [], True])
def test_what_is_no_amount(acme: Tenant, admin: Program, usd: object) -> None:
    answer = admin.post("budgets", {"name": "b", "usd": usd, "per": "day"})
    assert (answer.status, list(answer.body)) == (400, ["usd"])


@pytest.mark.parametrize("field", ["spend", "balance", "tenant", "id", "nano"])
def test_a_budget_takes_nothing_else(acme: Tenant, admin: Program, field: str) -> None:
    answer = admin.post("budgets", {"name": "b", "usd": 1, "per": "day", field: 1})
    assert answer.body == {field: ["Unknown or read-only field."]}
    assert admin.get("budgets").body["results"] == []


def test_members_come_change_and_go(acme: Tenant, owner: Program) -> None:
    made = owner.post("members", {"email": " Bob@Acme.test", "role": "editor"})
    assert (made.status, made.body["email"], made.body["role"]) == (201, "bob@acme.test", "editor")
    address = f"members/{made.body['id']}"
    assert owner.post("members", {"email": "bob@acme.test", "role": "viewer"}).status == 409
    assert owner.patch(address, {"role": "owner"}).body["role"] == "owner"
    assert owner.patch(address, {"role": "viewer"}).body["code"] == "refused"  # the last owner
    owner.post("members", {"email": "amy@acme.test", "role": "owner"})
    assert [row["email"] for row in owner.every("members")] == ["amy@acme.test", "bob@acme.test"]
    assert owner.delete(address).status == 204
    assert owner.get(address).status == 404


def test_nobody_grants_more_than_they_hold(acme: Tenant, admin: Program, owner: Program) -> None:
    olga = owner.post("members", {"email": "olga@acme.test", "role": "owner"}).body["id"]
    assert admin.post("members", {"email": "mallory@acme.test", "role": "owner"}).status == 403
    assert not User.objects.filter(email="mallory@acme.test").exists()
    assert admin.patch(f"members/{olga}", {"role": "viewer"}).status == 403
    assert admin.delete(f"members/{olga}").status == 403
    assert owner.get(f"members/{olga}").body["role"] == "owner"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "bob", "role": "viewer"}, "email"),
        ({"email": "bob@acme.test", "role": "king"}, "role"),
        ({"email": "bob@acme.test", "role": "viewer", "is_superuser": True}, "is_superuser"),
        ({"email": "bob@acme.test", "role": "viewer", "tenant": "evil"}, "tenant"),
    ],
)
def test_what_is_no_member(acme: Tenant, owner: Program, body: object, field: str) -> None:
    answer = owner.post("members", body)
    assert (answer.status, list(answer.body)) == (400, [field])
    assert owner.get("members").body["results"] == []


def test_the_trail_newest_first(acme: Tenant, admin: Program) -> None:
    for patterns in (["a/*"], ["b/*"], ["c/*"], None):
        admin.put("whitelist", {"whitelist": patterns})
    admin.put("floors", [{"name": "f", "tier": "mid"}])
    rows = admin.every("audit?verb=whitelist.changed")
    assert [row["changes"]["models"]["to"] for row in rows] == [None, ["c/*"], ["b/*"], ["a/*"]]
    assert {row["actor_kind"] for row in rows} == {"token"}
    assert admin.get("audit?actor=nobody").body["results"] == []
