"""The gateway's settings, read from the environment once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from gateway.core import master_keys, secret_key


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
    gateways: int = 1  # that share each caller's limits when Redis does not count for them
    log_level: str = "INFO"
    log_format: str = "json"

    def __repr__(self) -> str:
        return f"Settings(var_dir={self.var_dir})"  # the rest is nobody's business


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    return Settings(
        var_dir=Path(environ.get("VAR_DIR", "var")).resolve(),
        redis_url=_needed(environ, "REDIS_URL"),
        secret_key=_secret_key(environ),
        master_keys=_master_keys(environ),
        allowed_private_networks=_listed(environ.get("ALLOWED_PRIVATE_NETWORKS", "")),
        gateways=_positive(environ, "GATEWAY_WORKERS"),
        simulator_url=environ.get("SIMULATOR_URL", "").rstrip("/"),
        log_level=environ.get("LOG_LEVEL", "INFO").upper(),
        log_format=environ.get("LOG_FORMAT", "json"),
    )


def _secret_key(environ: Mapping[str, str]) -> bytes:
    key = environ.get("SECRET_KEY", "")
    if weak := secret_key.weakness(key):
        raise Misconfigured(weak)
    return key.encode()


def _master_keys(environ: Mapping[str, str]) -> Mapping[str, bytes]:
    try:
        return master_keys.parse(environ.get("MASTER_KEYS", ""))
    except master_keys.BadMasterKeys as refusal:
        raise Misconfigured(str(refusal)) from None


def _needed(environ: Mapping[str, str], name: str) -> str:
    if not (value := environ.get(name, "")):
        raise Misconfigured(f"{name} is not set; `manage.py up` makes one, elsewhere set it yourself")
    return value


def _positive(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name) or "1"
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Misconfigured(f"{name} is not a number above zero: {text!r}")
    return int(text)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
