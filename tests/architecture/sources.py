"""The files of the repository, as the tests of its shape see them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("gateway", "console", "billing", "tests")


def python_files(*rooms: str) -> list[Path]:
    found = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    return sorted(file for file in found if "__pycache__" not in file.parts)


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))
