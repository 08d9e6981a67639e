"""Format, lint, types, imports and templates: as much a part of the suite as what the code does."""

import pytest

from tests.architecture.conftest import TOOLS, Run


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_to_complain_of(tool: str, run: Run) -> None:
    code, printed = run(tool)
    assert code == 0, printed
