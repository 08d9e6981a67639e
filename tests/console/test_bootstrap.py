"""`manage.py` before anything is installed: which Python, and what the folder is good for already."""

import ast
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console import bootstrap
from console.environment import ROOT

Script = Callable[..., str]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Something that looks like a Python."""

    def make(name: str, *, says: str = "", code: int = 0) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return make


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def choose(*candidates: str) -> None:
        def likely() -> Iterator[str]:
            yield from candidates

        monkeypatch.setattr(bootstrap, "_likely", likely)

    return choose


@pytest.fixture
def stamped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment of this test's own, with two locks."""
    for name in ("STAMP", "RUN_LOCK", "TEST_LOCK"):
        monkeypatch.setattr(bootstrap, name, str(tmp_path / name))
    (tmp_path / "RUN_LOCK").write_text("a==1\n")
    (tmp_path / "TEST_LOCK").write_text("a==1\nb==2\n")
    monkeypatch.setattr(bootstrap, "_probe", lambda python: python)
    monkeypatch.setattr(bootstrap, "_pip_install", lambda lock: None)
    return tmp_path


@pytest.mark.parametrize("file", ["manage.py", "console/bootstrap.py", "console/__init__.py"])
def test_old_pythons_can_read_it(file: str) -> None:
    ast.parse((ROOT / file).read_text(), feature_version=(3, 7))


def test_a_python_that_does_not_run_is_passed_over(script: Script, only: Callable[..., None]) -> None:
    shim = script("python3.13", says="pyenv: python3.13: command not found", code=127)
    works = script("python3.12", says="/opt/python3.12")
    only(shim, works)
    assert bootstrap._find_python() == "/opt/python3.12"


def test_what_is_not_there_or_not_executable_is_not_tried(
    tmp_path: Path, script: Script, only: Callable[..., None]
) -> None:
    (tmp_path / "a-text").write_text("")
    only("", str(tmp_path / "missing"), str(tmp_path / "a-text"), script("python3", says="/opt/python3"))
    assert bootstrap._find_python() == "/opt/python3"


def test_without_a_python_the_remedy_is_told(script: Script, only: Callable[..., None]) -> None:
    shim = script("python3.12", code=1)
    only(shim)
    with pytest.raises(SystemExit) as refusal:
        bootstrap._find_python()
    assert shim in str(refusal.value)
    assert "pyenv install" in str(refusal.value)
    assert "RUNGWAY_PYTHON" in str(refusal.value)


def test_this_python_is_found_by_running_it() -> None:
    assert bootstrap._probe(sys.executable) == getattr(sys, "_base_executable", sys.executable)


def test_the_tests_environment_also_runs_the_product(stamped: Path) -> None:
    bootstrap._install(bootstrap.TEST_LOCK)
    assert bootstrap._is_installed(bootstrap.TEST_LOCK)
    assert bootstrap._is_installed(bootstrap.RUN_LOCK)


def test_the_products_environment_does_not_run_tests(stamped: Path) -> None:
    bootstrap._install(bootstrap.RUN_LOCK)
    assert bootstrap._is_installed(bootstrap.RUN_LOCK)
    assert not bootstrap._is_installed(bootstrap.TEST_LOCK)


def test_a_changed_lock_is_installed_again(stamped: Path) -> None:
    bootstrap._install(bootstrap.RUN_LOCK)
    (stamped / "RUN_LOCK").write_text("a==2\n")
    assert not bootstrap._is_installed(bootstrap.RUN_LOCK)


def test_a_half_installed_environment_is_not_believed(stamped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(lock: str) -> None:
        raise KeyboardInterrupt

    bootstrap._install(bootstrap.TEST_LOCK)
    monkeypatch.setattr(bootstrap, "_pip_install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap._install(bootstrap.RUN_LOCK)
    assert not bootstrap._is_installed(bootstrap.TEST_LOCK)


def test_commands_started_together_take_turns(tmp_path: Path) -> None:
    """Each notes that it came in and went out; were they in at once, the notes would be mixed."""
    notes, turn = tmp_path / "notes", tmp_path / "turn"
    code = f"""
import time
from console import bootstrap
bootstrap.TURN = {str(turn)!r}
with bootstrap._one_at_a_time(), open({str(notes)!r}, "a", buffering=1) as notes:
    notes.write("in\\n")
    time.sleep(0.1)
    notes.write("out\\n")
"""
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(3)
    ]
    assert [process.wait(30) for process in started] == [0, 0, 0]
    assert notes.read_text().split() == ["in", "out"] * 3


def test_the_locks_name_no_address_and_hash_everything() -> None:
    for lock in (bootstrap.RUN_LOCK, bootstrap.TEST_LOCK):
        lines = Path(lock).read_text().splitlines()
        assert not [line for line in lines if "://" in line or line.startswith("-")]
        pinned = [place for place, line in enumerate(lines) if line and not line.startswith((" ", "#"))]
        assert all("--hash=sha256:" in lines[place + 1] for place in pinned)


def test_the_tests_lock_holds_the_products() -> None:
    run, test = (set(_pins(Path(lock))) for lock in (bootstrap.RUN_LOCK, bootstrap.TEST_LOCK))
    assert run <= test


def _pins(lock: Path) -> Iterator[str]:
    for line in lock.read_text().splitlines():
        if "==" in line and not line.startswith(" "):
            yield line.split(";")[0].rstrip(" \\")


def test_help_needs_neither_servers_nor_secrets(tmp_path: Path) -> None:
    unset = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MASTER_KEYS"}
    environ = {name: value for name, value in os.environ.items() if name not in unset}
    command = [sys.executable, str(ROOT / "manage.py"), "help"]
    told = subprocess.run(
        command,
        env={**environ, "VAR_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "up" in told.stdout.split()
    assert list(tmp_path.iterdir()) == []
