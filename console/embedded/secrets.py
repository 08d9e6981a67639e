"""Secrets made once for an installation and kept in its folder, readable by nobody else."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

NAMES = ("SECRET_KEY", "MASTER_KEYS")


def complete(environ: Mapping[str, str], kept_in: Path) -> dict[str, str]:
    """The secrets of this installation: those of the environment, else the kept ones, else new ones."""
    given = {name: environ[name] for name in NAMES if environ.get(name)}
    if len(given) == len(NAMES):
        return given
    return {**_kept(kept_in), **given}


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        write(path, {"SECRET_KEY": secrets.token_urlsafe(48), "MASTER_KEYS": _new_master_key()})
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _new_master_key() -> str:
    return "first:" + base64.b64encode(secrets.token_bytes(32)).decode()


def write(path: Path, made: Mapping[str, str]) -> None:
    """For its owner's eyes. Complete or absent: losing half of it would lose every sealed key."""
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
