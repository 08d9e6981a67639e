"""Starts a process that ends when its parent does, however the parent ends.

PostgreSQL refuses to run as root. A user namespace of its own, in which root's files appear as an ordinary
user's, satisfies it without a second account and without changing anybody's files.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
ORDINARY = 1000  # any id but 0
ROOT = Path(__file__).resolve().parent.parent.parent


class NoUserNamespace(Exception):
    """PostgreSQL will not run as root, and cannot be run as anybody else here."""


def dying_with_parent(death: signal.Signals, *, ordinary: bool = False) -> Callable[[], None]:
    """What a child does between fork and exec; `ordinary`: not as root, even if the parent is.

    The signal comes when the *thread* that forked ends: start children from a thread that lasts.
    """
    parent = os.getpid()
    prctl = _prctl()
    in_namespace = ordinary and os.geteuid() == 0

    def prepare() -> None:
        os.setsid()  # a Ctrl-C at the terminal is the parent's to hand on, in its order
        if in_namespace:
            become_ordinary()  # before prctl: a change of credentials clears the death signal
        prctl(PR_SET_PDEATHSIG, death)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def become_ordinary() -> None:
    os.unshare(os.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{ORDINARY} 0 1")
    Path("/proc/self/gid_map").write_text(f"{ORDINARY} 0 1")


def refuse_if_impossible() -> None:
    """As root, tries a user namespace before anything depends on one."""
    if os.geteuid() != 0:
        return
    attempt = "from console.embedded import launch; launch.become_ordinary()"
    tried = subprocess.run(
        [sys.executable, "-c", attempt], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        raise NoUserNamespace(_remedy(tried.stderr.strip().rpartition("\n")[2]))


def _remedy(reason: str) -> str:
    return (
        f"PostgreSQL refuses to run as root, and the kernel refused a user namespace ({reason}).\n"
        "Any one of these helps:\n"
        "  - run the same command as an ordinary user;\n"
        "  - allow user namespaces: sysctl -w user.max_user_namespaces=10000"
        " (in a container: --security-opt seccomp=unconfined);\n"
        "  - use servers that already run: set DATABASE_URL and REDIS_URL."
    )


def _prctl() -> Callable[[int, int], object]:
    """Looked up before the fork: after it, only the call itself is safe. Linux alone has it."""
    if sys.platform != "linux":
        return lambda _option, _signal: None
    return ctypes.CDLL(None).prctl
