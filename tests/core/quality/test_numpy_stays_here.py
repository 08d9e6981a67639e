from tests.architecture.sources import name_of, python_files


def test_numpy_is_imported_nowhere_else() -> None:
    """It costs a tenth of a second at start and some memory: only what asks for expected quality pays for it."""
    users = {
        name_of(file)
        for file in python_files("gateway", "console", "billing")
        if any(line.startswith(("import numpy", "from numpy")) for line in file.read_text().splitlines())
    }
    assert users
    assert all(name.startswith("gateway/core/quality/") for name in users)
