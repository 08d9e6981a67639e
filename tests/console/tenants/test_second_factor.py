"""A second factor is asked of every way in, counts once, and cannot be guessed."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client
from redis import Redis

from console.tenants import links
from tests.console.conftest import Person

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _no_attempts_so_far(redis: Redis) -> None:
    cache.clear()


@pytest.fixture
def secret(ada: Person) -> str:
    ada.user.set_password(PASSWORD)
    ada.user.save()
    secret: str = generate_totp_secret()
    TOTP.activate(ada.user, secret)
    return secret


def code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def by_password() -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": "ada@acme.test", "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/t/acme/members/").status_code == 200


def test_after_the_password_it_is_asked(secret: str) -> None:
    client = by_password()
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert is_in(client)


def test_after_a_link_it_is_asked_too(ada: Person, secret: str) -> None:
    client = Client()
    client.get(f"/enter/{links.make_sign_in_link(ada.user)}/")
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert is_in(client)


def test_a_code_counts_once(secret: str) -> None:
    used = code(secret)
    by_password().post("/accounts/2fa/authenticate/", {"code": used})
    second = by_password()
    second.post("/accounts/2fa/authenticate/", {"code": used})
    assert not is_in(second)


@pytest.mark.parametrize("wrong", ["000000", "letters", "", "1" * 10_000])
def test_a_wrong_one_does_not_count(secret: str, wrong: str) -> None:
    client = by_password()
    client.post("/accounts/2fa/authenticate/", {"code": wrong})
    assert not is_in(client)


def test_guessing_is_stopped(secret: str) -> None:
    client = by_password()
    for _ in range(10):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert not is_in(client)


def test_a_recovery_code_counts_once(ada: Person, secret: str) -> None:
    codes = RecoveryCodes.activate(ada.user).get_unused_codes()
    first, second = by_password(), by_password()
    first.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    second.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert (is_in(first), is_in(second)) == (True, False)


def test_it_is_switched_on_in_the_console(ada: Person) -> None:
    page = ada.client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    secret = ada.client.session["mfa.totp.secret"]
    ada.client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert Authenticator.objects.filter(user=ada.user, type=Authenticator.Type.TOTP).exists()
