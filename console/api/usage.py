"""`usage`: what was spent, told apart by what is asked for; exactly what the ledger sums to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from billing import figures
from billing.periods import Misread
from billing.spend import Row, spend
from console.api.asking import ASKED, BY, Keys, question, span
from console.api.endpoint import Call, Endpoint, operation
from console.api.schema import Param
from console.tenancy import Role

MOST_ROWS = 10_000


class Usage(TypedDict):
    """Costs are of the attempts whose price is known; the others are counted. Null: nothing is known."""

    requests: int
    attempts: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: str | None
    baseline_usd: str | None
    saved_usd: str | None
    unpriced_attempts: int
    unknown_requests: int
    unknown_cost_usd: str


UsageReport = TypedDict(
    "UsageReport",
    {
        "from": str,
        "to": str,
        "results": list[dict[str, str | int | None]],
        "next": None,
        "total": Usage,
    },
)


class UsageOf(Endpoint):
    called = "Usage"

    @operation(
        Role.VIEWER,
        gives=UsageReport,
        params=(BY, *ASKED, Param("granularity", "hour, day or week: a row for each, with its `at`.")),
    )
    def get(self, call: Call) -> Mapping[str, Any]:
        """Rows have the dimensions asked for, then the figures of `total`; the dearest come first."""
        query = question(call)
        answer = spend(call.tenant, query)
        if len(answer.rows) > MOST_ROWS:
            raise Misread("by", f"this makes {len(answer.rows):,} rows: narrow it to {MOST_ROWS:,}")
        return {
            **span(query.period),
            "results": rows(call, answer.rows, query.by),
            "next": None,
            "total": figures.usage(answer.total),
        }


def rows(call: Call, found: tuple[Row, ...] | list[Row], by: tuple[str, ...]) -> list[dict[str, Any]]:
    """A gateway key by its name, with its id beside it: names can be given again."""
    shown = [figures.usage_row(row, by) for row in found]
    if "key" in by:
        keys = Keys(call.tenant)
        for row in shown:
            row["key_id"], row["key"] = row["key"], row["key"] and keys.name(row["key"])
    return shown
