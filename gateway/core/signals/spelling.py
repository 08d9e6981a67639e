"""A text as the lexicon spells it: lower case, words parted by one space, clauses by a bar."""

from __future__ import annotations

from msgspec import Struct

from gateway.core.tokens import count_bytes

BAR = "|"  # ends a clause


class Spelt(Struct, frozen=True, gc=False):
    text: str  # begins and ends with a space
    words: list[str]  # begins and ends with a bar
    length: int  # in words
    is_east_asian: bool


def spell(text: str) -> Spelt:
    raw = plain(text).replace(b"|", b" | ")
    words = (b"| %b |" % raw).decode().split()
    unparted = 0 if raw.isascii() else count_bytes(raw, _UNPARTED_BYTES)
    return Spelt(f" {' '.join(words)} ", words, len(words) - 2 + unparted // 2, unparted > 0)


def plain(text: str) -> bytes:
    """Lower case, a bar for what ends a clause, a space for what else is no word."""
    if not text.isascii():
        text = text.lower()
        for mark, ascii_mark in _PLAIN_MARKS:
            text = text.replace(mark, ascii_mark)
    return text.encode(errors="replace").translate(_TABLE)


_PLAIN_MARKS = (
    *(("’", "'"), ("“", '"'), ("”", '"'), ("„", '"'), ("«", '"'), ("»", '"'), ("¿", ""), ("¡", "")),
    *(("…", "."), ("–", "-"), ("。", "."), ("、", ","), ("\uff1a", ":"), ("\uff0c", ",")),
    *(("\uff1f", "?"), ("\uff01", "!")),
)
_CLAUSE_ENDS = b'.!?;:\n(),"|'
_UNPARTED_BYTES = bytes(
    range(0xE3, 0xEE)
)  # first bytes of Chinese, Japanese and Korean: two letters to a word


def _mapped(byte: int) -> int:
    if byte in _CLAUSE_ENDS:
        return ord(BAR)
    if byte >= 128 or byte in b"+#_":
        return byte
    return ord(chr(byte).lower()) if chr(byte).isalnum() else ord(" ")


_TABLE = bytes(_mapped(byte) for byte in range(256))
