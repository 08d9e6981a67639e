"""MASTER_KEYS as written in the environment: `id:base64-32-bytes`, by commas; the first seals, all open."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping

LENGTH = 32
FEWEST_DIFFERENT_BYTES = 16  # 32 random bytes have about 30; a typed or repeated key has few


class BadMasterKeys(ValueError):
    """The text is not a list of master keys. The message never repeats a key."""


def parse(text: str) -> Mapping[str, bytes]:
    """Keys by id, in the order given. Raises `BadMasterKeys` for none, twins, a wrong length, a weak one."""
    keys: dict[str, bytes] = {}
    for place, entry in enumerate((word.strip() for word in text.split(",") if word.strip()), start=1):
        name, key = _one(entry, place)
        if name in keys:
            raise BadMasterKeys(f"MASTER_KEYS names {name!r} twice: give each key an id of its own.")
        keys[name] = key
    if not keys:
        raise BadMasterKeys("MASTER_KEYS is empty: set it to id:base64-32-bytes.")
    return keys


def _one(entry: str, place: int) -> tuple[str, bytes]:
    name, colon, encoded = entry.partition(":")
    if not name or not colon:
        raise BadMasterKeys(f"Entry {place} of MASTER_KEYS has no id: write id:base64-32-bytes.")
    try:
        key = b64decode(encoded, validate=True)
    except binascii.Error:
        raise BadMasterKeys(f"The key {name!r} of MASTER_KEYS is not base64.") from None
    if len(key) != LENGTH:
        raise BadMasterKeys(f"The key {name!r} of MASTER_KEYS has {len(key)} bytes: {LENGTH} are needed.")
    if len(set(key)) < FEWEST_DIFFERENT_BYTES:
        raise BadMasterKeys(f"The key {name!r} of MASTER_KEYS is weak: make one from {LENGTH} random bytes.")
    return name, key
