"""One wire protocol a package, both directions; `dialect.py` says what each can do."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.dialects.dialect import Dialect

DIALECTS: Mapping[str, Dialect] = {}
