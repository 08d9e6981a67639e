"""Admin tokens: never above the role of who makes them, and found by their digest alone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from console.keys.actions import admin_tokens
from console.keys.models import AdminToken
from console.keys.selectors import admin_token
from console.tenancy import Role, within
from console.tenants.errors import BeyondOwnRole
from console.tenants.models import Tenant
from tests.console.conftest import Person


@pytest.fixture(autouse=True)
def _inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


def test_it_is_found_by_what_is_shown(acme: Tenant, ada: Person) -> None:
    made = admin_tokens.create(acme, name="terraform", role=Role.EDITOR, acting=ada.acting)
    assert made.secret.reveal.startswith("rwa_")
    found = admin_token(made.secret.reveal)
    assert found == made.token
    assert (found.tenant, found.role) == (acme, Role.EDITOR)
    assert admin_token(made.secret.reveal[:-1]) is None
    assert made.secret.reveal not in str(AdminToken._base_manager.values().get())


def test_revoked_or_expired_it_is_not(acme: Tenant, ada: Person) -> None:
    first = admin_tokens.create(acme, name="a", role=Role.VIEWER, acting=ada.acting)
    admin_tokens.revoke(first.token, acting=ada.acting)
    soon = timezone.now() + timedelta(seconds=1)
    second = admin_tokens.create(acme, name="b", role=Role.VIEWER, expires_at=soon, acting=ada.acting)
    acme.admin_tokens.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert admin_token(first.secret.reveal) is None
    assert admin_token(second.secret.reveal) is None


def test_nobody_makes_one_above_oneself(acme: Tenant, adam: Person, ben: Person) -> None:
    with pytest.raises(BeyondOwnRole):
        admin_tokens.create(acme, name="x", role=Role.OWNER, acting=adam.acting)
    with pytest.raises(BeyondOwnRole):
        admin_tokens.create(acme, name="x", role=Role.VIEWER, acting=ben.acting)
    assert acme.admin_tokens.count() == 0


def test_an_admin_does_not_end_an_owners(acme: Tenant, ada: Person, adam: Person) -> None:
    token = admin_tokens.create(acme, name="x", role=Role.OWNER, acting=ada.acting).token
    with pytest.raises(BeyondOwnRole):
        admin_tokens.revoke(token, acting=adam.acting)
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_name_is_one_token(acme: Tenant, ada: Person) -> None:
    admin_tokens.create(acme, name="x", role=Role.VIEWER, acting=ada.acting)
    with pytest.raises(ValidationError, match="of this name already"):
        admin_tokens.create(acme, name="x", role=Role.VIEWER, acting=ada.acting)
    assert acme.audit_entries.count() == 1
