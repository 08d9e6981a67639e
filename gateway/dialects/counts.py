"""Token counts as a provider reports them: whole numbers in reason, or not counted and said to be unsound.

Some write them with a point: 7.0.
"""

from __future__ import annotations

from typing import Any

from gateway.core.price import UsageSource

MOST = 100_000_000  # tokens of one answer; beyond every context there is, ten times over


class Counts:
    """The numbers of one report, by the provider's own names."""

    def __init__(self, report: dict[str, Any]) -> None:
        self._report = report
        self.sound = True

    def required(self, field: str) -> int:
        value = self._report.get(field)
        if type(value) is int and 0 <= value <= MOST:  # as a rule
            return value
        if value is None:
            self.sound = False
        return self.optional(field)

    def optional(self, *path: str) -> int:
        value: Any = self._report
        for field in path:
            value = value.get(field) if type(value) is dict else None
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is int and 0 <= value <= MOST:
            return value
        self.sound = self.sound and value is None
        return 0

    def part(self, whole: int, of: int) -> int:
        """A number that cannot exceed another."""
        self.sound = self.sound and whole <= of
        return min(whole, of)

    @property
    def source(self) -> UsageSource:
        return UsageSource.PROVIDER_FINAL if self.sound else UsageSource.PROVIDER_PARTIAL
