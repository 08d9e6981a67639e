"""`config`: what `export` prints and `apply` reads, over REST."""

import pytest

from console.configuration.document import parse
from console.tenancy import every_tenant
from console.tenants.models import Tenant
from tests.console.api.conftest import Program


def test_what_is_got_can_be_put_and_changes_nothing(support: Tenant, owner: Program) -> None:
    answer = owner.get("config")
    assert (answer.status, answer.body["tenant"]) == (200, "acme")
    again = owner.put("config", answer.body)
    assert (again.status, again.body) == (200, {"changes": [], "dry_run": False, "made": {}})


def test_yaml_is_the_same_document(support: Tenant, owner: Program) -> None:
    answer = owner.get("config", accept="application/yaml")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert parse(answer.body).routers[0].id == "support"
    put = owner.send("PUT", "config", answer.body.encode(), kind="application/yaml")
    assert (put.status, put.body["changes"]) == (200, [])
    wrong = owner.send("PUT", "config", b"tenant: [", kind="application/yaml", accept="application/yaml")
    assert (wrong.status, "not YAML" in wrong.body) == (400, True)


def test_a_change_is_told_and_made_and_a_dry_run_makes_none(support: Tenant, owner: Program) -> None:
    wanted = {
        "tenant": "acme",
        "name": "Acme & Co",
        "gateway_keys": [{"name": "app"}],
        "whitelist": ["openai/*"],
    }
    dry = owner.put("config?dry_run=1", wanted).body
    assert (dry["dry_run"], dry["made"]) == (True, {})
    assert owner.get("config").body["name"] == "Acme Inc"
    real = owner.put("config", wanted).body
    assert real["changes"] == dry["changes"] == ["~ name Acme & Co", "~ whitelist", "+ gateway key app"]
    assert real["made"]["app"].startswith("rw_")
    assert owner.get("config").body["whitelist"] == ["openai/*"]
    assert owner.put("config?prune=true", {"tenant": "acme"}).body["changes"] == [
        "- gateway key app",
        "- router support",
        "- provider key main",
        "- provider key second",
    ]


@pytest.mark.parametrize(
    ("document", "field", "said"),
    [
        ({"tenant": "acme", "plan": "gold"}, "plan", "$.plan"),
        (
            {"tenant": "acme", "budgets": [{"name": "b", "usd": "ten", "per": "day"}]},
            "budgets",
            "$.budgets[0].usd",
        ),
        (
            {"tenant": "acme", "routers": [{"id": "x", "policy": {"rule": []}}]},
            "routers",
            "$.routers[0].policy",
        ),
        ({"tenant": "evil"}, "tenant", "no other tenant"),
        ({"tenant": "brand-new"}, "tenant", "no other tenant"),
        ({}, "body", "tenant"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    support: Tenant, owner: Program, document: object, field: str, said: str
) -> None:
    answer = owner.put("config", document)
    assert (answer.status, list(answer.body)) == (400, [field])
    assert said in answer.body[field][0]
    with every_tenant():
        assert not Tenant.objects.filter(slug="brand-new").exists()


def test_the_servers_environment_is_nobodys_to_read(
    support: Tenant, owner: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "sk-0123456789abcdef")
    key = {"name": "main", "provider": "openai", "secret": {"env": "CANARY"}}
    answer = owner.put("config", {"tenant": "acme", "provider_keys": [key]})
    assert (answer.status, "no variable CANARY" in answer.body["provider_keys"][0]) == (400, True)


def test_an_admin_cannot_make_an_owner(support: Tenant, admin: Program) -> None:
    members = [{"email": "mallory@acme.test", "role": "owner"}]
    assert admin.put("config", {"tenant": "acme", "members": members}).status == 400
    assert admin.put("config", {"tenant": "acme", "plan": "enterprise"}).status == 400
    assert admin.get("config").body["plan"] == "pro"
