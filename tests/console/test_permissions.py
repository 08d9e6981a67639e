"""Every route of a tenant, tried by whoever may, whoever just may not, a foreigner and a stranger."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter, UUIDConverter

from console.tenancy import Role
from console.tenants.models import Tenant
from tests.console.conftest import Person, joins
from tests.console.permissions import ROUTES

type Case = tuple[str, str, Role | None]


def routes(resolver: URLResolver, above: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        path = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        else:
            yield path, pattern


TENANTS = {str(pattern.name): pattern for path, pattern in routes(get_resolver()) if path.startswith("t/")}
CASES: list[Case] = [
    (name, method, role)
    for name, (reading, writing) in sorted(ROUTES.items())
    for method, role in (("GET", reading), ("POST", writing))
]


def test_every_route_has_its_row() -> None:
    assert set(TENANTS) == set(ROUTES)


@pytest.mark.parametrize(("name", "method", "role"), CASES)
def test_a_route_lets_in_whom_it_should(
    acme: Tenant, eve: Person, name: str, method: str, role: Role | None
) -> None:
    address = _address(name)
    if role is None:
        assert _status(joins(acme, "olga", Role.OWNER).client, method, address) == 405
        return
    assert _status(joins(acme, "may", role).client, method, address) not in (401, 403, 405, 500)
    if below := [lower for lower in Role if lower < role]:
        assert _status(joins(acme, "not", below[-1]).client, method, address) == 403
    assert _status(eve.client, method, address) == 404
    stranger = Client().generic(method, address)
    assert stranger.status_code == 302
    assert stranger["location"].startswith("/accounts/login/?next=/t/acme/")


@pytest.mark.parametrize("name", [name for name, (_, writing) in ROUTES.items() if writing])
def test_a_post_without_its_token_is_refused(acme: Tenant, name: str) -> None:
    owner = joins(acme, "olga", Role.OWNER)
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(owner.user)
    assert _status(careful, "POST", _address(name)) == 403


def _address(name: str) -> str:
    """Of things that are not there: who may enter is told by 404, who may not by 403."""
    converters = TENANTS[name].pattern.converters
    rest = {key: _some(converter) for key, converter in converters.items() if key != "tenant"}
    return reverse(name, kwargs={"tenant": "acme", **rest})


def _some(converter: object) -> object:
    match converter:
        case UUIDConverter():
            return uuid4()
        case IntConverter():
            return 999_999
        case _:
            return "nothing"


def _status(client: Client, method: str, address: str) -> int:
    return client.generic(method, address).status_code
