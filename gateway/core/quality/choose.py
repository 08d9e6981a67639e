"""The cheapest model that is expected to do, as far as anything is known. Pure: no text, no clock, no dice."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gateway.core.quality.estimate import Estimate


class Option(Struct, frozen=True):
    """A candidate of one request. `cost` is expected, in nano-dollars; None when it has no price."""

    model: str
    cost: int | None
    quality: Estimate


class Choice(Struct, frozen=True):
    """`asked` is the quality that had to be held. `against` says of every dearer-or-failing option why it was not taken."""

    model: str
    quality: Estimate
    asked: float
    against: tuple[tuple[str, str], ...]


def choose(options: Sequence[Option], *, share: float, baseline: str) -> Choice | None:
    """The cheapest whose lower bound is at least `share` of what the baseline is expected to reach.

    The baseline itself needs no bound. None: the baseline is no option, so nothing can be promised.
    An option without a price is never cheaper than one with a price; among equals the better, then the first by name.
    """
    standard = next((option for option in options if option.model == baseline), None)
    if standard is None:
        return None
    return cheapest(options, asked=share * standard.quality.mean, exempt=baseline)


def cheapest(options: Sequence[Option], *, asked: float, exempt: str = "") -> Choice | None:
    """The cheapest whose lower bound is at least `asked`; `exempt` is the option that needs no bound, if there is one."""
    holding = [option for option in options if option.model == exempt or option.quality.lower >= asked]
    taken = min(holding, key=_by_cost, default=None)
    if taken is None:
        return None
    against = tuple(
        (option.model, _why_not(option, taken, asked, is_exempt=option.model == exempt))
        for option in options
        if option is not taken
    )
    return Choice(taken.model, taken.quality, asked, against)


def price_of(extra: float, guessed: float) -> float:
    """What a gain is divided by to order requests, when the strong model's calls are rationed by cost.

    `extra`: what such a call costs more, 1 on the average. As far as gain is `guessed` (`Known.guessed`) cost does not
    count: nothing says yet whether the long requests, which cost more, are the ones that gain.
    """
    price: float = max(extra, 1e-12) ** (1 - guessed)
    return price


def _by_cost(option: Option) -> tuple[bool, int, float, str]:
    return option.cost is None, option.cost or 0, -option.quality.mean, option.model


def _why_not(option: Option, taken: Option, asked: float, *, is_exempt: bool) -> str:
    if not is_exempt and option.quality.lower < asked:
        return f"may fall to quality {option.quality.lower:.2f}, below the {asked:.2f} asked for"
    if option.cost is None:
        return "has no price"
    return f"holds, but is no cheaper than {taken.model}"
