"""Refuses to serve with what an attacker could guess, or without what cannot be done without.

Runs as a Django check (so `manage.py` commands refuse) and from `asgi.py` and `celery.py` (so servers do).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from console.environment import Environment, Secrets
from gateway.core import master_keys, secret_key


def refuse_unsafe() -> None:
    """Called before anything is served."""
    if found := list(problems(Environment.from_environ(), Secrets.from_environ())):
        raise ImproperlyConfigured("\n".join(["Not starting:", *(f"  - {line}" for line in found)]))


def check(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found = problems(Environment.from_environ(), Secrets.from_environ())
    return [Error(line, id="console.E001") for line in found]


def problems(environment: Environment, secrets: Secrets) -> Iterator[str]:
    if weak := secret_key.weakness(secrets.secret_key):
        yield weak
    yield from _master_keys(secrets.master_keys)
    addresses = {"DATABASE_URL": environment.database_url, "REDIS_URL": environment.redis_url}
    for name, address in addresses.items():
        if not address:
            yield f"{name} is not set: give the address of the server, or start everything with `up`."


def _master_keys(text: str) -> Iterator[str]:
    try:
        master_keys.parse(text)
    except master_keys.BadMasterKeys as refusal:
        yield str(refusal)
