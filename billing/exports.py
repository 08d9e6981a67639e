"""The ledger's lines as CSV: as we keep them, and as FOCUS 1.2 wants charges told.

Read in batches by key, each a short transaction of its own, so that memory stays flat and no slow reader holds a
snapshot open. What is recorded after the export began is not in it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from django.db import connection
from msgspec import Struct

from billing import focus
from billing.dimensions import TOKENS
from billing.query import COLUMNS, TAG, YES_OR_NO, SpendQuery
from console.tenancy import within
from gateway.core.money import usd
from gateway.core.price import Price

if TYPE_CHECKING:
    from console.tenants.models import Tenant

AT_ONCE = 2000


class Form(StrEnum):
    LEDGER = "ledger"
    FOCUS = "focus"


class Names(Struct, frozen=True, kw_only=True):
    """What the ids in the ledger are called."""

    keys: Mapping[str, str]
    providers: Mapping[str, str]


class Line(NamedTuple):
    """One row of the ledger; `tags` and `price` are JSON, amounts are nano-dollars."""

    at: datetime
    attempt_id: str
    request_id: str
    n: int
    sign: int
    corrects: str
    reason: str | None
    recorded_at: datetime
    started_ms: int
    router: str
    gateway_key: str
    provider: str
    provider_key: str
    model: str
    served_model: str
    requested_model: str
    request_class: str
    rule: str
    tier: str
    outcome: str
    part: str
    kind: str
    attempt_outcome: str
    status: int
    usage_source: str
    end_user: str
    session: str
    policy_version: int
    tags: str
    price: str | None
    cost_nano: int | None
    baseline_model: str
    baseline_nano: int | None
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    audio_input_tokens: int
    audio_output_tokens: int
    audio_cache_read_tokens: int
    image_input_tokens: int
    image_output_tokens: int
    tool_input_tokens: int
    searches: int
    service_tier: str | None
    region: str | None

    @property
    def tokens(self) -> int:
        parts = (name for name in TOKENS if name not in {"reasoning_tokens", "searches"})
        return sum(getattr(self, name) for name in parts)


def export(
    tenant: Tenant, query: SpendQuery, form: Form, names: Names, *, now: datetime, at_once: int = AT_ONCE
) -> Iterator[bytes]:
    """The head, then the lines, a batch at a time. The filters of a `SpendQuery` choose single lines."""
    head, row = _FORMS[form]
    yield written([head])
    after: tuple[datetime, str] = (query.period.start, "")
    while True:
        with within(tenant):
            lines = _read(tenant, query, after, now, at_once)
        if rows := [cells for line in lines if (cells := row(line, tenant, names)) is not None]:
            yield written(rows)
        if len(lines) < at_once:
            return
        after = (lines[-1].at, lines[-1].attempt_id)


def written(rows: Sequence[Sequence[object]]) -> bytes:
    """RFC 4180, in UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows([[harmless(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def harmless(cell: object) -> object:
    """What a caller wrote is text in a spreadsheet as well, and no formula (OWASP, "CSV Injection")."""
    return (
        f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) and not _is_amount(cell) else cell
    )


_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def _is_amount(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "", 1).isdecimal()


def _read(
    tenant: Tenant, query: SpendQuery, after: tuple[datetime, str], now: datetime, at_once: int
) -> list[Line]:
    params: dict[str, Any] = {
        "tenant": tenant.pk,
        "start": after[0],
        "end": query.period.end,
        "after": after[1],
        "now": now,
        "limit": at_once,
    }
    where = " AND ".join(["true", *_filters(query, params)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {_SELECTED} FROM billing_ledgerentry
                WHERE tenant_id = %(tenant)s AND at >= %(start)s AND at < %(end)s
                  AND (at, attempt_id) > (%(start)s, %(after)s) AND recorded_at <= %(now)s AND {where}
                ORDER BY at, attempt_id LIMIT %(limit)s""",  # noqa: S608 - of constants
            params,
        )
        return [Line(*row) for row in cursor.fetchall()]


_SELECTED = ", ".join(f"{name}::text" if name in {"tags", "price"} else name for name in Line._fields)


def _filters(query: SpendQuery, params: dict[str, Any]) -> Iterator[str]:
    for number, (name, values) in enumerate(sorted(query.filters.items())):
        params[f"f{number}"] = list(values)
        if name.startswith(TAG):
            params[f"t{number}"] = name.removeprefix(TAG)
            yield f"coalesce(tags ->> %(t{number})s, '') = ANY(%(f{number})s)"
        else:
            cast = "::text" if name in YES_OR_NO else ""
            yield f"{COLUMNS[name]}{cast} = ANY(%(f{number})s)"


_LEFT_OUT = {"cost_nano", "baseline_nano", "tags", "price", "gateway_key", "at", "recorded_at"}
_PLAIN = tuple(name for name in Line._fields if name not in _LEFT_OUT)
_LEDGER = ("at", "recorded_at", "key", *_PLAIN, "cost_usd", "baseline_usd", "tags")


def _ledger_row(line: Line, tenant: Tenant, names: Names) -> Sequence[object]:
    """An amount is empty where it is unknown. Lines with `sign` -1 take back the one they correct."""
    return (
        focus.moment(line.at),
        focus.moment(line.recorded_at),
        names.keys.get(line.gateway_key, line.gateway_key),
        *(getattr(line, name) for name in _PLAIN),
        "" if line.cost_nano is None else usd(line.sign * line.cost_nano),
        "" if line.baseline_nano is None else usd(line.sign * line.baseline_nano),
        line.tags,
    )


def _focus_row(line: Line, tenant: Tenant, names: Names) -> Sequence[object] | None:
    """None for an attempt whose price is unknown: the standard has no word for that, and 0 would be a lie."""
    if line.cost_nano is None:
        return None
    charge = focus.Charge(
        account=str(tenant.pk),
        account_name=tenant.name,
        sub_account=line.gateway_key,
        sub_account_name=names.keys.get(line.gateway_key, line.gateway_key),
        router=line.router,
        provider=names.providers.get(line.provider, line.provider),
        model=line.model,
        service_tier=line.service_tier or "",
        region=line.region or "",
        price=None if line.price is None else _price(line.price),
        at=line.at.astimezone(UTC),
        recorded_at=line.recorded_at.astimezone(UTC),
        amount=line.sign * line.cost_nano,
        quantity=line.sign,
        tokens=line.sign * line.tokens,
        part=line.part,
        tags={name: str(value) for name, value in json.loads(line.tags).items()},
        more=(
            line.request_id,
            line.attempt_id,
            line.router,
            line.rule,
            line.request_class,
            line.tier,
            line.outcome,
            line.part,
            line.usage_source,
            "" if line.baseline_nano is None else usd(line.sign * line.baseline_nano),
        ),
    )
    return focus.row(charge)


@lru_cache(maxsize=1024)
def _price(text: str) -> Price:
    return msgspec.json.decode(text, type=Price)


_FORMS: Mapping[Form, tuple[Sequence[str], Callable[[Line, Tenant, Names], Sequence[object] | None]]] = {
    Form.LEDGER: (_LEDGER, _ledger_row),
    Form.FOCUS: (focus.COLUMNS, _focus_row),
}
