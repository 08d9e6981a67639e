"""A pytest plugin: one PostgreSQL and one Valkey for the whole run, up before Django reads its settings."""

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from console.embedded.places import Places
from console.embedded.postgres import Postgres
from console.embedded.server import Running
from console.embedded.valkey import Valkey

SECRETS = {
    "SECRET_KEY": "of-the-tests-and-of-no-installation-at-all-0123456789",
    "MASTER_KEYS": "tests:" + base64.b64encode(bytes(range(32))).decode(),
}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    servers = ExitStack()
    early_config.add_cleanup(servers.close)
    os.environ.update(servers.enter_context(running_servers()))
    yield


@contextmanager
def running_servers() -> Iterator[dict[str, str]]:
    places = Places(Path(tempfile.mkdtemp(prefix="rungway-tests-")))
    places.make()
    postgres = Postgres(places.postgres, places.sockets, durable=False)
    valkey = Valkey(places.valkey, places.sockets, durable=False)
    running = [Running.start(server, log=places.var / f"{server.name}.log") for server in (valkey, postgres)]
    try:
        yield {
            **SECRETS,
            "VAR_DIR": str(places.var),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
        }
    finally:
        for server in running:
            server.stop()
        shutil.rmtree(places.var, ignore_errors=True)
