"""The import contracts name every room: a folder added without a place in the layers fails here."""

import tomllib
from typing import Any

from tests.architecture.sources import ROOT

CONTRACTS: dict[str, dict[str, Any]] = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
# The frame round the slices, and the ways in: they may know every slice, and no slice knows them.
FRAME = {"apps", "asgi", "bootstrap", "embedded", "logs", "management", "settings", "supervisor", "urls"}
BELOW_SLICES = {"celery", "environment", "preflight", "refusals", "tenancy"}


def test_the_consoles_layers_name_every_module() -> None:
    assert layered("slices-look-down") | FRAME == modules("console")


def test_the_gateways_layers_name_every_module() -> None:
    assert layered("gateway-layers") == modules("gateway")


def test_billing_may_not_look_up() -> None:
    slices = layered("slices-look-down") - BELOW_SLICES
    assert forbidden("billing-below-console") == {f"console.{name}" for name in slices}


def test_only_the_core_is_known_outside() -> None:
    others = modules("gateway") - {"core"}
    assert forbidden("only-the-core-outside") == {f"gateway.{name}" for name in others}


def forbidden(contract: str) -> set[str]:
    return set(CONTRACTS[contract]["forbidden_modules"])


def layered(contract: str) -> set[str]:
    layers: list[str] = CONTRACTS[contract]["layers"]
    return {name.strip(" ()") for layer in layers for name in layer.split("|")}


def modules(room: str) -> set[str]:
    files = {file.stem for file in (ROOT / room).glob("*.py")} - {"__init__"}
    packages = {file.parent.name for file in (ROOT / room).glob("*/__init__.py")}
    return files | packages
