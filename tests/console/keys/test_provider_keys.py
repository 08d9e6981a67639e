"""Provider keys: sealed as they are entered, moved by nobody, shown to nobody."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from pytest_django.fixtures import Settings

from console.audit.models import AuditEntry
from console.keys.actions import provider_keys
from console.keys.models import KeyState, ProviderKey
from console.keys.sealing import Unopenable
from console.keys.selectors import Undecryptable, undecryptable
from console.outbox.selectors import is_stale
from console.tenancy import every_tenant, within
from console.tenants.errors import BeyondOwnRole
from console.tenants.models import Tenant
from tests.console.conftest import Person

CANARY = "sk-canary-7f3a9e51c2d84b60"


@pytest.fixture(autouse=True)
def _inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


def made(tenant: Tenant, by: Person, name: str = "main", secret: str = CANARY) -> ProviderKey:
    return provider_keys.create(tenant, name=name, provider="openai", secret=secret, acting=by.acting)


def test_it_is_sealed_and_opens_again(acme: Tenant, ada: Person) -> None:
    key = ProviderKey._base_manager.get(pk=made(acme, ada).pk)
    secret = key.open()
    assert secret is not None
    assert (secret.reveal, key.last4, key.state) == (CANARY, "4b60", KeyState.UNTESTED)
    assert is_stale(acme)


def test_its_secret_is_in_no_row(acme: Tenant, ada: Person) -> None:
    made(acme, ada)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT keys_providerkey::text, audit_auditentry::text FROM keys_providerkey, audit_auditentry"
        )
        dumped = str(cursor.fetchall())
    assert CANARY not in dumped
    assert CANARY.encode().hex() not in dumped


def test_the_trail_tells_of_it(acme: Tenant, ada: Person) -> None:
    made(acme, ada)
    entry = acme.audit_entries.get()
    changes = {"provider": "openai", "base_url": "", "ends_in": "4b60", "region": ""}
    assert (entry.verb, entry.subject, entry.changes) == ("provider_key.created", "main", changes)


@pytest.mark.parametrize("who", ["ben", "ann", "vera"])
def test_below_admin_nobody_makes_one(acme: Tenant, who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(BeyondOwnRole):
        made(acme, request.getfixturevalue(who))
    assert acme.provider_keys.count() == 0


def test_two_cannot_share_a_name(acme: Tenant, ada: Person) -> None:
    made(acme, ada)
    with pytest.raises(ValidationError, match="of this name already"):
        made(acme, ada)


def test_two_tenants_can(acme: Tenant, evil: Tenant, ada: Person, eve: Person) -> None:
    made(acme, ada)
    with within(evil):
        assert made(evil, eve).name == "main"


def test_done_twice_it_is_done_once(acme: Tenant, ada: Person) -> None:
    key_id = uuid4()
    for _ in range(2):
        provider_keys.create(
            acme, name="main", provider="openai", secret=CANARY, acting=ada.acting, key_id=key_id
        )
    assert acme.provider_keys.count() == 1
    assert acme.audit_entries.count() == 1


def test_replacing_takes_a_new_secret_and_says_so(acme: Tenant, ada: Person) -> None:
    key = made(acme, ada)
    provider_keys.replace(key, secret="sk-another-0123456789", acting=ada.acting)
    secret = key.open()
    assert secret is not None
    assert secret.reveal == "sk-another-0123456789"
    entry = acme.audit_entries.get(verb="provider_key.replaced")
    assert entry.changes["ends_in"] == {"from": "4b60", "to": "6789"}
    assert "fingerprint" in entry.changes


def test_an_address_changes_only_with_the_secret(acme: Tenant, ada: Person) -> None:
    key = made(acme, ada)
    with pytest.raises(ValidationError, match="Enter the key"):
        provider_keys.replace(key, secret="", base_url="https://elsewhere.example", acting=ada.acting)
    key.refresh_from_db()
    assert key.base_url == ""


def test_a_deleted_one_is_gone(acme: Tenant, ada: Person) -> None:
    provider_keys.delete(made(acme, ada), acting=ada.acting)
    assert acme.provider_keys.count() == 0
    assert acme.audit_entries.filter(verb="provider_key.deleted", subject="main").count() == 1


class TestEntered:
    @pytest.mark.parametrize(
        ("secret", "hint"),
        [
            ("", "Enter the key"),
            ("   ", "Enter the key"),
            ("x" * 10_000, "at most 8192 characters"),
            ("sk-one\nsk-two", "one word"),
            ("Bearer sk-canary-1", "Leave out the word Bearer"),
            ('{"api_key": "sk-canary-1"}', "takes a plain key"),
            ("sk-canary\x00", "one word"),
        ],
    )
    def test_a_wrong_secret_gets_a_hint_and_no_echo(
        self, acme: Tenant, ada: Person, secret: str, hint: str
    ) -> None:
        with pytest.raises(ValidationError, match=hint) as refused:
            made(acme, ada, secret=secret)
        assert "canary" not in str(refused.value)

    def test_spaces_around_it_are_cut(self, acme: Tenant, ada: Person) -> None:
        secret = made(acme, ada, secret=f"  {CANARY}\n").open()
        assert secret is not None
        assert secret.reveal == CANARY

    @pytest.mark.parametrize(
        "base_url",
        [
            "http://169.254.169.254/v1",
            "http://127.0.0.1:6379",
            "https://localhost/v1",
            "https://10.0.0.1/v1",
            "https://[::1]/v1",
            "https://2130706433/v1",
            "https://user:pass@api.example.com/v1",
            "ftp://api.example.com",
            "https://api.example.com/v1?x=1",
            "simulator:/../etc",
            "javascript:alert(1)",
        ],
    )
    def test_a_forbidden_address_is_refused(self, acme: Tenant, ada: Person, base_url: str) -> None:
        with pytest.raises(ValidationError) as refused:
            provider_keys.create(
                acme, name="x", provider="openai", secret=CANARY, base_url=base_url, acting=ada.acting
            )
        assert list(refused.value.message_dict) == ["base_url"]
        assert acme.provider_keys.count() == 0

    def test_what_the_operator_opened_is_not(self, acme: Tenant, ada: Person, settings: Settings) -> None:
        settings.ALLOWED_PRIVATE_NETWORKS = ("10.0.0.0/8",)
        settings.SIMULATOR_URL = "http://127.0.0.1:8090"
        for place, base_url in enumerate(["http://10.1.2.3:8000/v1", "simulator:/openai/v1"]):
            key = provider_keys.create(
                acme, name=f"k{place}", provider="local", secret="", base_url=base_url, acting=ada.acting
            )
            assert (key.base_url, key.sealed) == (base_url, None)

    def test_a_provider_of_ones_own_needs_an_address(self, acme: Tenant, ada: Person) -> None:
        with pytest.raises(ValidationError, match="enter its base URL"):
            provider_keys.create(acme, name="x", provider="local", secret="", acting=ada.acting)

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            (
                '{"access_key_id": "AKIA",\n "secret_access_key": "s", "region": "us-east-1"}',
                "us-east-1/AKIA:s",
            ),
            (" us-east-1/AKIA:s ", "us-east-1/AKIA:s"),
            ("us-east-1/ABSKQmVkcm9jaw==", "us-east-1/ABSKQmVkcm9jaw=="),
        ],
    )
    def test_a_key_pair_is_kept_in_one_word(self, acme: Tenant, ada: Person, written: str, kept: str) -> None:
        key = provider_keys.create(acme, name="aws", provider="bedrock", secret=written, acting=ada.acting)
        secret = key.open()
        assert secret is not None
        assert secret.reveal == kept
        assert provider_keys.holds(key, written)
        assert not provider_keys.holds(key, "us-east-1/AKIA:another")

    @pytest.mark.parametrize(
        "secret", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE:s", '{"access_key_id": "A"}']
    )
    def test_half_a_key_pair_is_refused(self, acme: Tenant, ada: Person, secret: str) -> None:
        with pytest.raises(ValidationError, match="This is no key") as refused:
            provider_keys.create(acme, name="aws", provider="bedrock", secret=secret, acting=ada.acting)
        assert list(refused.value.message_dict) == ["secret"]

    def test_a_cloud_needs_a_region(self, acme: Tenant, ada: Person) -> None:
        with pytest.raises(ValidationError, match="base URL of your region") as refused:
            provider_keys.create(acme, name="aws", provider="bedrock", secret="AKIA:s", acting=ada.acting)
        assert list(refused.value.message_dict) == ["base_url"]
        base_url = "https://bedrock-runtime.eu-west-3.amazonaws.com"
        key = provider_keys.create(
            acme, name="aws", provider="bedrock", secret="AKIA:s", base_url=base_url, acting=ada.acting
        )
        assert key.base_url == base_url

    def test_a_base_url_may_name_the_version_of_an_api(self, acme: Tenant, ada: Person) -> None:
        written = "https://r.openai.azure.com/?api-version=2025-04-01-preview"
        key = provider_keys.create(
            acme, name="azure", provider="azure", secret=CANARY, base_url=written, acting=ada.acting
        )
        assert key.base_url == "https://r.openai.azure.com?api-version=2025-04-01-preview"
        with pytest.raises(ValidationError, match="no query but an api-version"):
            provider_keys.create(
                acme, name="b", provider="azure", secret=CANARY, base_url=f"{written}&x=1", acting=ada.acting
            )

    def test_an_unknown_provider_is_none(self, acme: Tenant, ada: Person) -> None:
        with pytest.raises(ValidationError, match="no such provider"):
            provider_keys.create(acme, name="x", provider="nobody", secret=CANARY, acting=ada.acting)


class TestMoved:
    def test_into_another_row_it_does_not_open(self, acme: Tenant, ada: Person) -> None:
        mine, other = made(acme, ada), made(acme, ada, name="other", secret="sk-other-0123456789")
        other.sealed = mine.sealed
        other.save()
        with pytest.raises(Unopenable):
            other.open()

    def test_into_another_tenant_it_does_not_open(
        self, acme: Tenant, evil: Tenant, ada: Person, eve: Person
    ) -> None:
        mine = made(acme, ada)
        with within(evil):
            stolen = made(evil, eve)
            stolen.sealed = mine.sealed
            stolen.save()
            with pytest.raises(Unopenable):
                stolen.open()

    def test_the_canary_names_it(self, acme: Tenant, ada: Person) -> None:
        key = made(acme, ada)
        made(acme, ada, name="good")
        key.sealed_secret = b"\0" * 40
        key.save()
        [found] = undecryptable()
        assert (found.tenant, found.key) == ("acme", "main")
        assert "enter it again" in found.reason


class TestMasterKeyChanged:
    NEW = "new:Hh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0="

    def test_a_lost_one_is_told_of_every_key(self, acme: Tenant, ada: Person, settings: Settings) -> None:
        made(acme, ada)
        settings.MASTER_KEYS = self.NEW
        assert undecryptable() == (
            Undecryptable(
                tenant="acme",
                key="main",
                reason="The master key 'tests' is not among MASTER_KEYS: put it back.",
            ),
        )

    def test_rewrapping_moves_all_of_them(self, acme: Tenant, ada: Person, settings: Settings) -> None:
        made(acme, ada)
        made(acme, ada, name="other")
        old = settings.MASTER_KEYS
        settings.MASTER_KEYS = f"{self.NEW},{old}"
        assert provider_keys.rewrap_all() == 2
        assert provider_keys.rewrap_all() == 0
        settings.MASTER_KEYS = self.NEW
        assert undecryptable() == ()
        with every_tenant():
            assert AuditEntry.objects.filter(verb="provider_key.rewrapped", actor="rewrap").count() == 2
