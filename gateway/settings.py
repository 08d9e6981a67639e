"""The gateway's settings, read from the environment once."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class Misconfigured(Exception):
    """An environment variable is missing or unusable; says which, and what it should hold."""


class Settings(Struct, frozen=True, kw_only=True):
    """`master_keys` open sealed provider keys; `secret_key` guards the snapshots kept on disk."""

    var_dir: Path
    redis_url: str
    secret_key: bytes
    master_keys: Mapping[str, bytes]
    allowed_private_networks: tuple[str, ...] = ()
    simulator_url: str = ""
    log_level: str = "INFO"

    def __repr__(self) -> str:
        return f"Settings(var_dir={self.var_dir})"  # the rest is nobody's business


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    return Settings(
        var_dir=Path(environ.get("VAR_DIR", "var")).resolve(),
        redis_url=_needed(environ, "REDIS_URL"),
        secret_key=_needed(environ, "SECRET_KEY").encode(),
        master_keys=read_master_keys(_needed(environ, "MASTER_KEYS")),
        allowed_private_networks=_listed(environ.get("ALLOWED_PRIVATE_NETWORKS", "")),
        simulator_url=environ.get("SIMULATOR_URL", "").rstrip("/"),
        log_level=environ.get("LOG_LEVEL", "INFO").upper(),
    )


def read_master_keys(text: str) -> dict[str, bytes]:
    """`id:base64-32-bytes`, comma-separated; the order is kept."""
    keys: dict[str, bytes] = {}
    for pair in _listed(text):
        key_id, colon, value = pair.partition(":")
        try:
            keys[key_id] = b64decode(value, validate=True)
        except ValueError:
            colon = ""
        if not colon or not key_id or len(keys.get(key_id, b"")) != 32:
            raise Misconfigured("MASTER_KEYS: write id:base64-32-bytes, several with commas between")
    return keys


def _needed(environ: Mapping[str, str], name: str) -> str:
    if not (value := environ.get(name, "")):
        raise Misconfigured(f"{name} is not set; `manage.py up` makes one, elsewhere set it yourself")
    return value


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
