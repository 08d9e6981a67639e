"""The pages of keys: what is shown once, what is never shown, and what a second click does."""

import logging
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from console.keys.actions import gateway_keys, provider_keys
from console.keys.models import GatewayKey, ProviderKey
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.secrets import digest
from tests.console.conftest import Person

CANARY = "sk-canary-7f3a9e51c2d84b60"
PAGES = ("provider-keys/", "gateway-keys/", "admin-tokens/", "audit/", "members/", "settings/")


def filled(client: Client, page: str, **form: str) -> dict[str, str]:
    """A form as the page gave it, with what a person writes into it."""
    found = re.search(r'name="once" value="([^"]+)"', client.get(page).content.decode())
    assert found is not None
    return {"once": found.group(1), **form}


def provider_key(tenant: Tenant, by: Person, name: str = "main") -> ProviderKey:
    with within(tenant):
        return provider_keys.create(tenant, name=name, provider="openai", secret=CANARY, acting=by.acting)


def gateway_key(tenant: Tenant, by: Person, name: str = "app") -> GatewayKey:
    with within(tenant):
        return gateway_keys.create(tenant, name=name, acting=by.acting).key


def kept(key: GatewayKey) -> GatewayKey:
    with every_tenant():
        return GatewayKey.objects.select_related("tenant").get(pk=key.pk)


class TestProviderKeys:
    NEW = "/t/acme/provider-keys/new/"

    def test_empty_it_says_what_to_do_next(self, ada: Person, vera: Person) -> None:
        assert (
            'href="/t/acme/provider-keys/new/"' in ada.client.get("/t/acme/provider-keys/").content.decode()
        )
        page = vera.client.get("/t/acme/provider-keys/").content.decode()
        assert "An admin can add one" in page
        assert "/provider-keys/new/" not in page

    def test_a_key_is_entered_and_listed(self, acme: Tenant, ada: Person) -> None:
        form = filled(ada.client, self.NEW, name="main", provider="openai", secret=CANARY)
        assert ada.client.post(self.NEW, form).status_code == 302
        page = ada.client.get("/t/acme/provider-keys/").content.decode()
        assert "…4b60" in page
        assert "Not tested" in page

    def test_clicked_twice_it_is_one_key(self, acme: Tenant, ada: Person) -> None:
        form = filled(ada.client, self.NEW, name="main", provider="openai", secret=CANARY)
        assert [ada.client.post(self.NEW, form).status_code for _ in range(2)] == [302, 302]
        with within(acme):
            assert acme.provider_keys.count() == 1
            assert acme.audit_entries.count() == 1

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"secret": ""}, "Enter the key that OpenAI gave you."),
            ({"secret": f"Bearer {CANARY}"}, "Leave out the word Bearer"),
            ({"base_url": "http://169.254.169.254/"}, "This base URL cannot be used"),
            ({"name": " "}, "This field is required"),
            ({"provider": "nobody"}, "Select a valid choice"),
        ],
    )
    def test_a_mistake_is_told_at_its_field(
        self, acme: Tenant, ada: Person, wrong: dict[str, str], told: str
    ) -> None:
        form = {"name": "main", "provider": "openai", "secret": CANARY, **wrong}
        response = ada.client.post(self.NEW, filled(ada.client, self.NEW, **form))
        assert response.status_code == 422
        assert told in response.content.decode()
        assert "canary" not in response.content.decode()
        with within(acme):
            assert acme.provider_keys.count() == 0

    def test_replacing_needs_the_key_again(self, acme: Tenant, ada: Person) -> None:
        key = provider_key(acme, ada)
        address = f"/t/acme/provider-keys/{key.pk}/replace/"
        assert CANARY[-8:] not in ada.client.get(address).content.decode()
        moved = ada.client.post(address, {"secret": "", "base_url": "https://elsewhere.example/v1"})
        assert moved.status_code == 422
        done = ada.client.post(address, {"secret": "sk-other-0123456789", "base_url": ""})
        assert done.status_code == 302
        with every_tenant():
            assert ProviderKey.objects.get().last4 == "6789"

    def test_deleting_asks_for_the_name(self, acme: Tenant, ada: Person) -> None:
        address = f"/t/acme/provider-keys/{provider_key(acme, ada).pk}/delete/"
        ada.client.post(address, {"typed": "other"})
        with within(acme):
            assert acme.provider_keys.count() == 1
        ada.client.post(address, {"typed": "main"})
        with within(acme):
            assert acme.provider_keys.count() == 0

    def test_testing_tells_and_is_kept(self, acme: Tenant, ada: Person, settings: Settings) -> None:
        settings.SIMULATOR_URL = "http://127.0.0.1:1"
        with within(acme):
            key = provider_keys.create(
                acme, name="s", provider="openai", secret=CANARY, base_url="simulator:/v1", acting=ada.acting
            )
        page = ada.client.post(f"/t/acme/provider-keys/{key.pk}/test/", follow=True).content.decode()
        assert "The provider could not be reached." in page
        assert "Failing" in page
        with within(acme):
            assert acme.audit_entries.filter(verb="provider_key.tested").count() == 1


class TestGatewayKeys:
    NEW = "/t/acme/gateway-keys/new/"

    def test_empty_it_says_what_to_do_next(self, ada: Person) -> None:
        assert "No gateway key yet" in ada.client.get("/t/acme/gateway-keys/").content.decode()

    def test_its_value_is_shown_once(self, acme: Tenant, ada: Person) -> None:
        form = filled(ada.client, self.NEW, name="app", tag_team="search", requests_per_minute="60")
        response = ada.client.post(self.NEW, form)
        value = _shown(response.content.decode(), "rw_")
        assert response["cache-control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
        with every_tenant():
            key = GatewayKey.objects.get()
        assert (key.digest, key.tags, key.requests_per_minute) == (digest(value), {"team": "search"}, 60)
        for page in PAGES:
            assert value not in ada.client.get(f"/t/acme/{page}").content.decode()
        assert value not in ada.client.get(f"/t/acme/gateway-keys/{key.pk}/").content.decode()
        assert value not in str(dict(ada.client.session))

    def test_clicked_twice_it_is_one_key_and_both_answers_show_it(self, acme: Tenant, ada: Person) -> None:
        form = filled(ada.client, self.NEW, name="app")
        first, second = (_shown(ada.client.post(self.NEW, form).content.decode(), "rw_") for _ in range(2))
        assert first == second
        with within(acme):
            assert acme.gateway_keys.count() == 1
            assert acme.audit_entries.count() == 1

    def test_editing_shows_what_holds_now(self, acme: Tenant, ada: Person) -> None:
        key = gateway_key(acme, ada)
        address = f"/t/acme/gateway-keys/{key.pk}/"
        ada.client.post(address, {"tag_team": "search", "tokens_per_minute": "2000"})
        page = ada.client.get(address).content.decode()
        assert 'value="search"' in page
        assert 'value="2000"' in page

    @pytest.mark.parametrize(
        "wrong",
        [
            {"requests_per_minute": "0"},
            {"tokens_per_minute": "many"},
            {"expires_at": "2001-01-01T00:00"},
            {"routers": "nobody"},
            {"tag_team": "a\x00b"},
        ],
    )
    def test_wrong_terms_change_nothing(self, acme: Tenant, ada: Person, wrong: dict[str, str]) -> None:
        key = gateway_key(acme, ada)
        with within(acme):
            acme.routers.create(slug="support")
        response = ada.client.post(f"/t/acme/gateway-keys/{key.pk}/", {"tag_feature": "x", **wrong})
        assert response.status_code == 422
        assert kept(key).tags == {}

    def test_fields_that_are_not_asked_for_change_nothing(
        self, acme: Tenant, evil: Tenant, ada: Person
    ) -> None:
        key = gateway_key(acme, ada)
        forged = {"digest": "0" * 64, "tenant": str(evil.pk), "name": "other", "id": "1", "created_by": "me"}
        ada.client.post(f"/t/acme/gateway-keys/{key.pk}/", forged)
        again = kept(key)
        assert (again.digest, again.tenant, again.name, again.created_by) == (
            key.digest,
            acme,
            "app",
            "ada@acme.test",
        )

    def test_revoking_asks_for_the_name(self, acme: Tenant, ada: Person) -> None:
        address = f"/t/acme/gateway-keys/{gateway_key(acme, ada).pk}/revoke/"
        ada.client.post(address, {"typed": "other"})
        assert "rw_" in ada.client.get("/t/acme/gateway-keys/").content.decode()
        ada.client.post(address, {"typed": "app"})
        assert "No gateway key yet" in ada.client.get("/t/acme/gateway-keys/").content.decode()
        assert ada.client.post(address, {"typed": "app"}).status_code == 404


def test_a_token_is_shown_once(acme: Tenant, ada: Person) -> None:
    new = "/t/acme/admin-tokens/new/"
    form = filled(ada.client, new, name="terraform", role="editor")
    value = _shown(ada.client.post(new, form).content.decode(), "rwa_")
    for page in PAGES:
        assert value not in ada.client.get(f"/t/acme/{page}").content.decode()
    with within(acme):
        [token] = acme.admin_tokens.all()
    ada.client.post(f"/t/acme/admin-tokens/{token.pk}/revoke/")
    assert "No admin token yet" in ada.client.get("/t/acme/admin-tokens/").content.decode()


def test_an_admin_makes_no_owners_token(acme: Tenant, adam: Person) -> None:
    new = "/t/acme/admin-tokens/new/"
    response = adam.client.post(new, filled(adam.client, new, name="x", role="owner"))
    assert response.status_code == 422
    with within(acme):
        assert acme.admin_tokens.count() == 0


def test_foreign_keys_are_not_there(acme: Tenant, evil: Tenant, ada: Person, eve: Person) -> None:
    theirs, app = provider_key(acme, ada), gateway_key(acme, ada)
    addresses = [
        *(f"/t/evil/provider-keys/{theirs.pk}/{action}/" for action in ("replace", "test", "delete")),
        *(f"/t/evil/gateway-keys/{app.pk}/{action}" for action in ("", "replace/", "revoke/")),
    ]
    for address in addresses:
        response = eve.client.post(address, {"typed": "main", "secret": "sk-mine-0123456789"})
        assert response.status_code == 404, address
    with within(acme):
        assert acme.provider_keys.get().fingerprint == theirs.fingerprint
        assert acme.gateway_keys.get().revoked_at is None


def test_a_secret_is_in_no_page_trail_or_log(
    acme: Tenant, ada: Person, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:1"
    caplog.set_level(logging.DEBUG)
    new = "/t/acme/provider-keys/new/"
    form = filled(ada.client, new, name="main", provider="openai", secret=CANARY, base_url="simulator:/v1")
    ada.client.post(new, form)
    ada.client.post(new, {**form, "once": "another"})  # the name is taken: the form comes back
    with within(acme):
        key = acme.provider_keys.get()
        trail = str(list(acme.audit_entries.values()))
    ada.client.post(f"/t/acme/provider-keys/{key.pk}/test/")
    pages = "".join(ada.client.get(f"/t/acme/{page}").content.decode() for page in PAGES)
    for seen in (pages, trail, caplog.text):
        assert "canary" not in seen


def _shown(page: str, prefix: str) -> str:
    found = re.search(rf"<code[^>]*data-secret[^>]*>({prefix}[\w-]+)<", page)
    assert found is not None, page
    return found.group(1)


def test_a_lost_master_key_is_told_and_not_ready(acme: Tenant, ada: Person, settings: Settings) -> None:
    provider_key(acme, ada)
    assert Client().get("/readyz").status_code == 200
    settings.MASTER_KEYS = "new:Hh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0="
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.content.decode().startswith("undecryptable_secrets 1\nacme: main: The master key")
    assert "Cannot be opened" in ada.client.get("/t/acme/provider-keys/").content.decode()


def test_rewrapping_says_how_many(acme: Tenant, ada: Person, settings: Settings) -> None:
    provider_key(acme, ada)
    settings.MASTER_KEYS = f"new:Hh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0=,{settings.MASTER_KEYS}"
    told = StringIO()
    call_command("rewrap", stdout=told)
    assert told.getvalue().startswith("1 sealed anew")


def test_a_tag_that_is_no_longer_declared_stays_on_its_key(acme: Tenant, ada: Person) -> None:
    with within(acme):
        terms = gateway_keys.Terms(tags={"team": "search"})
        key = gateway_keys.create(acme, name="app", terms=terms, acting=ada.acting).key
    Tenant.objects.update(tags=["feature"])
    address = f"/t/acme/gateway-keys/{key.pk}/"
    assert 'value="search"' in ada.client.get(address).content.decode()
    ada.client.post(address, {"tag_team": "search", "tag_feature": "x"})
    assert kept(key).tags == {"team": "search", "feature": "x"}
