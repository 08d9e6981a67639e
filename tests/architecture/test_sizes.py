"""Rooms stay small: past these limits, some noun wants its own place."""

import ast

from tests.architecture.sources import ROOMS, name_of, python_files

LONGEST_FUNCTION = 60
LONGEST_FILE = 500


def test_files() -> None:
    long = {
        name_of(file): count
        for file in python_files(*ROOMS)
        if "migrations" not in file.parts
        and "data" not in file.parts
        and (count := len(file.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_functions() -> None:
    long = {
        f"{name_of(file)}:{node.lineno} {node.name}": length
        for file in python_files(*ROOMS)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}
