"""Money for the calls beside an answer, its checks and shadows: held before they are made, like an attempt's.

They fall under the budgets of their request, and under those that are for such calls alone. An `Aside` of any journey
serves: `hold` before the calls, `release` once the journey is settled.
"""

from __future__ import annotations

from gateway.admit import Admission, Reservation, paid_for, under_way
from gateway.core import budget as money
from gateway.core.ladder import KINDS, Purpose
from gateway.errors import LimitReached
from gateway.journey import Barred, Journey, Then


class Aside:
    def __init__(self, admission: Admission, journey: Journey, taken: Reservation | None = None) -> None:
        """`taken` is what the request itself holds."""
        self._admission, self._journey, self._taken = admission, journey, taken
        self._apart: dict[Purpose, Reservation] = {}

    async def hold(self, purpose: Purpose, amount: int) -> None:
        """Nano-dollars that the calls may come to at the worst; `Barred` where they may not be made. One `hold` at a time:
        what other calls of the purpose may come to that are under way is not seen."""
        apart, journey = self._apart_for(purpose), self._journey
        try:
            if apart.accounts:
                spent = paid_for(journey, KINDS[purpose])
                await self._admission.top_up(apart, journey, spent + amount)
        except LimitReached as limit:
            raise Barred(_then(apart, limit)) from None
        if self._taken is None or not self._taken.accounts:
            return
        needed = paid_for(journey) + under_way(journey) + amount
        try:
            await self._admission.top_up(self._taken, journey, needed)
        except LimitReached:
            raise Barred("unknown") from None

    def release(self) -> None:
        settlement = self._journey.settlement
        self._admission.release(self._taken, self._journey)
        for purpose, apart in self._apart.items():
            if not apart.accounts or settlement is None:
                continue
            lines = [line for line in settlement.lines if line.attempt.kind in KINDS[purpose]]
            self._admission.give_back(apart, self._journey, sum(line.cost or 0 for line in lines))

    def _apart_for(self, purpose: Purpose) -> Reservation:
        found = self._apart.get(purpose)
        if found is None:
            journey, facts, runtime = self._journey, self._journey.facts, self._journey.runtime
            accounts = money.accounts(
                runtime.apart.get(purpose, ()),
                tenant=runtime.id,
                zone=runtime.snapshot.time_zone,
                at=facts.at,
                router=journey.router.id,
                key=facts.key,
                tags=facts.tags,
            )
            found = self._apart[purpose] = Reservation("rungway:aside", accounts=accounts)
        return found


def _then(apart: Reservation, limit: LimitReached) -> Then:
    spent = limit.budget[0] if limit.budget else ""
    climbs = any(each.budget.name == spent and each.budget.at_limit == "climb" for each in apart.accounts)
    return "climb" if climbs else "skip"
