"""Recorded exchanges of protocols that no caller speaks."""

from __future__ import annotations

import gzip
import json
from functools import cache
from typing import Any

from tests.gateway.dialects.samples import DATA


@cache
def rows(protocol: str) -> tuple[dict[str, Any], ...]:
    with gzip.open(DATA / f"{protocol}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)
