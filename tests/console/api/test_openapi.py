"""The document is valid, and whole."""

import re

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from console.api.schema import document
from tests.console.api.routes import ROUTES


def test_it_is_valid_and_nothing_in_it_was_guessed() -> None:
    document.cache_clear()
    GENERATOR_STATS.reset()
    validate_schema(document())  # type: ignore[no-untyped-call]
    assert not GENERATOR_STATS


def test_every_route_and_method_is_in_it() -> None:
    paths = {path: set(methods) for path, methods in document()["paths"].items()}
    assert paths == {
        "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route): {method.lower() for method in view.methods}
        for route, view in ROUTES.items()
        if view.is_documented
    }


def test_every_operation_says_who_may() -> None:
    operations = [operation for path in document()["paths"].values() for operation in path.values()]
    assert all("Needs the role " in operation["description"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_secrets_only_go_in() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["NewProviderKey"]["properties"]["secret"]["writeOnly"]
    assert schemas["NewKey"]["properties"]["secret"]["anyOf"]
    shown = {name for name, schema in schemas.items() if "secret" in schema.get("properties", {})}
    assert shown == {
        "NewProviderKey",
        "Replacement",
        "NewKey",
        "IssuedKey",
        "ProviderKeyEntry",
        "GatewayKeyEntry",
    }


def test_every_reference_leads_somewhere() -> None:
    names = set(re.findall(r"#/components/schemas/([^'\"]+)", repr(document())))
    assert names
    assert names <= set(document()["components"]["schemas"])


@pytest.mark.django_db
def test_anybody_may_read_it() -> None:
    response = Client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.1")
    assert set(response.json()["components"]["securitySchemes"]) == {"token"}
