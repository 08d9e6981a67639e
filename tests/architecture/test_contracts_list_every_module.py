"""The import contracts name every room: a folder added without a place in the layers fails here."""

import tomllib
from typing import Any

import pytest

from tests.architecture.sources import ROOT

CONTRACTS: dict[str, dict[str, Any]] = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
# The frame round the slices, and the ways in: they may know every slice, and no slice knows them.
FRAME = {
    "apps", "asgi", "bootstrap", "celery", "embedded", "environment", "logs", "management", "preflight",
    "refusals", "settings", "supervisor", "urls",
}  # fmt: skip


@pytest.mark.parametrize(("contract", "room", "outside"), [("slices-look-down", "console", FRAME)])
def test_layers_name_every_module(contract: str, room: str, outside: set[str]) -> None:
    assert layered(contract) | outside == modules(room)


def test_the_gateway_is_layered_whole() -> None:
    assert layered("core-below-gateway") == modules("gateway")


def test_billing_may_not_look_up() -> None:
    forbidden = set(CONTRACTS["billing-below-console"]["forbidden_modules"])
    assert forbidden == {f"console.{name}" for name in modules("console") - {"tenancy"}}


def test_only_the_core_is_known_outside() -> None:
    forbidden = set(CONTRACTS["only-the-core-outside"]["forbidden_modules"])
    assert forbidden == {f"gateway.{name}" for name in modules("gateway") - {"core"}}


def layered(contract: str) -> set[str]:
    layers: list[str] = CONTRACTS[contract]["layers"]
    return {name.strip(" ()") for layer in layers for name in layer.split("|")}


def modules(room: str) -> set[str]:
    files = {file.stem for file in (ROOT / room).glob("*.py")} - {"__init__"}
    packages = {file.parent.name for file in (ROOT / room).glob("*/__init__.py")}
    return files | packages
