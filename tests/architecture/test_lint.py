"""Format, lint, types, imports and templates: as much a part of the suite as what the code does."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

TOOLS = {
    "format": ("ruff", "format", "--check", "--quiet"),
    "lint": ("ruff", "check", "--quiet", "--output-format=concise"),
    "types": ("mypy", "--no-error-summary"),
    "imports": ("lint-imports", "--no-logo"),
    "templates": ("djlint", "--lint", "--quiet", "templates"),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_to_complain_of(tool: str) -> None:
    program, *words = TOOLS[tool]
    ran = subprocess.run(
        [Path(sys.executable).parent / program, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
