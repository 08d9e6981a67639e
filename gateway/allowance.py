"""How many calls may be made beyond those that were asked for: a share of them, per provider key.

Retries must not bury what is down, nor hedges double what is only slow. An account opens with a few calls in hand,
earns a share of one with every request, and keeps no more than a few of them for later.
"""

from __future__ import annotations

MOST_KEPT = 10.0  # calls
MOST_ACCOUNTS = 10_000


class Allowance:
    def __init__(self, at_first: float) -> None:
        self._at_first = at_first
        self._accounts: dict[str, float] = {}

    @property
    def is_unused(self) -> bool:
        return not self._accounts

    def earn(self, key: str, share: float) -> None:
        """A request went to the key. Before its first extra call a key has no account, and needs none."""
        if (kept := self._accounts.get(key)) is not None:
            self._accounts[key] = min(MOST_KEPT, kept + share)

    def spend(self, key: str) -> bool:
        """Whether one more call may be made now."""
        if len(self._accounts) >= MOST_ACCOUNTS:
            self._accounts.clear()
        kept = self._accounts.setdefault(key, self._at_first)
        if kept < 1:
            return False
        self._accounts[key] = kept - 1
        return True
