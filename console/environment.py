"""The environment variables of the product, read once, with their defaults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from console.refusals import Refused

ROOT = Path(__file__).resolve().parent.parent
EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 (compared with, never bound)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What may differ between two installations, secrets apart."""

    bind: str
    console_port: int
    gateway_port: int
    simulator_port: int
    gateway_workers: int
    ledger_days: int | None
    var_dir: Path
    database_url: str
    redis_url: str
    console_url: str
    gateway_url: str
    simulator_url: str | None
    allowed_hosts: tuple[str, ...]
    allowed_private_networks: tuple[str, ...]
    email_from: str
    demo_wanted: bool
    log_level: str
    log_format: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        bind = environ.get("BIND") or "127.0.0.1"
        console_port = _port(environ, "CONSOLE_PORT", 8000)
        gateway_port = _port(environ, "GATEWAY_PORT", 8080)
        console_url = environ.get("CONSOLE_URL") or f"http://{_reachable(bind)}:{console_port}"
        return cls(
            bind=bind,
            console_port=console_port,
            gateway_port=gateway_port,
            simulator_port=_port(environ, "SIMULATOR_PORT", 8090),
            gateway_workers=_positive(environ, "GATEWAY_WORKERS", 1),
            ledger_days=_positive(environ, "LEDGER_DAYS", 1) if environ.get("LEDGER_DAYS") else None,
            var_dir=Path(environ.get("VAR_DIR") or ROOT / "var").absolute(),
            database_url=environ.get("DATABASE_URL", ""),
            redis_url=environ.get("REDIS_URL", ""),
            console_url=console_url.rstrip("/"),
            gateway_url=(environ.get("GATEWAY_URL") or f"http://{_reachable(bind)}:{gateway_port}").rstrip(
                "/"
            ),
            simulator_url=environ.get("SIMULATOR_URL") or None,
            allowed_hosts=_hosts(environ.get("ALLOWED_HOSTS", ""), bind=bind, console_url=console_url),
            allowed_private_networks=_words(environ.get("ALLOWED_PRIVATE_NETWORKS", "")),
            email_from=environ.get("EMAIL_FROM") or "rungway@localhost",
            demo_wanted=environ.get("DEMO", "1") != "0",
            log_level=(environ.get("LOG_LEVEL") or "INFO").upper(),
            log_format=environ.get("LOG_FORMAT") or "json",
        )

    @property
    def behind_tls(self) -> bool:
        return self.console_url.startswith("https://")

    @property
    def own_console_url(self) -> str:
        """Where the console listens, whatever address people reach it under."""
        return f"http://{_reachable(self.bind)}:{self.console_port}"

    @property
    def own_gateway_url(self) -> str:
        return f"http://{_reachable(self.bind)}:{self.gateway_port}"

    @property
    def own_simulator_url(self) -> str:
        """Where `up` runs simulated providers. Elsewhere there are none, unless SIMULATOR_URL names them."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def broker_url(self) -> str:
        """Kombu has its own name for Redis on a unix socket."""
        return self.redis_url.replace("unix://", "redis+socket://")


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What the console cannot work without and never prints."""

    secret_key: str
    master_keys: str
    email_url: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        return cls(
            secret_key=environ.get("SECRET_KEY", ""),
            master_keys=environ.get("MASTER_KEYS", ""),
            email_url=environ.get("EMAIL_URL", ""),
        )

    @property
    def mailers(self) -> dict[str, dict[str, object]]:
        """As Django takes them; without a server of its own, mail goes to the log."""
        if not self.email_url:
            return {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
        return {
            "default": {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": _smtp(self.email_url),
            }
        }

    def __repr__(self) -> str:
        return "Secrets(…)"


class MisspeltEnvironment(Refused):
    """A variable has a value that cannot be meant."""


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    port = _positive(environ, name, default)
    if port > 65_535:
        raise MisspeltEnvironment(f"{name}={port} is not a port: set it to a number from 1 to 65535.")
    return port


def _positive(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise MisspeltEnvironment(f"{name}={text!r} is not a number above zero.")
    return int(text)


MAIL_SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}  # and the ports they mean


def _smtp(url: str) -> dict[str, object]:
    """What is wrong is told without the URL: it holds a password."""
    parts = urlsplit(url)
    try:
        port = parts.port or MAIL_SCHEMES.get(parts.scheme)
    except ValueError:
        port = None
    if port is None or parts.scheme not in MAIL_SCHEMES or not parts.hostname or parts.path not in {"", "/"}:
        raise MisspeltEnvironment(
            "EMAIL_URL is not like smtps://user:password@host, smtp+starttls://… or smtp://host:25."
        )
    if parts.password and parts.scheme == "smtp" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise MisspeltEnvironment(
            "EMAIL_URL would send its password in clear: use smtps:// or smtp+starttls://."
        )
    return {
        "host": parts.hostname,
        "port": port,
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp+starttls",
        "use_ssl": parts.scheme == "smtps",
        "timeout": 15,
    }


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _reachable(bind: str) -> str:
    host = "127.0.0.1" if bind in EVERYWHERE else bind
    return f"[{host}]" if ":" in host else host


def _hosts(given: str, *, bind: str, console_url: str) -> tuple[str, ...]:
    own = {"localhost", "127.0.0.1", "[::1]", _reachable(bind), urlsplit(console_url).hostname or ""}
    return tuple(sorted({*own, *_words(given)} - {""}))
