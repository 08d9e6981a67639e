"""Two at the same moment: threads with connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from console.keys import once
from console.keys.actions import gateway_keys, provider_keys
from console.keys.models import ProviderKey
from console.tenancy import Role, every_tenant, within
from console.tenants import actions, links
from console.tenants.errors import LastOwner, LinkSpent
from console.tenants.models import Tenant, User
from tests.console.conftest import Person, joins

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme Inc")


def at_once[T](tenant: Tenant, do: Callable[[int], T], *, times: int = 4) -> list[T]:
    def one(place: int) -> T:
        try:
            with within(tenant):
                return do(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_one_form_sent_by_four_clicks_is_one_key(tenant: Tenant) -> None:
    ada = joins(tenant, "ada", Role.OWNER)
    word = once.word()
    secret = once.secret_of(word, prefix="rw_", tenant=tenant)
    made = at_once(
        tenant, lambda _: gateway_keys.create(tenant, name="app", secret=secret, acting=ada.acting).key.pk
    )
    assert len(set(made)) == 1
    entered = at_once(tenant, lambda _: _entered(tenant, ada, word).pk)
    assert len(set(entered)) == 1
    with within(tenant):
        assert tenant.audit_entries.count() == 2


def test_two_owners_cannot_both_go(tenant: Tenant) -> None:
    owners = [joins(tenant, "ada", Role.OWNER), joins(tenant, "olga", Role.OWNER)]

    def leave(place: int) -> bool:
        try:
            actions.remove_member(owners[place].membership, acting=owners[place].acting)
        except LastOwner:
            return False
        return True

    assert sorted(at_once(tenant, leave, times=2)) == [False, True]
    with within(tenant):
        assert tenant.memberships.count() == 1


def test_one_link_lets_one_in(tenant: Tenant) -> None:
    user = User.objects.create_user(email="carl@acme.test")
    token = links.make_sign_in_link(user)

    def enter(_: int) -> bool:
        try:
            links.redeem_sign_in_link(token)
        except LinkSpent:
            return False
        return True

    assert sorted(at_once(tenant, enter)) == [False, False, False, True]


def test_nobody_signs_up_and_becomes_somebody(tenant: Tenant) -> None:
    form = {
        "email": "mallory@evil.test",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }
    at_once(
        tenant, lambda place: Client().post("/accounts/signup/", {**form, "email": f"m{place}@evil.test"})
    )
    assert User.objects.count() == 0
    with every_tenant():
        assert tenant.memberships.count() == 0


def _entered(tenant: Tenant, by: Person, word: str) -> ProviderKey:
    return provider_keys.create(
        tenant,
        name="main",
        provider="openai",
        secret="sk-canary-0123456789",
        key_id=once.id_of(word, tenant=tenant),
        acting=by.acting,
    )
