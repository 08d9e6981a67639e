"""Runs a command so that it ends when its parent does, however the parent ends. Run as a program itself.

A step between fork and exec would do, but Python may not be trusted there once it has threads.

PostgreSQL refuses to run as root, and as a user whom the machine has no name for (in a container, say).
A user namespace of its own, in which our files appear as an ordinary user's, satisfies it without a second
account and without changing anybody's files.
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
NO_NAMESPACE = 71

REMEDY = """\
PostgreSQL refuses to run as user {user}, and the kernel refused a user namespace ({reason}).
Any one of these helps:
  - run the same command as an ordinary user, with an entry in /etc/passwd;
  - allow user namespaces: sysctl -w user.max_user_namespaces=10000
    (in a container: --security-opt seccomp=unconfined);
  - use servers that already run: set DATABASE_URL and REDIS_URL.
"""


def dying_with_parent(
    command: Sequence[str], *, death: signal.Signals = signal.SIGKILL, ordinary: bool = False
) -> list[str]:
    """The command that runs `command` so; `ordinary`: as a user with a name who is not root.

    The death signal comes when the *thread* that forked ends: start children from a thread that lasts.
    """
    user = "ordinary" if ordinary and not _is_ordinary(os.geteuid()) else "same"
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death)), user, *command]


def main(parent: int, death: int, user: str, command: list[str]) -> None:
    if user == "ordinary":
        _become_ordinary()  # before prctl: a change of credentials clears the death signal
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death)
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606 (no shell wanted)


def _is_ordinary(user: int) -> bool:
    return user in {entry.pw_uid for entry in pwd.getpwall()} - {0}


def _become_ordinary() -> None:
    user, group = os.geteuid(), os.getegid()
    named = next((entry for entry in pwd.getpwall() if entry.pw_uid != 0), None)
    try:
        if named is None:
            raise OSError(0, "/etc/passwd names nobody but root")
        os.unshare(os.CLONE_NEWUSER)
        _tell("setgroups", "deny")
        _tell("uid_map", f"{named.pw_uid} {user} 1")
        _tell("gid_map", f"{named.pw_gid} {group} 1")
    except OSError as refusal:
        sys.stderr.write(REMEDY.format(user=user, reason=refusal.strerror))
        sys.exit(NO_NAMESPACE)


def _tell(file: str, content: str) -> None:
    with open(f"/proc/self/{file}", "w") as told:  # noqa: PTH123 (pathlib costs as much as all the rest)
        told.write(content)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
