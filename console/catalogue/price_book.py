"""By which prices a tenant pays: those of the lists as they were installed, and what it accepted since.

An upgrade of the price lists changes nothing by itself. What it says differently is proposed, with what it would
have changed in the last days; an accepted price begins with the day it is accepted, or later, and is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from billing.periods import preset, zone_of
from billing.query import SpendQuery
from billing.spend import EMPTY, Measures, spend
from console.catalogue import builtin
from console.catalogue.models import PriceBook, PriceEdition
from console.catalogue.prices import starting
from gateway.core.price import BUCKETS, Price, Usage, banded, cost, price_on

if TYPE_CHECKING:
    from console.tenants.models import Tenant

type Listed = Mapping[str, tuple[Price, ...]]

SPAN = "30d"  # over which the effect of a price is reckoned
_USED = {name: name if name == "searches" else f"{name}_tokens" for name in BUCKETS}


class Proposal(Struct, frozen=True, kw_only=True):
    """A price that the installed lists have and the book has not. `was_rejected`: somebody said no to it."""

    model: str
    old: Price | None  # in force on the day that the new one would begin; None: unknown
    new: Price
    was_rejected: bool = False

    @property
    def key(self) -> str:
        """Names it in a form, also tomorrow, when it would begin a day later."""
        return f"{self.model} {sha256(msgspec.json.encode(_bare(self.new))).hexdigest()[:12]}"


class Effect(Struct, frozen=True, kw_only=True):
    """What the tokens of the last days cost by the old price and by the new: nano-dollars."""

    attempts: int
    before: int | None
    after: int

    @property
    def change(self) -> int | None:
        return None if self.before is None else self.after - self.before


@cache
def installed() -> Listed:
    return {model.id: model.prices for model in builtin.models().values()}


@cache
def installed_digest() -> str:
    return sha256(msgspec.json.encode(installed(), order="sorted")).hexdigest()


def installed_source() -> str:
    return f"genai-prices {version('genai-prices')}"


def book_of(tenant: Tenant) -> Listed:
    """Of models that came with a newer catalogue, the prices that it came with."""
    book = {**installed(), **_edition_of(tenant)}
    for row in tenant.price_decisions.filter(accepted=True).order_by("id"):
        price = msgspec.convert(row.price, Price)
        book[row.model_id] = tuple(sorted((*book.get(row.model_id, ()), price), key=_since))
    return book


def proposals(tenant: Tenant, *, today: date) -> tuple[Proposal, ...]:
    """Without models whose price the tenant gives itself."""
    book = book_of(tenant)
    own = {row.model_id for row in tenant.custom_models.all() if row.prices}
    refused = {
        (row.model_id, _bare(msgspec.convert(row.price, Price)))
        for row in tenant.price_decisions.filter(accepted=False)
    }
    return tuple(
        Proposal(model=model, old=old, new=new, was_rejected=(model, _bare(new)) in refused)
        for model, listed in installed().items()
        if model not in own
        for new in _to_come(listed, today)
        if (old := price_on(book[model], new.since)) is None or _bare(old) != _bare(new)
    )


def effects(tenant: Tenant, proposed: Sequence[Proposal], *, now: datetime) -> Mapping[str, Effect]:
    """By the key of each. Reckoned from the sums of tokens, at the price of short prompts where it steps up."""
    if not proposed:
        return {}
    period = preset(SPAN, zone=zone_of(tenant.time_zone), now=now)
    used = {row.key[0]: row.measures for row in spend(tenant, SpendQuery(period=period, by=("model",))).rows}
    found = {}
    for each in proposed:
        tokens = used.get(each.model, EMPTY)
        before = None if each.old is None else _whole(each.old, tokens)
        found[each.key] = Effect(attempts=tokens.attempts, before=before, after=_whole(each.new, tokens))
    return found


def _edition_of(tenant: Tenant) -> dict[str, tuple[Price, ...]]:
    digest = tenant_edition(tenant)
    return {} if digest in {"", installed_digest()} else dict(_edition(digest))


def tenant_edition(tenant: Tenant) -> str:
    """Empty before the first time that the tenant is published."""
    return PriceBook._base_manager.filter(tenant=tenant).values_list("edition", flat=True).first() or ""


@lru_cache(maxsize=8)
def _edition(digest: str) -> Listed:
    """An edition never changes, so that it is read once."""
    row = PriceEdition.objects.get(pk=digest)
    return msgspec.convert(row.prices, dict[str, tuple[Price, ...]])


def _to_come(listed: Sequence[Price], today: date) -> Iterator[Price]:
    """What holds today, from today on, and what begins later: a past that is paid is not priced anew."""
    held = price_on(listed, today)
    if held is not None:
        yield starting(held, today)
    yield from (price for price in listed if price.since > today)


def _bare(price: Price) -> Price:
    return starting(price, builtin.ALWAYS)


def _since(price: Price) -> date:
    return price.since


def _whole(price: Price, used: Measures) -> int:
    if not used.attempts:
        return 0
    usage = Usage(**{name: getattr(used, column) for name, column in _USED.items()})
    return cost(banded(price, 0), usage) + price.per_request * (used.attempts - 1)
