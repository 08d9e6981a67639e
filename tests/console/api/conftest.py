"""Programs with tokens of Acme's roles, and of Evil's owner. Every answer is held against the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from redis import Redis

from billing.store import store
from console.api.schema import document
from console.audit.actor import Actor
from console.keys.actions import admin_tokens
from console.publishing.actions import publish_tenant
from console.routers import actions as routers
from console.routers import text
from console.tenancy import Role, every_tenant, within
from console.tenants.models import Tenant
from gateway.core.events import Event
from tests.console.routers.contract import POLICY

ROOT = "/api/v1/"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Program:
    token: str

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: object, **headers: str) -> Answer:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, body: object, **headers: str) -> Answer:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def send(
        self, method: str, path: str, body: object = None, *, kind: str = "application/json", **headers: str
    ) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"authorization": f"Bearer {self.token}", **named}
        response = Client().generic(method, ROOT + path, raw, content_type=kind, headers=given)
        is_json = response.headers.get("content-type") == "application/json"
        answered = json.loads(response.content) if is_json else response.content.decode()
        if is_json:
            conforms(method, path, response.status_code, answered)
        return Answer(response.status_code, answered, response.headers)

    def every(self, path: str, *, limit: int = 3) -> list[Any]:
        """All rows of a list, a few at a time."""
        rows, cursor, join = [], "", "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{join}limit={limit}{cursor and f'&cursor={cursor}'}").body
            assert len(page["results"]) <= limit
            rows += page["results"]
            if page["next"] is None:
                return rows
            cursor = page["next"]


def conforms(method: str, path: str, status: int, body: object) -> None:
    route = re.sub(r"<\w+:(\w+)>", r"{\1}", "/" + resolve(ROOT + path.partition("?")[0]).route)
    operation = document()["paths"].get(route, {}).get(method.lower())
    if operation is not None:
        answers = operation["responses"]
        schema = (answers["4XX"] if 400 <= status < 500 else answers[str(status)])["content"][
            "application/json"
        ]
        _validator(json.dumps(schema["schema"])).validate(body)


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": document()["components"]})


def program_of(tenant: Tenant, role: Role) -> Program:
    with within(tenant):
        made = admin_tokens.create(
            tenant, name=f"{role} {tenant.admin_tokens.count()}", role=role, acting=Actor.system("tests")
        )
    return Program(made.secret.reveal)


@pytest.fixture
def owner(acme: Tenant, redis: Redis) -> Program:
    return program_of(acme, Role.OWNER)


@pytest.fixture
def admin(acme: Tenant, redis: Redis) -> Program:
    return program_of(acme, Role.ADMIN)


@pytest.fixture
def editor(acme: Tenant, redis: Redis) -> Program:
    return program_of(acme, Role.EDITOR)


@pytest.fixture
def viewer(acme: Tenant, redis: Redis) -> Program:
    return program_of(acme, Role.VIEWER)


@pytest.fixture
def foreigner(evil: Tenant, redis: Redis) -> Program:
    return program_of(evil, Role.OWNER)


@pytest.fixture
def support(acme: Tenant) -> Tenant:
    """Acme with two provider keys and the contract's policy in force on its router `support`."""
    acting = Actor.system("tests")
    with within(acme):
        for name, provider in (("main", "openai"), ("second", "anthropic")):
            acme.provider_keys.create(name=name, provider=provider)
        acme.tags = ["team", "escalated", "data"]
        acme.save()
        policy = text.read(POLICY.partition("tests:")[0])
        router = routers.create(acme, "support", policy, acting=acting)
        routers.publish(router, acting=acting)
    return acme


type Booking = Callable[..., None]


@pytest.fixture
def book(db: None) -> Booking:
    def through(*events: Event) -> None:
        with every_tenant():
            store(events)

    return through


@pytest.fixture
def published(support: Tenant, redis: Redis) -> int:
    with every_tenant():
        return publish_tenant(support.pk)
