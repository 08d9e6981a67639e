"""Gateway keys: shown once, known by digest, good for what they say."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from console.keys import once
from console.keys.actions import gateway_keys
from console.keys.actions.gateway_keys import Terms
from console.keys.models import GatewayKey
from console.keys.sealing import Secret
from console.outbox.selectors import is_stale
from console.tenancy import within
from console.tenants.errors import BeyondOwnRole
from console.tenants.models import Tenant
from gateway.core.secrets import digest
from gateway.core.snapshot import Limits
from tests.console.conftest import Person

TERMS = Terms(routers=("support",), tags={"team": "search"}, limits=Limits(requests_per_minute=600))


@pytest.fixture(autouse=True)
def _inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


def test_only_its_digest_is_kept(acme: Tenant, ada: Person) -> None:
    made = gateway_keys.create(acme, name="search-app", terms=TERMS, acting=ada.acting)
    value = made.secret.reveal
    assert value.startswith("rw_")
    assert len(value) == 46
    row = GatewayKey._base_manager.filter(pk=made.key.pk).values().get()
    assert row["digest"] == digest(value)
    assert value not in str(row)
    assert made.key.hint == f"{value[:5]}…{value[-4:]}"
    assert is_stale(acme)


def test_its_terms_are_kept(acme: Tenant, ada: Person) -> None:
    key = gateway_keys.create(acme, name="search-app", terms=TERMS, acting=ada.acting).key
    key.refresh_from_db()
    assert (key.routers, key.tags, key.requests_per_minute, key.tokens_per_minute) == (
        ["support"],
        {"team": "search"},
        600,
        None,
    )


def test_editing_tells_what_changed(acme: Tenant, ada: Person) -> None:
    key = gateway_keys.create(acme, name="search-app", terms=TERMS, acting=ada.acting).key
    gateway_keys.edit(key, terms=Terms(tags={"team": "search"}), acting=ada.acting)
    entry = acme.audit_entries.get(verb="gateway_key.edited")
    assert entry.changes == {
        "routers": {"from": ["support"], "to": None},
        "requests_per_minute": {"from": 600, "to": None},
    }
    gateway_keys.edit(key, terms=Terms(tags={"team": "search"}), acting=ada.acting)
    assert acme.audit_entries.filter(verb="gateway_key.edited").count() == 1


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Terms(tags={"planet": "mars"}), "tags"),
        (Terms(tags={"team": "\x00"}), "tags"),
        (Terms(limits=Limits(requests_per_minute=0)), "requests_per_minute"),
        (Terms(limits=Limits(tokens_per_minute=-1)), "tokens_per_minute"),
        (Terms(expires_at=timezone.now() - timedelta(minutes=1)), "expires_at"),
    ],
)
def test_wrong_terms_are_refused(acme: Tenant, ada: Person, terms: Terms, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        gateway_keys.create(acme, name="x", terms=terms, acting=ada.acting)
    assert list(refused.value.message_dict) == [field]
    assert acme.gateway_keys.count() == 0


def test_a_value_of_ones_own_is_taken(acme: Tenant, ada: Person) -> None:
    secret = Secret("legacy-Key-0123456789-abcdef")
    first = gateway_keys.create(acme, name="old-app", secret=secret, acting=ada.acting)
    again = gateway_keys.create(acme, name="old-app", secret=secret, acting=ada.acting)
    assert first.key == again.key
    assert acme.audit_entries.count() == 1


@pytest.mark.parametrize("value", ["short", "a" * 30, "with a space 0123456789", "x" * 600])
def test_a_weak_or_odd_value_is_not(acme: Tenant, ada: Person, value: str) -> None:
    with pytest.raises(ValidationError):
        gateway_keys.create(acme, name="x", secret=Secret(value), acting=ada.acting)


def test_one_value_is_one_key_in_all_tenants(acme: Tenant, evil: Tenant, ada: Person, eve: Person) -> None:
    secret = gateway_keys.create(acme, name="app", acting=ada.acting).secret
    with within(evil), pytest.raises(ValidationError, match="choose another"):
        gateway_keys.create(evil, name="app", secret=secret, acting=eve.acting)


def test_a_name_is_free_again_after_revoking(acme: Tenant, ada: Person) -> None:
    first = gateway_keys.create(acme, name="app", acting=ada.acting).key
    with pytest.raises(ValidationError, match="of this name already"):
        gateway_keys.create(acme, name="app", acting=ada.acting)
    gateway_keys.revoke(first, acting=ada.acting)
    assert gateway_keys.create(acme, name="app", acting=ada.acting).key != first


def test_revoking_twice_is_revoking_once(acme: Tenant, ada: Person) -> None:
    key = gateway_keys.create(acme, name="app", acting=ada.acting).key
    for _ in range(2):
        gateway_keys.revoke(key, acting=ada.acting)
    key.refresh_from_db()
    assert not key.is_live(now=timezone.now())
    assert acme.audit_entries.filter(verb="gateway_key.revoked").count() == 1


def test_replacing_keeps_name_and_terms(acme: Tenant, ada: Person) -> None:
    made = gateway_keys.create(acme, name="app", terms=TERMS, acting=ada.acting)
    again = gateway_keys.replace(made.key, acting=ada.acting)
    again.key.refresh_from_db()
    assert again.key.digest == digest(again.secret.reveal) != digest(made.secret.reveal)
    assert again.key.tags == {"team": "search"}


@pytest.mark.parametrize("who", ["ben", "ann", "vera"])
def test_below_admin_nobody_touches_keys(
    acme: Tenant, ada: Person, who: str, request: pytest.FixtureRequest
) -> None:
    acting = request.getfixturevalue(who).acting
    key = gateway_keys.create(acme, name="app", acting=ada.acting).key
    with pytest.raises(BeyondOwnRole):
        gateway_keys.create(acme, name="mine", acting=acting)
    with pytest.raises(BeyondOwnRole):
        gateway_keys.edit(key, terms=TERMS, acting=acting)
    with pytest.raises(BeyondOwnRole):
        gateway_keys.replace(key, acting=acting)
    with pytest.raises(BeyondOwnRole):
        gateway_keys.revoke(key, acting=acting)
    key.refresh_from_db()
    assert (key.revoked_at, key.tags) == (None, {})


def test_a_word_makes_one_key_and_only_here(acme: Tenant, evil: Tenant) -> None:
    word = once.word()
    mine = once.secret_of(word, prefix="rw_", tenant=acme).reveal
    assert mine == once.secret_of(word, prefix="rw_", tenant=acme).reveal
    assert len(mine) == 46
    assert mine != once.secret_of(word, prefix="rw_", tenant=evil).reveal
    assert mine[3:] != once.secret_of(word, prefix="rwa_", tenant=acme).reveal[4:]
    assert once.id_of(word, tenant=acme) != once.id_of(word, tenant=evil)
