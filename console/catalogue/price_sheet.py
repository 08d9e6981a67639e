"""A tenant's own prices as a sheet, a row a price, and those of one model as lines of words.

A row is of a model, as a rule of its standard price; `service_tier`, `region` and `above` say of what else it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from msgspec import structs

from console.catalogue.specs import AMOUNTS, MODEL_ID, ModelSpec, OtherPrice, PriceSpec

MOST_BYTES = 1_000_000
SERVED = ("service_tier", "region", "above")
COLUMNS = ("model", *SERVED, *AMOUNTS)


def written(specs: Sequence[ModelSpec]) -> bytes:
    """RFC 4180, in UTF-8. Reading it again changes nothing."""
    out = io.StringIO()
    rows = csv.DictWriter(out, COLUMNS, restval="")
    rows.writeheader()
    for spec in specs:
        if spec.price:
            rows.writerow({"model": spec.id, **_told(spec.price)})
            rows.writerows({"model": spec.id, **_told(other)} for other in spec.price.others)
    return out.getvalue().encode()


def read(sheet: bytes) -> Mapping[str, PriceSpec]:
    """By model. `ValidationError` names the line."""
    if len(sheet) > MOST_BYTES:
        raise ValidationError(f"A sheet of prices has at most {MOST_BYTES:,} bytes.")
    try:
        rows = csv.DictReader(io.StringIO(sheet.decode("utf-8-sig")), strict=True)
        head = rows.fieldnames or ()
        if unknown := [name for name in head if name not in COLUMNS]:
            raise ValidationError(f"There is no column {unknown[0]!r}: they are {', '.join(COLUMNS)}.")
        if missing := [name for name in ("model", "input", "output") if name not in head]:
            raise ValidationError(f"The column {missing[0]} is missing.")
        return _by_model(list(_rows(rows)))
    except (UnicodeDecodeError, csv.Error):
        raise ValidationError("This is no CSV in UTF-8.") from None


def _rows(rows: csv.DictReader[str]) -> Iterator[tuple[str, OtherPrice]]:
    for row in rows:
        place = f"Line {rows.line_num}"
        given = {
            name: value.strip() for name, value in row.items() if isinstance(value, str) and value.strip()
        }
        model = given.pop("model", "")
        if not given and not model:
            continue
        if not MODEL_ID.fullmatch(model):
            raise ValidationError(f"{place} names no model: write it as provider/model.")
        yield model, _price(given, place)


def _by_model(rows: Sequence[tuple[str, OtherPrice]]) -> Mapping[str, PriceSpec]:
    found: dict[str, PriceSpec] = {}
    for model, row in rows:
        if row.served == ("", "") and not row.above:
            if model in found:
                raise ValidationError(f"{model} has two standard prices: leave one of them out.")
            found[model] = PriceSpec(**{name: getattr(row, name) for name in AMOUNTS})
    for model, row in rows:
        if row.served != ("", "") or row.above:
            if model not in found:
                raise ValidationError(
                    f"{model} has no row with its standard price: service_tier, region and above empty."
                )
            found[model] = structs.replace(found[model], others=(*found[model].others, row))
    return found


def lines_of(others: Sequence[OtherPrice]) -> str:
    """`service_tier=flex input=0.625 output=5`, one a line."""
    return "\n".join(" ".join(f"{name}={value}" for name, value in _told(other).items()) for other in others)


def others_in(lines: str) -> tuple[OtherPrice, ...]:
    """`ValidationError` names the line."""
    found = []
    for number, line in enumerate(lines.splitlines(), 1):
        words = [word.partition("=") for word in line.split()]
        if strange := [name for name, _, _ in words if name not in {*SERVED, *AMOUNTS}]:
            raise ValidationError(f"Line {number}: there is no {strange[0]!r} to a price.")
        if words:
            found.append(_price({name: value for name, _, value in words if value}, f"Line {number}"))
    return tuple(found)


def _price(given: Mapping[str, str], place: str) -> OtherPrice:
    """Amounts stay texts, which are exact; whether they are amounts is seen when they are put into the book."""
    if not {"input", "output"} <= given.keys():
        raise ValidationError(f"{place}: a price says both input and output.")
    above = given.get("above", "0")
    if not above.isdecimal():
        raise ValidationError(f"{place}: above is a number of tokens.")
    return OtherPrice(**{**given, "above": int(above)})  # type: ignore[arg-type]  # names are checked


def _told(price: Any) -> Mapping[str, object]:
    names = (*SERVED, *AMOUNTS)
    always = {"input", "output"}
    told = {name: getattr(price, name, "") for name in names}
    return {name: value for name, value in told.items() if name in always or value not in (None, "", 0)}
