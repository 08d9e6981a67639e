"""Which model of the catalogue is meant by what an SDK, a provider or a price list calls it.

One model goes by many names: with the day it was made (`gpt-4o-2024-08-06`, `claude-sonnet-4-5@20250929`), as the
latest of its line, in a collection (`models/gemini-…`), as a resource of a cloud (`us.anthropic.…-v1:0`, an ARN, with
or without the region). What is written out in the catalogue, as a name or an alias, goes before what is derived.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from urllib.parse import unquote

from msgspec import structs

from gateway.core.catalogue import Model
from gateway.core.rates import Rates


class Models(dict[str, Model]):
    """By id, with the other names they go by and their prices, looked up but once. Not changed once it is made."""

    def but(self, model: Model) -> Models:
        """The same with one asked for otherwise: names and prices stay."""
        same = Models(self | {model.id: model})
        same.by_name, same.by_plain_name, same.rates = self.by_name, self.by_plain_name, self.rates
        return same

    @cached_property
    def rates(self) -> Rates:
        return Rates(self.values())

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Model, ...]]:
        return _index((name, model) for model in self.values() for name in _with_provider(model))

    @cached_property
    def by_plain_name(self) -> Mapping[str, tuple[Model, ...]]:
        return _index((plain(name), model) for model in self.values() for name in _with_provider(model))


def rates_of(models: Mapping[str, Model]) -> Rates:
    return models.rates if isinstance(models, Models) else Rates(models.values())


def named(models: Mapping[str, Model], name: str) -> Model | None:
    """The model a caller means: by id, by a name that exactly one model answers to, or by such a name's plain form.

    Of several that answer to it, the one that the tenant has a key for, if it is one.
    """
    if name in models or not name:
        return models.get(name)
    known = models if isinstance(models, Models) else Models(models)
    found = known.by_name.get(name)
    if not found:
        less = plain(name)
        if less in models:
            return models[less]
        found = known.by_name.get(less) or known.by_plain_name.get(less, ())
    return _only(found) or _only(model for model in found if model.provider_key)


def as_called(model: Model, name: str) -> Model:
    """The same model, asked for by the very edition that the caller named: its provider may have several."""
    maker, _, called = model.id.partition("/")
    for before in (f"{maker}/", f"{model.provider}/", "models/"):
        if name.lower().startswith(before):
            name = name[len(before) :]
    if name.lower() in {model.wire_name.lower(), called.lower()}:
        return model
    return structs.replace(model, upstream_model=name)


def names_of(model: Model) -> frozenset[str]:
    """What it is called, without its provider before it."""
    return model.aliases | {model.id.partition("/")[2], model.wire_name}


@lru_cache(maxsize=16_384)
def plain(name: str) -> str:
    """The name without what tells one edition or place of a model from another."""
    name = unquote(name).lower()
    name = _WHERE.sub("", name)
    name = _EDITION.sub("", name)
    return _DAY.sub("", name)


def _with_provider(model: Model) -> Iterator[str]:
    for name in names_of(model):
        yield name
        yield f"{model.provider}/{name}"


def _index(pairs: Iterable[tuple[str, Model]]) -> Mapping[str, tuple[Model, ...]]:
    found: dict[str, dict[str, Model]] = {}
    for name, model in pairs:
        found.setdefault(name, {})[model.id] = model
    return {name: tuple(models.values()) for name, models in found.items()}


def _only(models: Iterable[Model]) -> Model | None:
    found = list(models)
    return found[0] if len(found) == 1 else None


# `global` stays: a request that may run anywhere has a price of its own.
_WHERE = re.compile(
    r"""(?: ^arn:[^/]*/ | ^(?:.*/)?models/ )?
        (?: (?<![^/:]) (?:us|eu|apac|jp|au|ca|sa|us-gov)\. )?""",
    re.VERBOSE,
)
_EDITION = re.compile(r"(?:-v\d+)?:\d+$|-latest$")
_DAY = re.compile(r"[-@](?:20\d\d-?[01]\d-?[0-3]\d)$")
