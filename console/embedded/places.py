"""Where an installation keeps its files. Sockets get a short path: the kernel allows 107 characters."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from console.refusals import Refused

LONGEST_SOCKET_PATH = 107
SOCKET_NAMES = (".s.PGSQL.5432", "valkey.sock")


class UnsafePlace(Refused):
    """The folder for sockets is not only ours."""


@dataclass(frozen=True)
class Places:
    var: Path

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def valkey(self) -> Path:
        return self.var / "valkey"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets.json"

    @property
    def trial(self) -> Path:
        """The key that `up` prints: its value is kept here alone."""
        return self.var / "trial.json"

    @property
    def spool(self) -> Path:
        return self.var / "spool"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def sockets(self) -> Path:
        longest = max(len(os.fsencode(self.run / name)) for name in SOCKET_NAMES)
        if longest <= LONGEST_SOCKET_PATH:
            return self.run
        short = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:12]
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        above = Path(runtime) if runtime and os.access(runtime, os.W_OK) else Path(tempfile.gettempdir())
        return above / f"rungway-{os.geteuid()}-{short}"

    def make(self) -> None:
        for folder in (self.var, self.run, self.spool, self.sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _refuse_foreign(self.sockets)


def _refuse_foreign(folder: Path) -> None:
    """A name in a shared temporary folder can be guessed, and made first, by others."""
    found = folder.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise UnsafePlace(
            f"{folder} belongs to another user or may be written by others:"
            " remove it, or set VAR_DIR to a shorter path elsewhere."
        )
