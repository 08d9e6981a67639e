"""A custom model as people write it: in YAML, over REST, and in the console's form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from msgspec import Struct, structs

from console.catalogue import builtin
from console.catalogue.models import PATTERN_LENGTH
from gateway.core.catalogue import SPOKEN
from gateway.core.facts import ModelKind, Need, Tier
from gateway.core.money import NANO, nano, usd
from gateway.core.policy import Floor
from gateway.core.price import Price

MAX_PATTERNS = 500
MAX_FLOORS = 100
MAX_NAME = 100
MAX_OTHERS = 100
MAX_CONTEXT = 100_000_000
DEFAULT_CONTEXT = 128_000  # of a custom model that does not say
MAX_PRICE = nano(1_000_000)  # a million dollars per million tokens: a slip of the decimal point

MODEL_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}/[A-Za-z0-9@:._/+-]{1,140}")
WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")  # a service tier, a region
PATTERN = re.compile(r"[A-Za-z0-9@:._/+*-]+")

type Amount = int | float | str  # USD


class Amounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """USD per million tokens; `per_request` in USD a request, `per_search` in USD a search of the web."""

    input: Amount
    output: Amount
    cache_read: Amount | None = None
    cache_write: Amount | None = None
    cache_write_1h: Amount | None = None
    audio_input: Amount | None = None
    audio_output: Amount | None = None
    audio_cache_read: Amount | None = None
    image_input: Amount | None = None
    image_output: Amount | None = None
    per_request: Amount = 0
    per_search: Amount = 0


class OtherPrice(Amounts, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a service tier costs, or a region, or a prompt of more than `above` tokens, or what has several of them."""

    service_tier: str = ""
    region: str = ""
    above: int = 0

    @property
    def served(self) -> tuple[str, str]:
        return self.service_tier, self.region


class PriceSpec(Amounts, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What everything costs that none of `others` is about; a service tier that none is about has no price."""

    others: tuple[OtherPrice, ...] = ()


AMOUNTS = Amounts.__struct_fields__


class ModelSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out stays as the catalogue has it."""

    id: str
    provider_key: str = ""
    upstream_model: str = ""
    dialect: str = ""  # the protocol it is spoken to in, where that is another than its provider's
    tier: Tier | None = None
    kind: ModelKind | None = None
    context: int | None = None
    max_output: int | None = None
    can: tuple[Need, ...] | None = None
    price: PriceSpec | None = None


def price_of(spec: PriceSpec, *, since: date) -> Price:
    """`ValidationError` names each amount that is none."""
    wrong = dict(_misplaced(spec.others))
    standard = _priced(spec, since, "price", wrong)
    rows = [
        structs.replace(
            _priced(other, since, f"price.others[{place}]", wrong),
            service_tier=other.service_tier,
            region=other.region,
            above=other.above,
        )
        for place, other in enumerate(spec.others)
    ]
    if wrong:
        raise ValidationError(wrong)
    whole = sorted((row for row in rows if not row.above), key=_served)
    others = tuple(_with_bands(row, rows) for row in whole)
    return structs.replace(_with_bands(standard, rows), others=others)


def _priced(spec: Amounts, since: date, place: str, wrong: dict[str, str]) -> Price:
    """Notes in `wrong` what is no amount."""
    amounts: dict[str, int | None] = {}
    for name in AMOUNTS:
        try:
            amounts[name] = _amount(getattr(spec, name))
        except ValueError as error:
            wrong[f"{place}.{name}"] = str(error)
    return structs.replace(Price(since=since, input=0, output=0), **amounts)


def _with_bands(price: Price, rows: Sequence[Price]) -> Price:
    bands = [row for row in rows if row.above and _served(row) == _served(price)]
    return structs.replace(price, bands=tuple(sorted(bands, key=_above)))


def _served(price: Price) -> tuple[str, str]:
    return price.service_tier, price.region


def _above(price: Price) -> int:
    return price.above


def spec_of(price: Price) -> PriceSpec:
    rows = [*price.bands, *(row for other in price.others for row in (other, *other.bands))]
    others = tuple(
        OtherPrice(service_tier=row.service_tier, region=row.region, above=row.above, **_amounts(row))
        for row in rows
    )
    return PriceSpec(others=others, **_amounts(price))


def _amounts(price: Price) -> dict[str, int | float]:
    fields = {name: getattr(price, name) for name in AMOUNTS}
    return {name: _plain(value) for name, value in fields.items() if value is not None}


def check_model(spec: ModelSpec) -> None:
    """`ValidationError` by field."""
    wrong = {field: message for field, message in _objections(spec) if message}
    if wrong:
        raise ValidationError(wrong)


def check_whitelist(patterns: tuple[str, ...] | None) -> None:
    patterns = patterns or ()
    if len(patterns) > MAX_PATTERNS:
        raise ValidationError({"whitelist": f"At most {MAX_PATTERNS} patterns: * stands for many models."})
    for place, pattern in enumerate(patterns):
        if len(pattern) > PATTERN_LENGTH or not PATTERN.fullmatch(pattern):
            message = "is no pattern: write provider/model, with * for any run of characters."
            raise ValidationError({"whitelist": f"Entry {place + 1} {message}"})


def check_floors(floors: Sequence[Floor]) -> None:
    names = [floor.name for floor in floors]
    if len(floors) > MAX_FLOORS:
        raise ValidationError({"floors": f"At most {MAX_FLOORS} floors."})
    for name in names:
        if not name.strip() or len(name) > MAX_NAME:
            raise ValidationError({"floors": f"Each floor has a name of at most {MAX_NAME} characters."})
        if names.count(name) > 1:
            raise ValidationError({"floors": f"Two floors are named {name}: give each its own name."})


def _objections(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    if not MODEL_ID.fullmatch(spec.id):
        yield "id", "Write it as provider/model, without spaces: local/llama-3.3-8b."
    elif spec.id not in builtin.models() and spec.tier is None:
        yield "tier", "A model that is not in the catalogue needs a tier."
    yield "context", _outside(spec.context, 1, MAX_CONTEXT)
    yield "max_output", _outside(spec.max_output, 1, MAX_CONTEXT)
    if spec.upstream_model and not re.fullmatch(r"[\x21-\x7e]{1,200}", spec.upstream_model):
        yield "upstream_model", "Write it as the provider does: at most 200 characters, without spaces."
    if spec.dialect and spec.dialect not in SPOKEN:
        yield (
            "dialect",
            f"No protocol that is spoken here; leave it out, or write {', '.join(sorted(SPOKEN))}.",
        )
    if len(spec.provider_key) > 100:
        yield "provider_key", "No provider key has so long a name."


def _misplaced(others: Sequence[OtherPrice]) -> Iterator[tuple[str, str]]:
    """Prices that nothing could be billed by, or that two rows give."""
    whole = {other.served for other in others if not other.above} | {("", "")}
    keys = [(*other.served, other.above) for other in others]
    for place, other in enumerate(others):
        where = f"price.others[{place}]"
        if len(others) > MAX_OTHERS:
            yield where, f"At most {MAX_OTHERS} other prices."
            return
        for name, word in (("service_tier", other.service_tier), ("region", other.region)):
            if word and not WORD.fullmatch(word):
                yield (
                    f"{where}.{name}",
                    "Write it as the provider does, in small letters: flex, eu-central-1.",
                )
        if not 0 <= other.above <= MAX_CONTEXT or keys[place] == ("", "", 0):
            yield (
                where,
                "Say of what it is the price: a service_tier, a region, or prompts above so many tokens.",
            )
        elif keys.index(keys[place]) < place:
            yield where, "This is priced twice: leave one of the two out."
        elif other.above and other.served not in whole:
            yield where, "Say first what short prompts cost there: the same without above."
        elif other.region and ("", other.region) not in whole:
            yield where, "Say first what the region costs: the same without service_tier."


def _outside(number: int | None, low: int, high: int) -> str:
    return "" if number is None or low <= number <= high else f"Between {low} and {high:,} tokens."


def _amount(given: Amount | None) -> int | None:
    if given is None:
        return None
    amount = nano(given)
    if not 0 <= amount <= MAX_PRICE:
        raise ValueError("A price lies between 0 and 1,000,000 USD.")
    return amount


def _plain(amount: int) -> int | float:
    """As YAML writes numbers; a float of at most 15 digits reads back as the same amount."""
    return amount // NANO if amount % NANO == 0 else float(Decimal(usd(amount)))
