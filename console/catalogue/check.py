"""What is wrong with the catalogue's rows: against the price lists, and against each other.

`manage.py check_catalogue` prints it. Every finding names its place, what is wrong there, and the remedy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from console.catalogue import prices
from console.catalogue.builtin import Entry, Rows, Vendor, known_price, model_of
from console.catalogue.tiers import tier_by_rule
from gateway.core.catalogue import SPOKEN, Model
from gateway.core.facts import ModelKind, Tier
from gateway.core.money import NANO
from gateway.core.naming import Models, named
from gateway.core.price import Usage, cost

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

LEEWAY = 1.06  # of contexts: some lists round them to thousands, some do not
PROMPTS = (1_000, 150_000, 250_000, 600_000)  # tokens: prices step up at lengths in between
OLDEST = date(2025, 1, 1)


class Finding(Struct, frozen=True):
    place: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}. {self.remedy}"


type Findings = Iterator[Finding]


def findings(rows: Rows, *, today: date) -> Findings:
    yield from _providers(rows, today)
    for name, entries in rows.entries.items():
        vendor = next((vendor for vendor in rows.vendors if vendor.id == name), None)
        if vendor is None:
            yield Finding(
                f"models/{name}.toml", "no provider has this id", "Rename the file, or add the row."
            )
        else:
            yield from _models(vendor, entries, rows, today)


def _providers(rows: Rows, today: date) -> Findings:
    for vendor in rows.vendors:
        yield from _provider(vendor, rows, today)
    yield from _twice("providers.toml", (vendor.id for vendor in rows.vendors))
    spoken_by = {vendor.dialect for vendor in rows.vendors}
    spoken_by |= {entry.dialect for entries in rows.entries.values() for entry in entries}
    for dialect in rows.unspoken.keys() - spoken_by:
        yield Finding(f"providers.toml [unspoken] {dialect}", "no provider speaks it", "Take the line out.")
    for source in sorted(prices.sources() - {source for vendor in rows.vendors for source in vendor.prices}):
        remedy = "Add a row for it, or its id to `prices` of the row that it belongs to."
        yield Finding("providers.toml", f"genai-prices prices {source}, and no row does", remedy)


def _provider(vendor: Vendor, rows: Rows, today: date) -> Findings:
    place = f"providers.toml {vendor.id}"
    if vendor.dialect not in SPOKEN and vendor.dialect not in rows.unspoken:
        yield Finding(
            place, f"nobody speaks {vendor.dialect}", "Correct it, or say under [unspoken] what it is."
        )
    for dialect in vendor.also - SPOKEN:
        yield Finding(place, f"nobody speaks {dialect} either", "Correct `also`, or leave it out.")
    if not re.fullmatch(r"https://[^\s?#]+", vendor.source):
        yield Finding(
            place, "its source is no public page", "Name the https page that the row was read from."
        )
    if not OLDEST <= vendor.checked <= today:
        yield Finding(place, f"checked on {vendor.checked}", "Compare the row with its source, and say when.")
    if vendor.base_url and not re.fullmatch(r"https://[^\s?#]+[^\s?#/]", vendor.base_url):
        yield Finding(place, f"{vendor.base_url} is no base URL", "Write https, without a slash at the end.")
    for source in vendor.prices:
        if source not in prices.sources():
            yield Finding(place, f"genai-prices has no list {source}", "Correct `prices`, or leave it out.")
        elif vendor.base_url and len(vendor.prices) == 1 and not prices.is_at(source, vendor.base_url):
            yield Finding(
                place, f"{vendor.base_url} is not where {source} is", "Correct base_url or `prices`."
            )


def _models(vendor: Vendor, entries: Sequence[Entry], rows: Rows, today: date) -> Findings:
    file = f"models/{vendor.id}.toml"
    yield from _twice(file, (entry.id for entry in entries))
    yield from _twice(file, (name for entry in entries for name in {entry.wire_name, *entry.aliases}))
    models = Models({entry.id: model_of(vendor, entry) for entry in entries})
    for entry in entries:
        place = f"{file} {entry.id}"
        if entry.id.partition("/")[0] != vendor.id:
            yield Finding(
                place, f"its id does not begin with {vendor.id}/", "Correct the id, or move the row."
            )
        if entry.dialect and entry.dialect not in SPOKEN and entry.dialect not in rows.unspoken:
            yield Finding(place, f"nobody speaks {entry.dialect}", "Correct it, or leave it out.")
        if entry.max_output and entry.max_output > entry.context:
            yield Finding(place, "answers longer than its context", "Correct max_output or context.")
        if vendor.prices:
            yield from _against_list(place, vendor, entry, models[entry.id], today)
        elif vendor.self_hosted and entry.tier is not Tier.LOCAL:
            yield Finding(place, f"hosted by the tenant, and {entry.tier.value}", "Make it local.")
    if vendor.prices:
        yield from _names(file, vendor, models)


def _against_list(place: str, vendor: Vendor, entry: Entry, model: Model, today: date) -> Findings:
    known = known_price(vendor, entry)
    if not model.prices:
        if not entry.unpriced_because:
            what = f"billed for {', '.join(sorted(prices.uncounted(known)))}" if known else "in no price list"
            yield Finding(place, what, "Correct its name, or say why it has no price (unpriced_because).")
        return
    assert known is not None
    if entry.unpriced_because:
        yield Finding(place, "priced after all", "Take unpriced_because out.")
    yield from _tier(place, entry, model, today)
    if known.context_window and entry.context > known.context_window * LEEWAY:
        what = f"context of {entry.context:,} tokens, and the list says {known.context_window:,}"
        yield Finding(place, what, "Look it up, and correct the row.")
    late = [price.since for price in model.prices if vendor.checked < price.since <= today]
    if late:
        yield Finding(
            place, f"its price changed on {late[-1]}", f"Look at its tier, and check {vendor.id} anew."
        )
    yield from _drift(place, known, model)


def _tier(place: str, entry: Entry, model: Model, today: date) -> Findings:
    by_rule = tier_by_rule(model.price(today) or model.prices[-1], entry.kind)
    if entry.tier is by_rule and entry.tier_because:
        yield Finding(place, f"{by_rule.value} by the rule too", "Take tier_because out.")
    elif entry.tier is not by_rule and not entry.tier_because:
        what = f"{entry.tier.value}, and by the rule {by_rule.value}"
        yield Finding(place, what, "Change the tier, or say why it differs (tier_because).")


def _drift(place: str, known: ModelInfo, model: Model) -> Findings:
    """What we would book for calls of several lengths, beside what genai-prices says that they cost."""
    now = datetime.now(UTC)
    price = model.price(now.date())
    if price is None or prices.by_the_hour(known):
        return
    read, written = (300, 700) if model.kind is ModelKind.CHAT else (0, 0)
    for prompt in PROMPTS:
        said = prices.said(known, input_tokens=prompt, cache_read_tokens=read, output_tokens=written, at=now)
        booked = cost(price, Usage(input=prompt - read, cache_read=read, output=written))
        if booked != said:
            what = f"{prompt:,} tokens cost {booked / NANO} USD here and {said / NANO} USD there"
            yield Finding(place, what, "Look at console/catalogue/prices.py: it reads this price wrongly.")
            return


def _names(file: str, vendor: Vendor, models: Models) -> Findings:
    """No name may lead to a model that costs something else."""
    for source in vendor.prices:
        for name, listed in prices.names(source):
            model = named(models, f"{vendor.id}/{name}")
            if model and (found := prices.known([source], model.wire_name)) and found is not listed:
                what = f"{name} is taken for {model.id}, and has a price of its own"
                yield Finding(file, what, "Give it a row.")


def _twice(place: str, names: Iterable[str]) -> Findings:
    for name, times in Counter(names).items():
        if times > 1:
            yield Finding(place, f"{name} is there {times} times", "Leave one.")
