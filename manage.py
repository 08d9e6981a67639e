#!/usr/bin/env python3
"""`up`, `test`, `apply`, `export`, `token` and every other command, from a fresh clone and with any Python 3.

Runs before the right Python is found and before anything is installed: standard library, old syntax.
"""

import os
import sys

from console import bootstrap


def main() -> None:
    bootstrap.enter(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    from console.embedded import commands  # what follows is installed in .venv

    commands.execute(sys.argv)


if __name__ == "__main__":
    main()
