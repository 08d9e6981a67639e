"""What a request cost, what it would have cost, and so what was saved.

Net saving = declared baseline − every attempt of the request. A baseline (see `core.baseline`) is reckoned with
the tokens of the answer that was sent; a request that sent no answer has one of zero, so that what it burnt counts
against the saving. What has no price is unknown, and so is any sum it is part of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from gateway.core.baseline import Declared, Question, Reckoned, beside, in_force, name_of, reckon
from gateway.core.catalogue import Model
from gateway.core.events import SettledAttempt
from gateway.core.facts import Tier
from gateway.core.ladder import HEDGED, Attempt, AttemptOutcome, Kind
from gateway.core.price import NOTHING, Price, Usage, UsageSource, banded, cost


class Settlement(Struct, frozen=True, kw_only=True):
    """Nano-dollars; None is unknown."""

    lines: tuple[SettledAttempt, ...]
    baseline_model: str
    baseline: int | None
    second_model: str = ""
    second: int | None = None

    @property
    def cost(self) -> int | None:
        lines = self.lines
        return lines[0].cost if len(lines) == 1 else total([line.cost for line in lines])

    @property
    def saving(self) -> int | None:
        paid = self.cost
        return None if paid is None or self.baseline is None else self.baseline - paid

    @property
    def waste(self) -> int | None:
        """What was paid for answers that were not sent."""
        return total(line.cost for line in self.lines if line.attempt is not answer_of(self.lines))


def nobody() -> tuple[Model, ...]:
    return ()


def settle(
    attempts: Sequence[Attempt],
    *,
    models: Mapping[str, Model],
    baseline: str,
    requested: str,
    day: date,
    delivered: Attempt | None,
    declared: Sequence[Declared] = (),
    could: Callable[[], Sequence[Model]] = nobody,
) -> Settlement:
    """`delivered` is the attempt whose answer was sent, in whole or in part; None when none was.

    `baseline` is the policy's, `declared` what is in force of it when; `could` gives the models that might have
    answered.
    """
    first = in_force(declared, baseline, day)
    other = Declared(since=day, basis=beside(first.basis))
    if delivered is None:
        reckoned = [Reckoned(name_of(each, models, requested), 0) for each in (first, other)]
    else:
        question = Question(
            models=models,
            requested=requested,
            usage=delivered.usage,
            day=day,
            could=could,
            provider=models[delivered.model].provider,
        )
        reckoned = [reckon(each, question) for each in (first, other)]
    return Settlement(
        lines=tuple([line_of(attempt, models, day) for attempt in attempts]),
        baseline_model=reckoned[0].model,
        baseline=reckoned[0].nano,
        second_model=reckoned[1].model,
        second=reckoned[1].nano,
    )


def line_of(attempt: Attempt, models: Mapping[str, Model], day: date) -> SettledAttempt:
    if attempt.kind is Kind.WEBHOOK:  # no model, and nothing that we would be billed for
        return SettledAttempt(attempt=attempt, provider=Kind.WEBHOOK.value, tier=Tier.LOCAL, cost=0)
    model = models[attempt.model]
    price = model.price_of(attempt.usage, day)
    return SettledAttempt(
        attempt=attempt,
        provider=model.provider,
        tier=model.tier,
        provider_key=attempt.provider_key or model.provider_key,
        cost=attempt_cost(price, attempt),
        price=price and banded(price, attempt.usage.prompt),
    )


def attempt_cost(price: Price | None, attempt: Attempt) -> int | None:
    """Nothing used costs nothing, priced or not; what was used unseen is unknown."""
    if attempt.usage_source is UsageSource.UNKNOWN:
        return None
    if attempt.usage_source is UsageSource.NONE and attempt.usage == NOTHING:
        return 0
    return None if price is None else cost(price, attempt.usage)


def price_usage(model: Model | None, usage: Usage, day: date) -> int | None:
    price = model.price_of(usage, day) if model else None
    return None if price is None else cost(price, usage)


def total(amounts: Iterable[int | None]) -> int | None:
    """The sum, or None as soon as one part is unknown."""
    known = list(amounts)
    return None if None in known else sum(filter(None, known))


def answer_of(lines: Sequence[SettledAttempt]) -> Attempt | None:
    """The attempt whose answer was sent: the last that came, passed or not."""
    came = [
        line.attempt
        for line in lines
        if line.attempt.kind is Kind.ANSWER
        and line.attempt.outcome is not AttemptOutcome.FAILED
        and line.attempt.because != HEDGED
    ]
    return came[-1] if came else None
