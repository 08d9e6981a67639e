"""What any test may ask for; `tests/servers.py` has started the servers by then."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis

# A busy machine is not a wrong answer.
settings.register_profile("busy", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A connection to an empty Valkey, left empty."""
    with Redis.from_url(os.environ["REDIS_URL"]) as connection:
        connection.flushdb()
        yield connection
        connection.flushdb()


@pytest.fixture
def var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test's own, named by VAR_DIR."""
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    return tmp_path
