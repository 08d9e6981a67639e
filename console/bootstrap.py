"""Finds a Python that works, builds .venv from the hash-locked requirements, and goes on inside it.

Runs on whatever `python3` is, before anything is installed: standard library only, and the syntax of 3.7.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

TYPE_CHECKING = False  # the typing module costs 10 ms, for nothing at run time
if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "installed-locks")
TURN = os.path.join(ROOT, ".bootstrap.lock")

RUN_LOCK = os.path.join(ROOT, "console", "requirements.lock")
TEST_LOCK = os.path.join(ROOT, "tests", "requirements.lock")

OLDEST = (3, 12)
PREFERRED = ("3.13", "3.12", "3.14", "3.15")
PROBE = f"""
import sys, venv, ensurepip, ssl, ctypes, hashlib, socket
if sys.version_info < {OLDEST}: sys.exit(1)
print(getattr(sys, "_base_executable", None) or sys.executable)
"""

NO_PYTHON = """\
Rungway needs Python 3.12 or newer, and none of the ones found here works.
{tried}
Install one, then run the same command again. Any of these will do:
  Debian, Ubuntu   sudo apt-get install python3.12 python3.12-venv   (or your release's newest)
  Fedora           sudo dnf install python3.13
  macOS            brew install python@3.13
  pyenv            pyenv install 3.13
  uv               uv python install 3.13
A Python in an unusual place: RUNGWAY_PYTHON=/path/to/python3 python3 {command}"""

NOT_INSTALLED = """\
The packages could not be installed:
{output}

Check that a package index can be reached from here (a proxy or a mirror is set as for any other use of pip),
then run the same command again: it goes on where it stopped."""


def enter(argv: list[str]) -> None:
    """Returns only inside .venv, with everything that the command needs installed."""
    lock = TEST_LOCK if argv[1:2] == ["test"] else RUN_LOCK
    if not (_is_inside() and _is_installed(lock)):
        with _one_at_a_time():
            if not _is_installed(lock):
                _install(lock)
        os.execv(VENV_PYTHON, [VENV_PYTHON, os.path.join(ROOT, "manage.py"), *argv[1:]])


def _is_inside() -> bool:
    return os.path.realpath(sys.prefix) == os.path.realpath(VENV)


def _is_installed(lock: str) -> bool:
    try:
        with open(STAMP) as stamp:
            return _digest(lock) in stamp.read().split()
    except OSError:
        return False


def _digest(lock: str) -> str:
    with open(lock, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands started together must not build the same folder."""
    import fcntl

    try:
        turn = open(TURN, "w")  # noqa: SIM115 (entered below)
    except OSError as refusal:
        sys.exit(f"Cannot write in {ROOT} ({refusal.strerror}): run this as the user who owns the folder.")
    with turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _say("waiting for another command that is setting up .venv")
            fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _install(lock: str) -> None:
    if not _probe(VENV_PYTHON):
        base = _find_python()
        _say(f"making .venv with {base}")
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.check_call([base, "-m", "venv", VENV])
    _forget_stamp()
    _pip_install(lock)
    # The tests' lock holds all of the product's, so it serves for both.
    satisfied = (RUN_LOCK, TEST_LOCK) if lock == TEST_LOCK else (lock,)
    with open(STAMP, "w") as stamp:
        stamp.write("".join(_digest(one) + "\n" for one in satisfied))


def _forget_stamp() -> None:
    with contextlib.suppress(OSError):
        os.remove(STAMP)


def _pip_install(lock: str) -> None:
    with open(lock) as content:
        total = len(re.findall(r"^[A-Za-z0-9][^ ]*==", content.read(), re.MULTILINE))
    command = [VENV_PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar=off", "--require-hashes", "--no-deps", "--only-binary=:all:", "-r", lock]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            lines.append(line.rstrip())
            _show_progress(lines, total)
    _end_progress()
    if pip.returncode != 0:
        sys.exit(NOT_INSTALLED.format(output="\n".join(lines[-12:])))


def _show_progress(lines: list[str], total: int) -> None:
    seen = sum(line.startswith(("Collecting ", "Requirement already satisfied")) for line in lines)
    unpacking = lines[-1].startswith("Installing collected")
    what = f"unpacking {total} packages" if unpacking else f"fetching packages: {min(seen, total)} of {total}"
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\033[K{what}")
        sys.stdout.flush()
    elif unpacking or (lines[-1].startswith("Collecting ") and seen % 20 == 1):
        _say(what)


def _end_progress() -> None:
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K")


def _find_python() -> str:
    tried = []
    for candidate in _candidates():
        found = _probe(candidate)
        if found:
            return found
        tried.append(candidate)
    listed = "\n".join(["Tried:", *("  " + one for one in tried), ""])
    sys.exit(NO_PYTHON.format(tried=listed, command=" ".join(sys.argv)))


def _candidates() -> Iterator[str]:
    """Whatever may be a Python, likely ones first. Each must be run before it is believed."""
    seen: set[str] = set()
    for path in _likely():
        if path and path not in seen and os.access(path, os.X_OK):
            seen.add(path)
            yield path


def _likely() -> Iterator[str | None]:
    yield os.environ.get("RUNGWAY_PYTHON")
    yield getattr(sys, "_base_executable", None) or sys.executable
    for version in PREFERRED:
        yield shutil.which("python" + version)
    for name in ("python3", "python"):
        yield shutil.which(name)
    for version in PREFERRED:
        for pattern in _patterns(version):
            yield from sorted(glob.glob(pattern), key=_by_patch, reverse=True)


def _patterns(version: str) -> tuple[str, ...]:
    """Where pyenv, uv, asdf, mise, conda, Homebrew and the systems' own packages put version 3.x."""
    home = os.path.expanduser("~")
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    pyenv = os.environ.get("PYENV_ROOT") or os.path.join(home, ".pyenv")
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "uv", "python")
    asdf = os.environ.get("ASDF_DATA_DIR") or os.path.join(home, ".asdf")
    mise = os.environ.get("MISE_DATA_DIR") or os.path.join(data, "mise")
    return (
        f"{pyenv}/versions/{version}*/bin/python3",
        f"{uv}/cpython-{version}*/bin/python3",
        f"{asdf}/installs/python/{version}*/bin/python3",
        f"{mise}/installs/python/{version}*/bin/python3",
        f"{home}/*conda*/envs/*/bin/python{version}",
        f"{home}/*conda*/bin/python{version}",
        f"/usr/bin/python{version}",
        f"/usr/local/bin/python{version}",
        f"/opt/homebrew/bin/python{version}",
        f"/home/linuxbrew/.linuxbrew/bin/python{version}",
        f"/opt/python*/bin/python{version}",
        f"/opt/*/bin/python{version}",
        f"/Library/Frameworks/Python.framework/Versions/{version}/bin/python3",
    )


def _by_patch(path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path)]


def _probe(python: str) -> str | None:
    """The interpreter behind `python`, if it runs, is new enough, and can make a virtual environment."""
    command = [python, "-I", "-c", PROBE]
    try:
        said = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, text=True, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip() if said.returncode == 0 else None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
