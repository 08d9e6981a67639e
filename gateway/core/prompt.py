"""A request as the classifier sees it: who said what, and what came with it. In nobody's dialect."""

from __future__ import annotations

from msgspec import Struct


class Turn(Struct, frozen=True):
    role: str  # system | user | assistant | tool
    text: str


class Prompt(Struct, frozen=True, kw_only=True):
    turns: tuple[Turn, ...]
    tools: tuple[str, ...] = ()  # their names
    schema: bool = False  # whether the answer must follow a JSON schema
    images: int = 0
    max_output_tokens: int | None = None
    characters: int = 0  # in all; may exceed what the turns hold
