"""Whether two models say the same, which is worth more than either's own confidence.

Answers are compared by what they come to: a number, a choice, a value of JSON, or else the words themselves.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import msgspec

LONGEST = 8_000  # characters, from the end, in which a conclusion is looked for
_WORDS = 12  # of an answer without a conclusion, above which equal wording is too much to ask


def agree(one: str, other: str) -> bool:
    """False where either comes to nothing: that nobody answered is no agreement."""
    first, second = conclusion(one), conclusion(other)
    return first == second and first not in {"", "null"}


def conclusion(answer: str) -> str:
    """What an answer comes to, in one spelling."""
    text = answer.strip()
    if found := _as_json(text):
        return found
    text = text[-LONGEST:]
    for pattern in (_BOXED, _MARKED, _SAID):
        if stated := pattern.findall(text):
            return plain(stated[-1])
    if len(text.split()) > _WORDS and (numbers := _NUMBER.findall(text)):
        return plain(numbers[-1])
    return plain(text)


def plain(value: str) -> str:
    """Numbers by their value, choices by their letter, words without case, marks and articles."""
    text = value.strip().strip("*`\"'").strip().rstrip(".").strip()
    bare = text.replace(",", "").replace("$", "").replace("\\", "").removesuffix("%").strip()
    try:
        number = Decimal(bare)
    except InvalidOperation:
        pass
    else:
        return str(number.normalize()) if number.is_finite() else text.casefold()
    if choice := _CHOICE.fullmatch(text):
        return choice[1].casefold()
    return " ".join(re.sub(r"[^\w\s+\-*/^=<>.{}()]", " ", text).casefold().split())


def _as_json(text: str) -> str:
    if not text.startswith(("{", "[")):
        return ""
    try:
        return msgspec.json.encode(msgspec.json.decode(text), order="deterministic").decode()
    except (msgspec.DecodeError, RecursionError):
        return ""


_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_MARKED = re.compile(r"^#{2,}[ \t]*([^#\s][^\n]*)$", re.MULTILINE)
_SAID = re.compile(r"\banswer(?: is|:)[ \t:*]*([^\n]{1,80}?)[*.]*(?:\n|$)", re.IGNORECASE)
_NUMBER = re.compile(r"-?\$?\d[\d,]*(?:\.\d+)?")
_CHOICE = re.compile(r"\(?([A-Za-z])\)?(?:[.):].*)?")
