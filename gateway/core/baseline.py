"""What would have been paid without the router: the declared baseline, and always a second one beside it.

A baseline is a model's id or one of `WORDS`, and holds from a day on. It is reckoned with the tokens of the
answer that was sent (the replayed-tokens convention). The second one is the harshest that can be reckoned for
every request, the cheapest model that meets the floors; where that is the declared one, it is the frontier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from gateway.core.catalogue import Model
from gateway.core.facts import RANK, ModelKind
from gateway.core.money import PER_MILLION, round_half_up
from gateway.core.naming import named, rates_of
from gateway.core.policy import CHEAPEST, FRONTIER, MEASURED, REQUESTED
from gateway.core.price import Price, Usage, amount_of, cost

WORDS = (REQUESTED, CHEAPEST, FRONTIER, MEASURED)

type Weights = tuple[tuple[str, int], ...]  # model → requests


class Declared(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From a day on, until the next begins. `mix` is what the models' shares were before the router."""

    since: date
    basis: str  # a model's id, or one of WORDS
    mix: Weights = ()


class Reckoned(Struct, frozen=True):
    """`model` is what would have answered, or the word where it is not one model; `nano` None is unknown."""

    model: str
    nano: int | None


class Question(Struct, frozen=True, kw_only=True):
    """About one request. `could` are the models that could have answered it, within whitelist and floors;
    `provider` is whose answer was sent."""

    models: Mapping[str, Model]
    requested: str
    usage: Usage
    day: date
    could: Callable[[], Sequence[Model]]
    provider: str = ""

    def price_of(self, model: Model) -> Price | None:
        """At the provider that answered, of the service tier that it answered in. What another would have called
        that nobody knows: its standard price."""
        if model.provider == self.provider:
            return model.price_of(self.usage, self.day)
        return model.price(self.day)


def in_force(declared: Sequence[Declared], policy: str, day: date) -> Declared:
    """Of those declared, oldest first, the last that has begun; without any, what the policy says."""
    begun = [each for each in declared if each.since <= day]
    return begun[-1] if begun else Declared(since=day, basis=policy)


def of_kind(kind: ModelKind, declared: Sequence[Declared], policy: str) -> tuple[Sequence[Declared], str]:
    """What is declared is of answers; the vectors of no other model would do for those of the one asked for."""
    return ((), REQUESTED) if kind is ModelKind.EMBEDDING else (declared, policy)


def beside(basis: str) -> str:
    """The second baseline."""
    return FRONTIER if basis == CHEAPEST else CHEAPEST


def reckon(declared: Declared, question: Question) -> Reckoned:
    match declared.basis:
        case "cheapest":
            return _of(CHEAPEST, _cheapest(question))
        case "frontier":
            amounts = _amounts(question)
            top = max([RANK[question.models[name].tier] for _, name in amounts], default=0)
            highest = [each for each in amounts if RANK[question.models[each[1]].tier] == top]
            return _of(FRONTIER, max(highest, default=None))
        case "measured":
            return Reckoned(MEASURED, _mixed(declared.mix, question))
        case "requested":
            basis = named(question.models, question.requested)
            return Reckoned(basis.id if basis else question.requested, _cost(basis, question))
        case model:
            return Reckoned(model, _cost(question.models.get(model), question))


def name_of(declared: Declared, models: Mapping[str, Model], requested: str) -> str:
    """What it is called where no answer was sent, so that nothing is reckoned."""
    if declared.basis != REQUESTED:
        return declared.basis
    basis = named(models, requested)
    return basis.id if basis else requested


def _mixed(mix: Weights, question: Question) -> int | None:
    """The mean by requests, rounded once; unknown when it is not known what any part would have cost."""
    costs = [(weight, _cost(question.models.get(model), question)) for model, weight in mix]
    if not costs or any(each is None for _, each in costs):
        return None
    return round_half_up(
        sum(weight * (each or 0) for weight, each in costs), sum(weight for weight, _ in costs)
    )


def _cheapest(question: Question) -> tuple[int, str] | None:
    """The least of the amounts, quickly: it is looked for after every request."""
    usage = question.usage
    if usage != Usage(input=usage.input, output=usage.output):
        return min(_amounts(question), default=None)
    sheet = rates_of(question.models).at(question.day, usage.input)
    found = sheet.cheapest(question.could(), usage.input, usage.output)
    return found and (found[0] * sheet.unit, found[1])


def _amounts(question: Question) -> list[tuple[int, str]]:
    """What each would have cost, before rounding; those without a price are left out."""
    found = [(question.price_of(model), model.id) for model in question.could()]
    return [(amount_of(price, question.usage), name) for price, name in found if price is not None]


def _of(word: str, one: tuple[int, str] | None) -> Reckoned:
    return Reckoned(word, None) if one is None else Reckoned(one[1], round_half_up(one[0], PER_MILLION))


def _cost(model: Model | None, question: Question) -> int | None:
    price = question.price_of(model) if model else None
    return None if price is None else cost(price, question.usage)
