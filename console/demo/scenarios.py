"""What the company's applications ask, how often, and of what size: read from scenarios.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.core.facts import Need, Surface


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of request. Tokens are medians; a request's own vary around them."""

    text: str
    key: str
    model: str
    weight: float
    input_tokens: int
    output_tokens: int
    surface: Surface = Surface.OPENAI_CHAT
    needs: frozenset[Need] = frozenset()
    tags: Mapping[str, str] = {}
    cached: float = 0.0  # share of the prompt that the provider has seen before
    night: bool = False  # a batch job, not a person


class Application(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes through one router."""

    a_weekday: int  # requests
    scenarios: tuple[Scenario, ...]


@cache
def applications() -> Mapping[str, Application]:
    """By router."""
    text = Path(__file__).with_suffix(".yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, Application])
