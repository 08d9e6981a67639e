"""The whole suite, linters and types included. Further words go to pytest."""

import os
import sys
from typing import NoReturn

from django.core.management.base import BaseCommand

from console.environment import ROOT


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> NoReturn:
        """Django's parser never sees the words: they are pytest's."""
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *argv[2:]])  # noqa: S606 (no shell wanted)
