"""Marks up to which a caller wants a prompt kept, as two surfaces write them: `{"type": "ephemeral", "ttl": "1h"}`."""

from __future__ import annotations

from typing import Any


def cache_mark(value: Any) -> dict[str, bool]:
    """The fields of `Text`."""
    return {"cached": bool(value), "lasting": type(value) is dict and value.get("ttl") == "1h"}
