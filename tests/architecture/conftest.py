"""Types take a minute of one core: they are looked at beside the other tests, from the beginning of the run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

type Run = Callable[[str], tuple[int, str]]  # tool → its code and what it printed

TOOLS = {
    "format": ("ruff", "format", "--check", "--quiet"),
    "lint": ("ruff", "check", "--quiet", "--output-format=concise"),
    "types": ("mypy", "--no-error-summary"),
    "imports": ("lint-imports", "--no-logo"),
    "templates": ("djlint", "--lint", "--quiet", "templates"),
}
SLOWEST = "types"
_BEGUN = pytest.StashKey[subprocess.Popen[str]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = any(item.name.endswith(f"[{SLOWEST}]") for item in session.items)
    if wanted and not session.config.option.collectonly:
        process = session.config.stash[_BEGUN] = _begin(SLOWEST)
        session.config.add_cleanup(process.kill)


@pytest.fixture
def run(pytestconfig: pytest.Config) -> Run:
    def ran(tool: str) -> tuple[int, str]:
        process = pytestconfig.stash[_BEGUN] if tool == SLOWEST else _begin(tool)
        printed, _ = process.communicate()
        return process.returncode, printed

    return ran


def _begin(tool: str) -> subprocess.Popen[str]:
    program, *words = TOOLS[tool]
    return subprocess.Popen(
        [Path(sys.executable).parent / program, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
