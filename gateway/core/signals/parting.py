"""What a text asks for, and what is only pasted into it: fenced, quoted, tagged, after a colon, midway.

A document must not give orders, so what is pasted hardly counts. All work is linear and bounded.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

READ_HEAD = 4_000  # characters read from the start of a message
READ_TAIL = 2_000  # and from its end

_HEAD_WITHIN = 300  # a request that ends with a colon is no longer than this
_END_WITHIN = 400  # nor is one that follows its material
_EDGE_HEAD, _EDGE_END = 260, 300  # a long paragraph asks at its edges
_QUOTE = 24  # shorter quotations are labels and names
_TAGS = 4


class Parts(Struct, frozen=True, gc=False):
    head: str
    body: str = ""  # between the request and its closing
    end: str = ""
    quoted: str = ""


def excerpt(text: str, *, head: int = READ_HEAD, tail: int = READ_TAIL) -> str:
    return text if len(text) <= head + tail else f"{text[:head]}\n\n{text[-tail:]}"


def part(text: str) -> Parts:
    asked, quoted = part_quoted(text)
    head, rest = split_head(asked)
    if not rest:
        return Parts(*split_edges(head), quoted)
    body, end = split_end(rest)
    return Parts(head, body, end, quoted)


def split_head(text: str) -> tuple[str, str]:
    """A request comes first and ends at a blank line or a colon, or it is the whole text."""
    blank = text.find("\n\n") if "\n" in text else -1
    colon = text.find(":", 0, _HEAD_WITHIN)
    wide_colon = text.find("\uff1a", 0, _HEAD_WITHIN)
    cut = min([place for place in (blank, colon, wide_colon) if place >= 0], default=-1)
    return (text[:cut], text[cut + 1 :].strip()) if cut >= 0 else (text, "")


def split_edges(text: str) -> tuple[str, str, str]:
    if len(text) <= _EDGE_HEAD + _EDGE_END + 100:
        return text, "", ""
    return text[:_EDGE_HEAD], text[_EDGE_HEAD:-_EDGE_END], text[-_EDGE_END:]


def split_end(text: str) -> tuple[str, str]:
    body, blank, end = text.rstrip().rpartition("\n\n")
    return (body, end) if blank and len(end) <= _END_WITHIN else (text, "")


def part_quoted(text: str) -> tuple[str, str]:
    asked, quoted = text, []
    for mark in ("```", '"""'):
        if mark[0] in asked and mark in asked:
            pieces = asked.split(mark)
            asked = "\n\n".join(pieces[::2])
            quoted += pieces[1::2]
    for mark, pairs in _QUOTES.items():
        if mark in asked:
            for opening, closing in pairs:
                asked, found = part_between(asked, opening, closing)
                quoted += found
    if "<" in asked and "</" in asked:
        asked, found = part_tags(asked)
        quoted += found
    return asked, "\n".join(quoted)


# Openings and closings by a character that each opening contains.
_QUOTES: Mapping[str, tuple[tuple[str, str], ...]] = {
    '"': (('"', '"'),),
    "“": (("“", "”"),),
    "„": (("„", "“"),),
    "«": (("«", "»"),),
    "「": (("「", "」"),),
    "'": ((" '", "'\n"), (": '", "'"), ("\n'", "'")),
}


def part_between(text: str, opening: str, closing: str) -> tuple[str, list[str]]:
    asked: list[str] = []
    found: list[str] = []
    at = 0
    while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        if end - start >= _QUOTE:
            asked.append(text[at:start])
            found.append(text[start + len(opening) : end])
        else:
            asked.append(text[at:end])
        at = end + len(closing)
    return " ".join([*asked, text[at:]]), found


def part_tags(text: str) -> tuple[str, list[str]]:
    found: list[str] = []
    for _ in range(_TAGS):
        end = text.find("</")
        name = text[end + 2 : text.find(">", end)]
        start = text.find(f"<{name}")
        if end < 0 or not name.isidentifier() or not 0 <= start < end:
            break
        found.append(text[start:end])
        text = f"{text[:start]}\n\n{text[end + len(name) + 3 :]}"
    return text, found
