"""What a tenant's models are expected to do with a text, and the sketch that is kept of it. One object a tenant.

A model that was judged is spoken of by what was learnt, any other by its tier.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from gateway.core.catalogue import Model
from gateway.core.facts import Tier
from gateway.core.quality.book import Reader, Text
from gateway.core.quality.estimate import Estimate
from gateway.core.quality.familiar import Lately
from gateway.core.quality.keep import pack_sketch
from gateway.core.quality.known import Known
from gateway.core.quality.learn import learn
from gateway.core.quality.sketch import sketch

DIGITS = 3  # of an estimate, which events carry; a decision is made on what they carry


class Foreseen(NamedTuple):
    quality: Mapping[str, Estimate]  # by model
    sketch: bytes


class Expects:
    """`tiers` is what the book says of each (see `tiers_of`), `known` what the tenant's outcomes say, if there are any."""

    def __init__(self, reader: Reader, tiers: Known, known: Known | None = None) -> None:
        self._reader, self._tiers, self._known = reader, tiers, known
        self._lately = Lately()

    def __call__(self, text: str, keys: Collection[str], models: Iterable[Model]) -> Foreseen:
        made = sketch(text)
        read = self._reader.read(made)
        by_tier = _rounded(self._tiers.estimate(read, keys, trust=0.0))
        by_model = _rounded(self._learnt(self._known, read, keys)) if self._known else {}
        quality = {model.id: by_model.get(model.id) or by_tier[model.tier.value] for model in models}
        return Foreseen(quality, pack_sketch(made))

    def _learnt(self, known: Known, text: Text, keys: Collection[str]) -> Mapping[str, Estimate]:
        return known.estimate(text, keys, trust=self._lately.trust(known.familiar.trust(text)))


def tiers_of(reader: Reader) -> Known:
    """The book's standings, as if each tier were a model."""
    standings = reader.book.standings
    return learn((), {tier.value: standings[tier] for tier in Tier}, reader)


def _rounded(estimates: Mapping[str, Estimate]) -> dict[str, Estimate]:
    return {
        model: Estimate(round(each.mean, DIGITS), round(each.lower, DIGITS))
        for model, each in estimates.items()
    }
