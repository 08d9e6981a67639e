"""What people may call things, and which signs a text may hold; the same by form, REST and file."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

# Signs that reorder or hide what stands beside them, so that a name could pass for another.
DECEIVING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u061c")
TAG = re.compile(r"[a-z][a-z0-9_-]{0,62}")
MOST_TAGS = 50


def plain(text: str, *, at_most: int = 100, called: str = "name") -> str:
    """Trimmed, in one Unicode form, one line long, without invisible signs."""
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise ValidationError(f"Enter a {called}.")
    if len(text) > at_most:
        raise ValidationError(f"This {called} has {len(text)} characters: {at_most} are allowed.")
    if any(sign in DECEIVING or unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text):
        raise ValidationError(f"This {called} holds invisible signs: type it instead of pasting it.")
    return text


def field(called: str, text: str, *, at_most: int = 100) -> str:
    """The same, with the refusal put at a field of that name."""
    try:
        return plain(text, at_most=at_most)
    except ValidationError as error:
        raise ValidationError({called: error.messages}) from None


def tag_names(names: list[str]) -> list[str]:
    """Attribution tags as they come in `x-rungway-tag-<name>` headers: in their order, each once."""
    unique = list(dict.fromkeys(name.strip().lower() for name in names if name.strip()))
    if wrong := [name for name in unique if not TAG.fullmatch(name)]:
        raise ValidationError(
            f"{wrong[0]!r} cannot be a tag: use small letters, digits, - and _, beginning with a letter."
        )
    if len(unique) > MOST_TAGS:
        raise ValidationError(f"These are {len(unique)} tags: {MOST_TAGS} can be declared.")
    return unique
