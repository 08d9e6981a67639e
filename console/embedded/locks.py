"""A process's place at an installation's servers, by two file locks that end however their holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from console.embedded.places import Places


class Lock:
    """A file lock. Never inherited: a child that outlives its parent must not hold the parent's place."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+")

    def taken(self, *, alone: bool) -> bool:
        """Tries, without waiting."""
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def release(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        self._file.close()

    def sign(self, command: str) -> None:
        self._file.truncate(0)
        self._file.write(f"`{command}` (process {os.getpid()})")
        self._file.flush()

    def signature(self) -> str:
        self._file.seek(0)
        return self._file.read() or "another command"


@dataclass(frozen=True)
class Claim:
    """`owner` belongs to the process that runs the servers. `users` is shared by those who use them, and held
    alone by the owner while they are not fit for use: until set up, and once a passing owner is done.
    """

    owner: Lock
    users: Lock

    @classmethod
    @contextmanager
    def on(cls, places: Places) -> Iterator[Self]:
        claim = cls(Lock(places.run / "owner.lock"), Lock(places.run / "users.lock"))
        try:
            yield claim
        finally:
            claim.users.close()
            claim.owner.close()

    def own(self, command: str) -> bool:
        """Becomes the owner, with the servers shut to others until `open`."""
        if not self.owner.taken(alone=True):
            return False
        self.owner.sign(command)
        self.users.wait()
        return True

    def open(self) -> None:
        """Lets other commands use the servers."""
        self.users.release()

    def shut(self) -> None:
        """Waits until nobody but the owner uses the servers, and keeps it so."""
        self.users.wait()

    def join(self) -> bool:
        """Becomes one of the users, if the owner has opened."""
        return self.users.taken(alone=False)

    def leave(self) -> None:
        self.users.release()
