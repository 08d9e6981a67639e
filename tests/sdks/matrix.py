"""Which feature of which SDK works with which protocol: `python -m tests.sdks.matrix` tries all and writes README.md.

What was found stands in `matrix.json`, and the tests hold every cell to it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.sdks.world import ROUTERS

FOUND = Path(__file__).parent / "matrix.json"
README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- matrix: python -m tests.sdks.matrix -->", "<!-- end of matrix -->"
WORKS, REFUSED = "works", "refused"
UPDATE = "UPDATE_MATRIX"

type Cell = Mapping[str, str]  # feature → works, or refused with the field named
type Matrix = dict[str, dict[str, Cell]]  # SDK → router → cell


def read() -> Matrix:
    matrix: Matrix = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    return matrix


def write(sdk: str, router: str, cell: Cell) -> None:
    matrix = read()
    matrix.setdefault(sdk, {})[router] = cell
    FOUND.write_text(json.dumps(matrix, indent=1, sort_keys=True) + "\n")


def table(matrix: Matrix, sdks: Sequence[str]) -> str:
    """One line an SDK; a cell says what does not work, if anything."""
    head = ["caller", *ROUTERS.values()]
    lines = [f"| {' | '.join(head)} |", f"| --- {'| :-: ' * len(ROUTERS)}|"]
    for sdk in sdks:
        cells = [shown(matrix.get(sdk, {}).get(router)) for router in ROUTERS]
        lines.append(f"| {' | '.join([sdk, *cells])} |")
    return "\n".join(lines)


def shown(cell: Cell | None) -> str:
    if not cell:
        return "–"
    missing = [feature for feature, outcome in cell.items() if outcome != WORKS]
    return "✓" if not missing else f"no {', '.join(missing)}"


def section(matrix: Matrix, sdks: Sequence[str]) -> str:
    return f"{BEGIN}\n{table(matrix, sdks)}\n{END}"


def in_readme() -> str:
    text = README.read_text(encoding="utf-8")
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def main() -> None:
    from tests.sdks.callers import SDKS

    FOUND.unlink(missing_ok=True)
    tried = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/sdks/test_sdks.py", "tests/sdks/test_node.py"],
        env=os.environ | {UPDATE: "1"},
        check=False,
    )
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(in_readme(), section(read(), SDKS)), encoding="utf-8")
    sys.exit(tried.returncode)


if __name__ == "__main__":
    main()
