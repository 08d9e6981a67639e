"""Who may do what, as a table: for each route the roles that its methods need. A route not listed fails."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client

from console.tenancy import Role
from console.tenants.models import Tenant
from tests.console.api.conftest import ROOT, Program, program_of
from tests.console.api.routes import METHODS, ROUTES, View

VIEWER, ANALYST, EDITOR, ADMIN, OWNER = Role

TABLE: dict[str, dict[str, Role]] = {
    "api_routers": {"GET": VIEWER, "POST": EDITOR},
    "api_router": {"GET": VIEWER, "PATCH": EDITOR, "DELETE": EDITOR},
    "api_policy": {"GET": VIEWER, "PUT": EDITOR},
    "api_publish": {"POST": EDITOR},
    "api_versions": {"GET": VIEWER},
    "api_version": {"GET": VIEWER},
    "api_restore": {"POST": EDITOR},
    "api_explain": {"POST": VIEWER},
    "api_what_ifs": {"GET": VIEWER, "POST": ANALYST},
    "api_what_if": {"GET": VIEWER},
    "api_gateway_keys": {"GET": VIEWER, "POST": ADMIN},
    "api_gateway_key": {"GET": VIEWER, "PATCH": ADMIN, "DELETE": ADMIN},
    "api_gateway_key_replace": {"POST": ADMIN},
    "api_provider_keys": {"GET": VIEWER, "POST": ADMIN},
    "api_provider_key": {"GET": VIEWER, "PATCH": ADMIN, "DELETE": ADMIN},
    "api_provider_key_test": {"POST": ADMIN},
    "api_whitelist": {"GET": VIEWER, "PUT": ADMIN},
    "api_floors": {"GET": VIEWER, "PUT": ADMIN},
    "api_models": {"GET": VIEWER, "POST": ADMIN},
    "api_model": {"GET": VIEWER, "PUT": ADMIN, "DELETE": ADMIN},
    "api_price_proposals": {"GET": VIEWER},
    "api_price_accept": {"POST": ADMIN},
    "api_price_reject": {"POST": ADMIN},
    "api_budgets": {"GET": VIEWER, "POST": ADMIN},
    "api_budget": {"GET": VIEWER, "PUT": ADMIN, "DELETE": ADMIN},
    "api_members": {"GET": VIEWER, "POST": ADMIN},
    "api_member": {"GET": VIEWER, "PATCH": ADMIN, "DELETE": ADMIN},
    "api_requests": {"GET": VIEWER},
    "api_request": {"GET": VIEWER},
    "api_outcome": {"GET": VIEWER, "PUT": ANALYST},
    "api_usage": {"GET": VIEWER},
    "api_savings": {"GET": VIEWER},
    "api_overkill": {"GET": VIEWER},
    "api_underkill": {"GET": VIEWER},
    "api_exports": {"GET": VIEWER},
    "api_audit": {"GET": VIEWER},
    "api_config": {"GET": VIEWER, "PUT": ADMIN},
}
OPEN = {"api_openapi", "api_nothing"}
DOCUMENTED = {route: view for route, view in ROUTES.items() if view.name not in OPEN}


def test_every_route_and_method_has_its_row() -> None:
    there = {
        view.name: {method: meant and meant.role for method, meant in view.methods.items()}
        for view in ROUTES.values()
    }
    assert {name: methods for name, methods in there.items() if name not in OPEN} == TABLE
    assert {name for name in there if name not in TABLE} == OPEN


def address(route: str) -> str:
    """Of something that is not there: who may, is told by 404 or 400, who may not by 403."""
    path = route.removeprefix("api/v1/")
    for kind, some in (("uuid", str(uuid4())), ("int", "999999"), ("str", "nothing"), ("path", "no/thing")):
        while (start := path.find(f"<{kind}:")) >= 0:
            path = path[:start] + some + path[path.index(">", start) + 1 :]
    return path


@pytest.mark.parametrize(
    ("route", "view"), DOCUMENTED.items(), ids=[view.name for view in DOCUMENTED.values()]
)
def test_a_route_lets_in_whom_it_should(acme: Tenant, viewer: Program, route: str, view: View) -> None:
    path = address(route)
    for method, role in TABLE[view.name].items():
        body: object = None if method in {"GET", "DELETE"} else {}
        may = program_of(acme, role).send(method, path, body)
        assert may.status not in {401, 403, 405, 500}
        if below := [lower for lower in Role if lower < role]:
            refused = program_of(acme, below[-1]).send(method, path, body)
            assert (refused.status, refused.body["code"]) == (403, "permission_denied")
        assert Client().generic(method, ROOT + path).status_code == 401
    allowed = set(viewer.send("OPTIONS", path).headers["Allow"].split(", ")) - {"HEAD"}
    assert allowed == set(TABLE[view.name])
    for method in {*METHODS, "OPTIONS"} - set(TABLE[view.name]):
        assert viewer.send(method, path).status == 405


@pytest.fixture
def foreign_things(support: Tenant, admin: Program) -> dict[str, str]:
    """Addresses of things that are there, at Acme."""
    key = admin.post("gateway-keys", {"name": "app"}).body["id"]
    provider_key = admin.get("provider-keys").body["results"][0]["id"]
    admin.post("models", {"id": "local/own", "tier": "local"})
    admin.post("budgets", {"name": "all", "usd": 5, "per": "day"})
    member = admin.post("members", {"email": "bob@acme.test", "role": "viewer"}).body["id"]
    return {
        "router": "support",
        "number": "1",
        "model": "local/own",
        "name": "all",
        "member": member,
        "gateway-keys": key,
        "provider-keys": provider_key,
        "request_id": "r1",
    }


def foreign(things: dict[str, str]) -> Iterator[tuple[str, str]]:
    for route, view in DOCUMENTED.items():
        path = route.removeprefix("api/v1/")
        if "<" not in path:
            continue
        for name, value in things.items():
            for kind in ("str", "int", "path", "uuid"):
                path = path.replace(f"<{kind}:{name}>", value)
        path = path.replace("<uuid:key>", things.get(path.partition("/")[0], ""))
        path = path.replace("<uuid:run>", str(uuid4())).replace("<str:form>", "nothing")
        for method in view.methods:
            yield method, path


BODIES: dict[str, object] = {
    "routers/support": {"enabled": False},
    "routers/support/policy": {"otherwise": {"tier": "local"}},
    "routers/support/explain": {"text": "x"},
    "members": {"role": "viewer"},
    "requests/r1/outcome": {"score": 1},
    "provider-keys": {"secret": "sk-0123456789abcdefghij"},
}
UPSERTS = ("models/", "budgets/")  # by a name of the tenant's own: putting makes one, and touches no other's


def test_what_is_foreign_is_not_there(
    support: Tenant, admin: Program, foreigner: Program, foreign_things: dict[str, str]
) -> None:
    before = admin.get("config").body
    tried = 0
    for method, path in foreign(foreign_things):
        assert "<" not in path
        if method == "PUT" and path.startswith(UPSERTS):
            continue
        body = BODIES.get(path, BODIES.get(path.partition("/")[0], {}))
        answer = foreigner.send(method, path, None if method in {"GET", "DELETE"} else body)
        assert answer.status == 404, (method, path)
        assert answer.body == {"detail": "There is no such thing here.", "code": "not_found"}
        tried += 1
    assert tried > 20
    assert admin.get("config").body == before
