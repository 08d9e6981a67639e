"""Tokens, and what is answered to those who come wrongly."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from console.api import token as tokens
from console.audit.actor import Actor
from console.keys.actions import admin_tokens
from console.tenancy import within
from console.tenants.models import Tenant
from tests.console.api.conftest import ROOT, Program
from tests.console.conftest import Person

UNKNOWN = "rwa_" + "x" * 43


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {UNKNOWN}",
        f"Bearer {UNKNOWN}",
        "Bearer " + "x" * 10_000,
        "Bearer é",
        "Bearer a b",
    ],
)
def test_one_answer_to_every_token_that_is_none(db: None, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response = Client().get(f"{ROOT}routers", headers=headers)
    assert response.status_code == 401
    assert response.json() == {
        "detail": "Send a valid admin token as Authorization: Bearer rwa_….",
        "code": "not_authenticated",
    }
    assert response["WWW-Authenticate"] == 'Bearer realm="rungway"'


def test_a_token_ends_when_it_is_revoked_or_expires(acme: Tenant, owner: Program) -> None:
    assert owner.get("routers").status == 200
    with within(acme):
        acme.admin_tokens.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert owner.get("routers").status == 401
    with within(acme):
        acme.admin_tokens.update(expires_at=None)
        admin_tokens.revoke(acme.admin_tokens.get(), acting=Actor.system("tests"))
    assert owner.get("routers").status == 401


def test_its_use_is_kept_to_the_minute(acme: Tenant, viewer: Program) -> None:
    def used() -> object:
        with within(acme):
            return acme.admin_tokens.get().last_used_at

    assert used() is None
    viewer.get("routers")
    first = used()
    assert first is not None
    viewer.get("routers")
    assert used() == first


def test_a_flood_is_told_to_wait(acme: Tenant, viewer: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "PER_MINUTE", 2)
    assert [viewer.get("routers").status for _ in range(3)] == [200, 200, 429]
    answer = viewer.get("routers")
    assert (answer.body["code"], answer.headers["Retry-After"]) == ("throttled", "60")


def test_who_counts_may_be_away(acme: Tenant, viewer: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RedisConnectionError("away")

    monkeypatch.setattr(cache, "add", fail)
    assert viewer.get("routers").status == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/xml", 406),
        ("text/html", 406),
        ("application/yaml", 406),
    ],
)
def test_there_is_json_and_nothing_else(acme: Tenant, viewer: Program, accept: str, status: int) -> None:
    answer = viewer.get("routers", accept=accept)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert viewer.get("routers?format=json").status == 200
    assert viewer.get("routers?format=api").status == 406
    assert viewer.get("routers", accept_language="x" * 10_000).status == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"id": "\\u0000"}', "application/json", 400),
        (b'{"id": "\\ud800"}', "application/json", 400),
        (b'{"id": NaN}', "application/json", 400),
        (b'"x"', "application/json", 400),
        (b"null", "application/json", 400),
        (b"", "application/json", 400),
        (b'{"id": "x"}', "text/plain", 415),
        (b"id=x", "application/x-www-form-urlencoded", 415),
        (b'"' + b"x" * 4_000_001 + b'"', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read(
    acme: Tenant, editor: Program, body: bytes, kind: str, status: int
) -> None:
    answer = editor.send("POST", "routers", body, kind=kind)
    assert answer.status == status
    assert len(str(answer.body)) < 500
    assert editor.get("routers").body["results"] == []


@pytest.mark.parametrize(
    "path", ["nothing", "routers/", "", "routers/x/what-if", "routers/%00", "requests/%00"]
)
def test_an_address_that_is_none(acme: Tenant, viewer: Program, path: str) -> None:
    answer = viewer.get(path)
    assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_a_parameter_that_is_none_is_not_passed_over(acme: Tenant, viewer: Program) -> None:
    assert viewer.get("routers?tenant=evil").body == {"tenant": ["There is no such parameter here."]}


def test_a_session_opens_nothing(acme: Tenant, ada: Person) -> None:
    assert ada.client.get(f"{ROOT}routers").status_code == 401
