"""What was asked and what is answered, in nobody's wire shape."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

type Schema = dict[str, Any]
type Ending = Literal["stop", "stop_sequence", "length", "tools"]


class Turn(Struct, frozen=True):
    """One message. `cached`: how long the prompt up to its end should be kept, where that was asked for."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    cached: Literal["", "5m", "1h"] = ""


class Tool(Struct, frozen=True):
    name: str
    description: str
    schema: Schema


class Asked(Struct, frozen=True, kw_only=True):
    model: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    choice: str = "auto"  # auto, none, any, or the name of the tool that must be called
    parallel: bool = True
    json: bool = False
    schema: Schema | None = None
    stops: tuple[str, ...] = ()
    most_tokens: int | None = None
    thinking: bool = False

    def last(self, role: str) -> str:
        return next((turn.text for turn in reversed(self.turns) if turn.role == role), "")


class Piece(Struct, frozen=True):
    """What one stream event carries: a token, or the few that make up one whole character."""

    text: str
    tokens: int


class Call(Struct, frozen=True):
    """A tool to be called. `opening` counts the tokens that name it; the pieces are its arguments."""

    id: str
    name: str
    arguments: Schema
    opening: int
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Usage(Struct, frozen=True, kw_only=True):
    """Prompt tokens are disjoint: fresh, read from the cache, written to it."""

    fresh: int
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0  # part of output

    @property
    def prompt(self) -> int:
        return self.fresh + self.cache_read + self.cache_write + self.cache_write_1h


class Answer(Struct, frozen=True, kw_only=True):
    pieces: tuple[Piece, ...]
    calls: tuple[Call, ...] = ()
    ending: Ending = "stop"
    stopped_by: str = ""
    thoughts: tuple[Piece, ...] = ()
    reasoning: int = 0
    mean_logprob: float = 0.0

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def tokens(self) -> int:
        said = sum(piece.tokens for piece in self.pieces) + self.reasoning
        return said + sum(call.opening + sum(piece.tokens for piece in call.pieces) for call in self.calls)
