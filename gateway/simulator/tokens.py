"""Counting tokens, and cutting text where a model would."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import quicktok

from gateway.simulator.asked import Piece


@cache
def encoding() -> quicktok.Tokenizer:
    """Half a second to load, so the server asks for it before the first request."""
    return quicktok.get_encoding("o200k_base")


def count(text: str) -> int:
    return int(encoding().count(text))


def pieces(text: str) -> tuple[Piece, ...]:
    return tuple(cut(text))


def cut(text: str) -> Iterator[Piece]:
    """Tokens end inside characters; a piece never does."""
    held, tokens = b"", 0
    for token in encoding().encode(text):
        held += encoding().decode_single_token_bytes(token)
        tokens += 1
        try:
            whole = held.decode()
        except UnicodeDecodeError:
            continue
        yield Piece(whole, tokens)
        held, tokens = b"", 0


def within(limit: int | None, cut_text: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """As many pieces as the limit allows."""
    if limit is None:
        return cut_text
    kept: list[Piece] = []
    for piece in cut_text:
        limit -= piece.tokens
        if limit < 0:
            break
        kept.append(piece)
    return tuple(kept)
