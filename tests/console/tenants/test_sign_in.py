"""Ways in: by password, by a link that counts once, by an invitation; and what stands in a guesser's way."""

import re
import time

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.core import mail
from django.core.cache import cache
from django.test import Client
from redis import Redis

from console.tenancy import Role, every_tenant, within
from console.tenants import links
from console.tenants.models import Membership, Tenant, User
from tests.console.conftest import Person

PASSWORD = "correct horse battery staple"


@pytest.fixture
def carl(db: None) -> User:
    return User.objects.create_user(email="carl@acme.test", password=PASSWORD)


@pytest.fixture(autouse=True)
def _no_attempts_so_far(redis: Redis) -> None:
    cache.clear()


def sign_in(client: Client, password: str = PASSWORD, **headers: str) -> int:
    form = {"login": "carl@acme.test", "password": password}
    return client.post("/accounts/login/", form, headers=headers).status_code


class TestPassword:
    def test_it_opens_the_last_tenant(self, acme: Tenant, evil: Tenant, carl: User) -> None:
        for tenant in (acme, evil):
            with every_tenant():
                tenant.memberships.create(user=carl, role=Role.VIEWER)
        client = Client()
        assert sign_in(client) == 302
        assert client.get("/")["location"] == "/t/acme/"
        client.get("/t/evil/members/")
        assert client.get("/")["location"] == "/t/evil/"

    def test_without_a_tenant_it_says_what_to_do(self, carl: User) -> None:
        client = Client()
        sign_in(client)
        assert b"Ask an owner or admin of your company to invite this address" in client.get("/").content

    def test_the_session_is_another_afterwards(self, carl: User) -> None:
        client = Client()
        client.get("/accounts/login/")
        client.cookies["sessionid"] = "chosen-by-somebody-else"
        sign_in(client)
        assert client.cookies["sessionid"].value != "chosen-by-somebody-else"

    def test_the_eleventh_wrong_one_in_a_row_waits(self, carl: User) -> None:
        client = Client()
        statuses = [sign_in(client, "wrong", **{"x-forwarded-for": f"10.0.0.{n}"}) for n in range(11)]
        assert statuses == [200] * 10 + [429]
        assert sign_in(client) == 429

    def test_known_and_unknown_addresses_look_alike(self, carl: User) -> None:
        answers = [
            re.sub(
                r'name="csrfmiddlewaretoken" value="\w+"|"x-csrftoken": "\w+"|value="\w+@acme.test"',
                "",
                Client()
                .post("/accounts/login/", {"login": f"{name}@acme.test", "password": "wrong"})
                .content.decode(),
            )
            for name in ("carl", "nobody")
        ]
        assert answers[0] == answers[1]

    @pytest.mark.parametrize(
        "next_", ["//evil.test", "https:evil.test", "\\\\evil.test", "javascript:alert(1)"]
    )
    def test_it_leads_nowhere_else(self, carl: User, next_: str) -> None:
        form = {"login": "carl@acme.test", "password": PASSWORD, "next": next_}
        assert Client().post("/accounts/login/", form)["location"] == "/"

    def test_a_reset_names_the_configured_host(self, carl: User) -> None:
        hostile = Client(headers={"host": "evil.test"})
        assert hostile.post("/accounts/password/reset/", {"email": "carl@acme.test"}).status_code == 400
        assert mail.outbox == []

    @pytest.mark.parametrize("path", ["/accounts/email/", "/accounts/signup/", "/admin/", "/.env"])
    def test_other_ways_are_closed(self, carl: User, path: str) -> None:
        client = Client()
        sign_in(client)
        client.post(path, {"email": "else@acme.test", "password1": PASSWORD, "action_add": ""})
        assert list(User.objects.values_list("email", flat=True)) == ["carl@acme.test"]


class TestLink:
    def test_it_signs_in_once(self, acme: Tenant, ada: Person) -> None:
        token = links.make_sign_in_link(ada.user)
        client = Client()
        assert client.get(f"/enter/{token}/")["location"] == "/"
        assert client.get("/t/acme/members/").status_code == 200
        assert Client().get(f"/enter/{token}/").status_code == 400

    def test_looking_ahead_does_not_use_it_up(self, ada: Person) -> None:
        token = links.make_sign_in_link(ada.user)
        Client().head(f"/enter/{token}/")
        Client().get(f"/enter/{token}/", headers={"sec-purpose": "prefetch;prerender"})
        assert Client().get(f"/enter/{token}/").status_code == 302

    @pytest.mark.parametrize("token", ["x", "x" * 10_000, "ж"])
    def test_nonsense_says_what_to_do(self, db: None, token: str) -> None:
        response = Client().get(f"/enter/{token}/")
        assert response.status_code == 400
        assert b"ask for a new one" in response.content


class TestInvitation:
    def test_a_new_person_makes_an_account_and_is_in(self, acme: Tenant, ada: Person) -> None:
        address = _invited(acme, ada, "zoe@acme.test")
        client = Client()
        assert b"Join Acme Inc" in client.get(address).content
        response = client.post(address, {"name": "Zoe", "password": PASSWORD})
        assert response["location"] == "/t/acme/"
        assert client.get("/t/acme/members/").status_code == 200
        with every_tenant():
            assert Membership.objects.get(user__email="zoe@acme.test").role == Role.EDITOR

    @pytest.mark.parametrize("password", ["short", "password1234", "1234567890123"])
    def test_a_weak_password_makes_none(self, acme: Tenant, ada: Person, password: str) -> None:
        address = _invited(acme, ada, "zoe@acme.test")
        assert Client().post(address, {"password": password}).status_code == 422
        assert not User.objects.filter(email="zoe@acme.test").exists()

    def test_who_has_an_account_signs_in_first(self, acme: Tenant, ada: Person, carl: User) -> None:
        address = _invited(acme, ada, "carl@acme.test")
        client = Client()
        assert b"Sign in to join" in client.post(address, {"password": "another password!"}).content
        sign_in(client)
        assert client.post(address)["location"] == "/t/acme/"

    def test_somebody_else_does_not_get_in(self, acme: Tenant, ada: Person, eve: Person) -> None:
        address = _invited(acme, ada, "zoe@acme.test")
        assert b"signed in as somebody else" in eve.client.post(address).content
        assert eve.client.get("/t/acme/members/").status_code == 404

    def test_a_spent_one_says_so(self, db: None) -> None:
        assert Client().get("/invitation/nothing/").status_code == 400


class TestRecently:
    def test_an_old_session_makes_no_keys(self, acme: Tenant, carl: User) -> None:
        client = self._signed_in(acme, carl)
        assert client.get("/t/acme/gateway-keys/new/").status_code == 200
        self._grow_old(client)
        response = client.get("/t/acme/gateway-keys/new/")
        assert response["location"] == "/accounts/reauthenticate/?next=%2Ft%2Facme%2Fgateway-keys%2Fnew%2F"

    def test_what_an_old_session_posts_is_not_kept(self, acme: Tenant, carl: User) -> None:
        client = self._signed_in(acme, carl)
        self._grow_old(client)
        form = {"name": "x", "provider": "openai", "secret": "sk-canary-0123456789", "once": "w"}
        assert client.post("/t/acme/provider-keys/new/", form).status_code == 302
        assert "canary" not in str(dict(client.session))
        with within(acme):
            assert acme.provider_keys.count() == 0

    def _signed_in(self, tenant: Tenant, user: User) -> Client:
        with every_tenant():
            tenant.memberships.create(user=user, role=Role.OWNER)
        client = Client()
        sign_in(client)
        return client

    def _grow_old(self, client: Client) -> None:
        session = client.session
        for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
            record["at"] = time.time() - 901
        session.save()


def _invited(tenant: Tenant, by: Person, email: str) -> str:
    response = by.client.post(f"/t/{tenant.slug}/members/invite/", {"email": email, "role": "editor"})
    assert response.status_code == 200
    found = re.search(r"/invitation/[\w-]+/", response.content.decode())
    assert found is not None
    return found.group()
