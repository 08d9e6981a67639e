"""What the product refuses to start with."""

import base64

import pytest

from console.environment import Environment, MisspeltEnvironment, Secrets
from console.preflight import problems
from gateway.core import master_keys

GOOD_KEY = "s9Jd2-7fKq0_pLw8xVbN3mTz5RcYgHaE1uQi"
GOOD_BYTES = bytes(range(7, 39))
GOOD_MASTER = "first:" + base64.b64encode(GOOD_BYTES).decode()
SERVERS = Environment.from_environ({"DATABASE_URL": "postgresql:///rungway", "REDIS_URL": "redis://x"})


def refused(
    secret_key: str = GOOD_KEY, keys: str = GOOD_MASTER, environment: Environment = SERVERS
) -> list[str]:
    return list(problems(environment, Secrets(secret_key=secret_key, master_keys=keys)))


def test_good_secrets_pass() -> None:
    assert refused() == []


@pytest.mark.parametrize(
    ("secret_key", "reason"),
    [
        ("", "not set"),
        ("django-insecure-s9Jd27fKq0pLw8xVbN3mTz5RcYgHaE1uQi", "well-known"),
        ("changeme", "well-known"),
        ("short", "weak"),
        ("ab" * 40, "weak"),
    ],
)
def test_a_guessable_secret_key(secret_key: str, reason: str) -> None:
    (told,) = refused(secret_key=secret_key)
    assert told.startswith("SECRET_KEY")
    assert reason in told


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("", "empty"),
        ("AAAA", "has no id"),
        ("first:not base64!", "not base64"),
        ("first:" + base64.b64encode(GOOD_BYTES[:16]).decode(), "has 16 bytes"),
        ("first:" + base64.b64encode(bytes(32)).decode(), "weak"),
        (f"{GOOD_MASTER},{GOOD_MASTER}", "twice"),
    ],
)
def test_unusable_master_keys(keys: str, reason: str) -> None:
    (told,) = refused(keys=keys)
    assert "MASTER_KEYS" in told
    assert reason in told


def test_the_first_master_key_stays_the_first() -> None:
    other = base64.b64encode(bytes(range(100, 132))).decode()
    assert list(master_keys.parse(f"new:{other}, {GOOD_MASTER}")) == ["new", "first"]


def test_no_message_repeats_a_secret() -> None:
    told = " ".join(refused(secret_key="hunter2hunter2", keys="first:aHVudGVyMg=="))
    assert "hunter2" not in told
    assert "aHVudGVyMg" not in told


def test_servers_that_are_not_named() -> None:
    assert [told.split()[0] for told in refused(environment=Environment.from_environ({}))] == [
        "DATABASE_URL",
        "REDIS_URL",
    ]


def test_secrets_are_not_shown() -> None:
    assert GOOD_KEY not in repr(Secrets(secret_key=GOOD_KEY, master_keys=GOOD_MASTER))


@pytest.mark.parametrize(
    ("value", "said"), [("eighty", "not a number"), ("0", "not a number"), ("70000", "not a port")]
)
def test_a_port_that_cannot_be_meant(value: str, said: str) -> None:
    with pytest.raises(MisspeltEnvironment, match=f"CONSOLE_PORT.*{said}"):
        Environment.from_environ({"CONSOLE_PORT": value})


def test_addresses_follow_from_bind_and_port() -> None:
    everywhere = Environment.from_environ({"BIND": "0.0.0.0", "CONSOLE_PORT": "9000"})
    assert everywhere.console_url == "http://127.0.0.1:9000"
    assert "0.0.0.0" not in everywhere.allowed_hosts
    assert Environment.from_environ({"BIND": "::1"}).gateway_url == "http://[::1]:8080"


def test_a_public_address_brings_its_host_and_tls() -> None:
    public = Environment.from_environ(
        {"CONSOLE_URL": "https://console.example.com/", "ALLOWED_HOSTS": "a.test, b.test"}
    )
    assert public.behind_tls
    assert {"console.example.com", "a.test", "b.test"} <= set(public.allowed_hosts)
    assert public.console_url == "https://console.example.com"


def test_celery_gets_its_own_spelling_of_a_socket() -> None:
    environment = Environment.from_environ({"REDIS_URL": "unix:///run/valkey.sock"})
    assert environment.broker_url == "redis+socket:///run/valkey.sock"


def test_mail_goes_where_email_url_says() -> None:
    def options(url: str) -> object:
        return Secrets(secret_key="", master_keys="", email_url=url).mailers["default"].get("OPTIONS")

    assert options("") is None
    assert options("smtps://us%40er:p%2Fw@mail.test") == {
        "host": "mail.test", "port": 465, "username": "us@er", "password": "p/w", "use_tls": False, "use_ssl": True,
        "timeout": 15,
    }  # fmt: skip
    starting = options("smtp+starttls://mail.test:2525/")
    assert isinstance(starting, dict)
    assert (starting["port"], starting["use_tls"], starting["username"]) == (2525, True, "")
    assert options("smtp://u:p@127.0.0.1") is not None


@pytest.mark.parametrize(
    "url",
    [
        "mail.test",
        "http://mail.test",
        "smtp://",
        "smtps://h:x",
        "smtps://h/path",
        "smtp://u:secret@mail.test",
    ],
)
def test_a_mail_server_that_cannot_be_meant_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(MisspeltEnvironment, match="EMAIL_URL") as caught:
        _ = Secrets(secret_key="", master_keys="", email_url=url).mailers
    assert "secret" not in str(caught.value)
