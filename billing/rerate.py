"""A price was wrong: history is reckoned anew by further lines, and says so. Nothing is rewritten.

Each standing line of a request that the price had a part in, as its attempt's or its baseline's, is taken back
and entered once more; the request's record says what holds from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from django.db import connection
from django.db.models import Q
from msgspec import Struct

from billing import exclusive
from billing.chain import ENTER
from billing.late import MEANT, RENEW, REST
from billing.lines import LINE_COLUMNS, REQUEST_COLUMNS, Row, Rows
from billing.models import LedgerEntry, RequestRecord
from billing.rollup import ADD
from billing.store import land
from console.tenancy import every_tenant
from gateway.core.price import BUCKETS, Price, Usage, UsageSource, banded, cost

if TYPE_CHECKING:
    from console.tenants.models import Tenant

AT_ONCE = 500  # requests in one transaction
_UNSEEN = (UsageSource.UNKNOWN.value, UsageSource.NONE.value)  # without tokens no price helps

_ENTER_ANEW = f"""
    WITH old AS (
        SELECT * FROM billing_requestrecord WHERE {MEANT}
    ), entering AS (
        SELECT attempt_id || '~back' AS attempt_id, {REST}, -1::smallint AS sign, attempt_id AS corrects,
               %(reason)s AS reason
        FROM billing_ledgerentry WHERE {MEANT} AND attempt_id = ANY(%(standing)s)
        UNION ALL SELECT attempt_id || '~1', {REST}, 1, attempt_id, %(reason)s FROM landed_line
    ), {ENTER}, {RENEW}
    {ADD}
"""  # noqa: S608 (of constants)

log = structlog.get_logger(__name__)


class Corrected(Struct, kw_only=True):
    """What a correction came to, in nano-dollars; `before` and `after` are the known costs of its requests."""

    requests: int = 0
    lines: int = 0
    before: int = 0
    after: int = 0


def rerate(tenant: Tenant, model: str, price: Price, *, start: datetime, end: datetime) -> Corrected:
    """From `start` up to but not including `end`. Where the price makes no difference, nothing is entered.

    It is the price of one service tier and one region, and corrects what was served so.
    """
    done = Corrected()
    for batch in batched(_touched(tenant, model, start=start, end=end), AT_ONCE):
        with every_tenant():
            exclusive.wait()
            _correct(tenant, batch, model, price, done)
    log.warning(
        "price_corrected", tenant=str(tenant.pk), model=model, requests=done.requests, lines=done.lines
    )
    return done


def _touched(tenant: Tenant, model: str, *, start: datetime, end: datetime) -> list[str]:
    with every_tenant():
        lines = LedgerEntry.objects.filter(tenant=tenant, at__gte=start, at__lt=end)
        meant = Q(model=model) | Q(part="answer") & (Q(baseline_model=model) | Q(second_model=model))
        return sorted(set(lines.filter(meant).values_list("request_id", flat=True)))


def _correct(tenant: Tenant, ids: Sequence[str], model: str, price: Price, done: Corrected) -> None:
    requests = {each.request_id: each for each in tenant.requests.filter(request_id__in=ids)}
    standing = dict[str, list[LedgerEntry]]((name, []) for name in requests)
    for line in _standing(tenant, list(requests)):
        standing[line.request_id].append(line)
    changed = [
        (requests[name], lines)
        for name, lines in standing.items()
        if sum(_reckon(line, model, price) for line in lines)
    ]
    if not changed:
        return
    rows = [_rows(request, lines, done) for request, lines in changed]
    moments = [request.at for request, _ in changed]
    with connection.cursor() as cursor:
        land(cursor, rows, [])
        cursor.execute(
            _ENTER_ANEW,
            {
                "late": [request.request_id for request, _ in changed],
                "first": min(moments),
                "last": max(moments),
                "standing": [line.attempt_id for _, lines in changed for line in lines],
                "reason": f"price of {model} corrected",
            },
        )


def _standing(tenant: Tenant, ids: Sequence[str]) -> Iterator[LedgerEntry]:
    lines = list(tenant.ledger.filter(request_id__in=ids).order_by("n"))
    gone = {line.corrects for line in lines if line.sign < 0}
    return (line for line in lines if line.sign > 0 and line.attempt_id not in gone)


def _reckon(line: LedgerEntry, model: str, price: Price) -> bool:
    """Puts the new amounts into the line; whether any differs."""
    before = (line.cost_nano, line.price, line.baseline_nano, line.second_nano)
    usage = Usage(**{name: getattr(line, column) for name, column in _USED.items()})
    told = (price.service_tier, price.region)
    served = (line.service_tier or "", line.region or "")
    if line.model == model and line.usage_source not in _UNSEEN and told == served:
        line.cost_nano = cost(price, usage)
        line.price = msgspec.to_builtins(banded(price, usage.prompt))
    is_standard = (
        not price.service_tier and model.partition("/")[0] != line.provider
    )  # as core.baseline reckons
    if line.part == "answer" and (told == served or is_standard):
        if line.baseline_model == model:
            line.baseline_nano = cost(price, usage)
        if line.second_model == model:
            line.second_nano = cost(price, usage)
    return before != (line.cost_nano, line.price, line.baseline_nano, line.second_nano)


_USED = {name: name if name == "searches" else f"{name}_tokens" for name in BUCKETS}


def _rows(request: RequestRecord, lines: Sequence[LedgerEntry], done: Corrected) -> Rows:
    done.requests += 1
    done.lines += len(lines)
    done.before += request.cost_nano
    request.cost_nano = sum(line.cost_nano or 0 for line in lines)
    request.unpriced_attempts = sum(line.cost_nano is None for line in lines)
    done.after += request.cost_nano
    answer = next((line for line in lines if line.part == "answer"), None)
    if answer is not None and request.outcome != "failed":
        request.baseline_nano, request.second_nano = answer.baseline_nano, answer.second_nano
    known = request.baseline_nano is not None and not request.unpriced_attempts
    request.saved_nano = (request.baseline_nano or 0) - request.cost_nano if known else None
    for row in (request, *lines):
        row.known = known
    return Rows(_row(request, REQUEST_COLUMNS), [_row(line, LINE_COLUMNS) for line in lines])


def _row(row: RequestRecord | LedgerEntry, columns: Sequence[str]) -> Row:
    return tuple(_cell(name, getattr(row, name)) for name in columns)


def _cell(name: str, value: Any) -> object:
    return (
        msgspec.json.encode(value, order="sorted").decode() if name in _JSON and value is not None else value
    )


_JSON = frozenset({"tags", "price", "facts", "floors"})
