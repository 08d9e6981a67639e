"""The embedded servers: where they live, what survives a crash, and who may use them when."""

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from console.embedded import launch, places, secrets
from console.embedded.locks import Claim
from console.embedded.places import Places, UnsafePlace
from console.embedded.postgres import Postgres
from console.embedded.server import Running, ServerFailed
from console.embedded.sharing import needed, servers_for
from console.embedded.valkey import Valkey
from console.environment import ROOT


@pytest.fixture
def ours(tmp_path: Path) -> Places:
    made = Places(tmp_path / "var")
    made.make()
    return made


@pytest.fixture
def postgres(ours: Places) -> Iterator[Running]:
    running = Running.start(Postgres(ours.postgres, ours.sockets, durable=False), log=ours.var / "log")
    yield running
    running.stop()


def test_sockets_lie_beside_the_data_where_the_path_is_short() -> None:
    assert Places(Path("/tmp/short")).sockets == Path("/tmp/short/run")


def test_a_long_path_gets_short_sockets(tmp_path: Path) -> None:
    deep = Places(tmp_path / ("x" * 100))
    assert len(str(deep.sockets / ".s.PGSQL.5432")) <= places.LONGEST_SOCKET_PATH
    assert deep.sockets != Places(tmp_path / ("y" * 100)).sockets
    assert deep.sockets == Places(tmp_path / ("x" * 100)).sockets


def test_a_socket_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    ours = Places(tmp_path)
    ours.sockets.mkdir()
    ours.sockets.chmod(0o777)
    with pytest.raises(UnsafePlace, match="VAR_DIR"):
        ours.make()


def test_secrets_are_made_once_and_kept_from_others(ours: Places) -> None:
    made = secrets.complete({}, ours.secrets)
    assert stat.S_IMODE(ours.secrets.stat().st_mode) == 0o600
    assert secrets.complete({}, ours.secrets) == made
    assert secrets.complete({"SECRET_KEY": "mine"}, ours.secrets) == {**made, "SECRET_KEY": "mine"}


def test_given_secrets_are_not_written_down(ours: Places) -> None:
    given = {"SECRET_KEY": "mine", "MASTER_KEYS": "a:b"}
    assert secrets.complete(given, ours.secrets) == given
    assert not ours.secrets.exists()


def test_only_servers_without_an_address_are_needed(ours: Places) -> None:
    assert [server.name for server in needed(ours, {})] == ["postgres", "valkey"]
    assert [server.name for server in needed(ours, {"DATABASE_URL": "postgresql:///x"})] == ["valkey"]


def test_a_server_that_cannot_start_tells_its_own_reason(ours: Places) -> None:
    ours.postgres.mkdir()
    (ours.postgres / "PG_VERSION").write_text("7.1\n")
    with pytest.raises(ServerFailed, match="postgres did not start"):
        Running.start(Postgres(ours.postgres, ours.sockets), log=ours.var / "log")


def test_a_process_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """Through the user namespace too, where PostgreSQL runs when we are root."""
    noted = tmp_path / "pid"
    child = (
        f"import os, pathlib, time; pathlib.Path({str(noted)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    parent = f"""
import subprocess, sys
from console.embedded.launch import dying_with_parent
subprocess.run(dying_with_parent([sys.executable, "-c", {child!r}], ordinary=True))
"""
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT)
    pid = int(_await_text(noted))
    process.kill()
    process.wait()
    _await_end(pid)


def test_a_child_whose_parent_is_gone_already_does_not_start(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    orphan = [sys.executable, launch.__file__, "1", "9", "same", "/usr/bin/touch", str(touched)]
    subprocess.run(orphan, check=True)
    assert not touched.exists()


def test_data_survives_a_crash_whose_pid_file_names_a_stranger(ours: Places) -> None:
    """After a reboot the old process id may belong to anybody; PostgreSQL alone would refuse to start."""
    server = Postgres(ours.postgres, ours.sockets)
    running = Running.start(server, log=ours.var / "log")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table kept as select 1 as one")
    running.process.kill()
    running.process.wait()
    _name_in_pid_file(ours.postgres / "postmaster.pid", os.getpid())
    again = Running.start(server, log=ours.var / "log")
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("select one from kept").fetchone() == (1,)
    finally:
        again.stop()


def test_what_valkey_was_told_survives_a_crash(ours: Places) -> None:
    server = Valkey(ours.valkey, ours.sockets)
    running = Running.start(server, log=ours.var / "log")
    with server.connection() as connection:
        connection.set("kept", "1")
    running.process.kill()
    running.process.wait()
    again = Running.start(server, log=ours.var / "log")
    try:
        with server.connection() as connection:
            assert connection.get("kept") == "1"
    finally:
        again.stop()


def test_a_command_beside_a_running_owner_uses_its_servers(ours: Places, postgres: Running) -> None:
    with Claim.on(ours) as owner:
        assert owner.own("up")
        owner.open()
        with servers_for("apply", ours, (postgres.server,)) as provided:
            assert not provided.fresh
            assert provided.addresses == {"DATABASE_URL": postgres.server.url}


def test_a_command_alone_runs_servers_for_its_own_time(ours: Places) -> None:
    servers = needed(ours, {})
    with servers_for("apply", ours, servers) as provided:
        assert provided.fresh
        assert all(server.is_ready() for server in servers)
    assert not any(server.is_ready() for server in servers)


def test_a_passing_owner_waits_for_those_who_joined(ours: Places, postgres: Running) -> None:
    shut = threading.Event()
    with Claim.on(ours) as owner, Claim.on(ours) as user:
        assert owner.own("export")
        assert not user.join()
        owner.open()
        assert user.join()
        waiting = threading.Thread(target=lambda: _and_then(owner.shut, shut.set))
        waiting.start()
        assert not shut.wait(0.2)
        user.leave()
        assert shut.wait(10)
        waiting.join()


def test_one_owner_at_a_time(ours: Places) -> None:
    with Claim.on(ours) as first, Claim.on(ours) as second:
        assert first.own("up")
        assert not second.own("up")
        assert second.owner.signature() == f"`up` (process {os.getpid()})"


def _and_then(first: Callable[[], None], second: Callable[[], None]) -> None:
    first()
    second()


def _name_in_pid_file(pid_file: Path, pid: int) -> None:
    _, *rest = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(pid), *rest]))


def _await_text(path: Path) -> str:
    deadline = time.monotonic() + 20
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return path.read_text()


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"process {pid} outlived its parent"
        time.sleep(0.02)
