"""What this gateway knows of accounts by itself: what Redis said last, and what is left of its lease without Redis.

A lease is a share of what was left when Redis was last heard. Each gateway may spend it while Redis is away, so that
all of them together overspend a budget by as many leases as there are gateways, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.core.budget import Account, lease


class Sight(Struct):
    """Nano-dollars of one account: spent and held when Redis was last heard, lent since then."""

    end: datetime
    spent: int
    held: int
    lent: int = 0


class Memory:
    def __init__(self) -> None:
        self._sights: dict[tuple[str, str], Sight] = {}

    def note(self, account: Account, *, spent: int, held: int) -> None:
        self._sights[account.book, account.value] = Sight(account.window.end, spent, held)

    def left(self, account: Account) -> int | None:
        """Nano-dollars neither spent nor held; None when nothing is known of the account."""
        sight = self._sights.get((account.book, account.value))
        return None if sight is None else account.budget.nano - sight.spent - sight.held

    def share_left(self, accounts: Iterable[Account]) -> float:
        """Of the tightest budget, from 0 to 1; what is not known yet counts as untouched."""
        return min((self._share(account) for account in accounts), default=1.0)

    def is_to_lower(self, accounts: Iterable[Account]) -> bool:
        """Whether a budget is spent that asks for cheaper models then."""
        return any(
            account.budget.at_limit == "downgrade" and (left := self.left(account)) is not None and left <= 0
            for account in accounts
        )

    def lend(self, accounts: Sequence[Account], amount: int) -> Account | None:
        """Takes an amount from the lease of each account that blocks; or from none, and says which had not enough."""
        strict = [account for account in accounts if account.budget.blocks]
        for account in strict:
            left, sight = self.left(account), self._sights.get((account.book, account.value))
            if left is None or sight is None or not account.budget.nano or sight.lent + amount > lease(left):
                return account
        self.adjust(strict, amount)
        return None

    def adjust(self, accounts: Iterable[Account], amount: int) -> None:
        for account in accounts:
            sight = self._sights.get((account.book, account.value))
            if sight is not None and account.budget.blocks:
                sight.lent += amount

    def forget(self, now: datetime) -> None:
        """Accounts of periods that are over."""
        self._sights = {name: sight for name, sight in self._sights.items() if sight.end > now}

    def values(self, book: str) -> list[str]:
        """Those of one book that have been seen."""
        return [value for known, value in self._sights if known == book]

    def _share(self, account: Account) -> float:
        left = self.left(account)
        if left is None:
            return 1.0
        return max(0.0, left / account.budget.nano) if account.budget.nano else 0.0
