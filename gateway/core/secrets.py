"""Digests of the keys we issue. Only the digest of the whole key is ever stored or looked up."""

from __future__ import annotations

from hashlib import sha256

MIN_LENGTH = 8
MAX_LENGTH = 512


def digest(secret: str) -> str:
    """SHA-256 of the whole key, in hexadecimal. Keys are random and long, so no salt or stretching is needed."""
    return sha256(secret.encode()).hexdigest()
