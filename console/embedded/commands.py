"""Runs a `manage.py` command with the servers and secrets it needs in its environment."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from console.embedded import secrets
from console.embedded.places import Places
from console.embedded.sharing import needed, servers_for
from console.environment import Environment
from console.refusals import Refused

# `up` and `test` run servers of their own; the others touch none.
WITHOUT_SERVERS = {"up", "test", "check_catalogue", "help", "version", "findstatic"}


def execute(argv: Sequence[str]) -> None:
    command = argv[1] if len(argv) > 1 else "help"
    try:
        with ExitStack() as stack:
            if command not in WITHOUT_SERVERS and not command.startswith("-"):
                _provide(command, stack)
            _run(argv)
    except Refused as refusal:
        sys.exit(str(refusal))


def _provide(command: str, stack: ExitStack) -> None:
    environment = Environment.from_environ()
    places = Places(environment.var_dir)
    servers = needed(places, os.environ)
    if servers or places.secrets.exists():
        places.make()
        os.environ.update(secrets.complete(os.environ, places.secrets))
        os.environ.setdefault("SIMULATOR_URL", environment.own_simulator_url)
    if servers:
        provided = stack.enter_context(servers_for(command, places, servers))
        os.environ.update(provided.addresses)
        if provided.fresh and _is_ours(command):
            _run([sys.argv[0], "migrate", "--verbosity=0"])


def _is_ours(command: str) -> bool:
    """Django's own commands say themselves what they need of the database."""
    from django.core.management import find_commands  # Django is slow to import, and `up` never needs it

    from console.environment import ROOT

    return command in find_commands(str(ROOT / "console" / "management"))


def _run(argv: Sequence[str]) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(list(argv))
