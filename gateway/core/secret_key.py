"""Whether a SECRET_KEY is one that nobody can guess."""

from __future__ import annotations

SHORTEST = 32
FEWEST_DIFFERENT = 10
WELL_KNOWN = ("django-insecure", "changeme", "change-me", "change_me", "secret", "password", "example")


def weakness(key: str) -> str | None:
    """What is wrong with it and what to do about it. Never repeats the key."""
    if not key:
        return "SECRET_KEY is not set: set it to a long random value (`up` makes one)."
    if key.lower().startswith(WELL_KNOWN):
        return "SECRET_KEY is a well-known default: set it to a long random value."
    if len(key) < SHORTEST or len(set(key)) < FEWEST_DIFFERENT:
        return f"SECRET_KEY is weak: set it to at least {SHORTEST} random characters."
    return None
