"""The cast: Ada owns Acme, Ben edits and Vera views there; Eve owns Evil and has no business at Acme."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client

from console.audit.actor import Actor
from console.tenancy import Role, every_tenant
from console.tenants.models import Membership, Plan, Tenant, User


@dataclass(frozen=True)
class Person:
    """A member with a signed-in browser."""

    membership: Membership
    client: Client

    @property
    def user(self) -> User:
        return self.membership.user

    @property
    def acting(self) -> Actor:
        return self.membership.actor


@pytest.fixture
def acme(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme Inc", plan=Plan.PRO, tags=["team", "feature"])


@pytest.fixture
def evil(db: None) -> Tenant:
    return Tenant.objects.create(slug="evil", name="Evil Corp", plan=Plan.PRO)


@pytest.fixture
def ada(acme: Tenant) -> Person:
    return joins(acme, "ada", Role.OWNER)


@pytest.fixture
def adam(acme: Tenant) -> Person:
    return joins(acme, "adam", Role.ADMIN)


@pytest.fixture
def ben(acme: Tenant) -> Person:
    return joins(acme, "ben", Role.EDITOR)


@pytest.fixture
def ann(acme: Tenant) -> Person:
    return joins(acme, "ann", Role.ANALYST)


@pytest.fixture
def vera(acme: Tenant) -> Person:
    return joins(acme, "vera", Role.VIEWER)


@pytest.fixture
def eve(evil: Tenant) -> Person:
    return joins(evil, "eve", Role.OWNER)


@pytest.fixture
def everywhere(db: None) -> Iterator[None]:
    """For a test that looks at rows of any tenant by `objects`."""
    with every_tenant():
        yield


def joins(tenant: Tenant, name: str, role: Role) -> Person:
    user = User.objects.create_user(email=f"{name}@{tenant.slug}.test", name=name.title())
    with every_tenant():
        membership = tenant.memberships.create(user=user, role=role)
    client = Client()
    client.force_login(user)
    return Person(membership=membership, client=client)
