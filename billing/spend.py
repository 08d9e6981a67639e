"""The answer to a `SpendQuery`: rows and their total, exact to the nano-dollar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connection
from msgspec import Struct

from billing import daily
from billing.dimensions import ALL_TAGS, DIMENSIONS, END_USER, GRAINS, MEASURES, TOKENS
from billing.periods import Granularity, beginning, buckets
from billing.query import COLUMNS, TAG, SpendQuery
from billing.rollup import COUNTED

if TYPE_CHECKING:
    from console.tenants.models import Tenant


class Measures(Struct, frozen=True, kw_only=True):
    """Sums in nano-dollars. Compared are the requests whose saving is known; the others stand apart."""

    requests: int = 0
    attempts: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    audio_cache_read_tokens: int = 0
    image_input_tokens: int = 0
    image_output_tokens: int = 0
    tool_input_tokens: int = 0
    searches: int = 0
    known_cost: int = 0  # of the attempts whose cost is known
    unpriced_attempts: int = 0
    known_baseline: int = 0  # of the requests compared, as all below
    compared: int = 0  # requests and attempts that are compared
    compared_cost: int = 0
    answer_cost: int = 0
    rejected_cost: int = 0
    failed_cost: int = 0
    check_cost: int = 0
    shadow_cost: int = 0
    cache_saved: int = 0  # of the answers that are compared
    cache_paid: int = 0
    took_ms: int = 0  # of all attempts, one after another
    second_baseline: int = 0  # of the requests compared
    second_unknown: int = 0  # of the requests compared, those whose second baseline nobody knows
    verified_baseline: int = 0  # of the requests compared all of whose tokens providers reported
    verified_cost: int = 0
    verified_compared: int = 0
    unknown_requests: int = 0  # whose saving is unknown
    escalated: int = 0
    fell_back: int = 0
    rejected: int = 0
    failed: int = 0
    longest: int = 0

    @property
    def cost(self) -> int | None:
        """None when not one attempt has a known cost; else the known part, beside `unpriced_attempts`."""
        return None if self.attempts and self.attempts == self.unpriced_attempts else self.known_cost

    @property
    def baseline(self) -> int | None:
        return None if self._nothing_compared else self.known_baseline

    @property
    def saved(self) -> int | None:
        """Net of every attempt; None when there is nothing whose saving is known."""
        return None if self._nothing_compared else self.known_baseline - self.compared_cost

    @property
    def saved_by_second(self) -> int | None:
        """Against the second baseline; None where it is unknown of any request that is compared."""
        return (
            None
            if self._nothing_compared or self.second_unknown
            else self.second_baseline - self.compared_cost
        )

    @property
    def verified_saved(self) -> int | None:
        """The part of `saved` that rests on tokens that providers reported; the rest is estimated."""
        return None if self._nothing_compared else self.verified_baseline - self.verified_cost

    @property
    def estimated_saved(self) -> int | None:
        saved, verified = self.saved, self.verified_saved
        return None if saved is None or verified is None else saved - verified

    @property
    def saved_share(self) -> float | None:
        saved = self.saved
        return None if saved is None or not self.known_baseline else saved / self.known_baseline

    @property
    def waste(self) -> int:
        """Paid for answers that nobody got."""
        return self.rejected_cost + self.failed_cost

    @property
    def checking_cost(self) -> int:
        """Paid for calls beside the answer: to judge it, or to learn from."""
        return self.check_cost + self.shadow_cost

    @property
    def unknown_cost(self) -> int:
        """The known part of what was paid in requests that cannot be compared."""
        return self.known_cost - self.compared_cost

    @property
    def fresh_tokens(self) -> int:
        return self.input_tokens + self.audio_input_tokens + self.image_input_tokens + self.tool_input_tokens

    @property
    def prompt_tokens(self) -> int:
        cached = self.cache_read_tokens + self.audio_cache_read_tokens
        return self.fresh_tokens + cached + self.cache_write_tokens + self.cache_write_1h_tokens

    @property
    def completion_tokens(self) -> int:
        return self.output_tokens + self.audio_output_tokens + self.image_output_tokens

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def _nothing_compared(self) -> bool:
        return self.compared == 0 and (self.requests > 0 or self.attempts > 0)


EMPTY = Measures()


class Row(Struct, frozen=True, kw_only=True):
    """`key` are the values of the dimensions asked for, in their order; an empty one is without."""

    key: tuple[str, ...]
    measures: Measures
    bucket: datetime | None = None


class Spend(Struct, frozen=True, kw_only=True):
    query: SpendQuery
    rows: tuple[Row, ...]
    total: Measures


def spend(tenant: Tenant, query: SpendQuery) -> Spend:
    """Dearest first; by time where a granularity is asked for."""
    sql, params = _sql(tenant, query)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchall()
    width = len(query.by)
    totals = [_measures(rest[width:]) for is_total, _, *rest in found if is_total]
    rows = [
        Row(key=tuple(rest[:width]), measures=_measures(rest[width:]), bucket=bucket)
        for is_total, bucket, *rest in found
        if not is_total or (not query.by and query.granularity is None)
    ]
    rows.sort(key=lambda row: (row.bucket or query.period.start, -row.measures.known_cost, row.key))
    return Spend(query=query, rows=tuple(rows), total=totals[0])


def over_time(answer: Spend) -> Mapping[tuple[str, ...], list[Measures]]:
    """Each key's measures in every bucket of the span, in order; the query asked for a granularity."""
    query = answer.query
    assert query.granularity is not None
    # In UTC: of two moments with one wall clock time, as when it is set back, Python thinks they are equal.
    starts = buckets(query.period, query.granularity)
    place = {start.astimezone(UTC): n for n, start in enumerate(starts)}
    series: dict[tuple[str, ...], list[Measures]] = {}
    for row in answer.rows:
        assert row.bucket is not None
        line = series.setdefault(row.key, [EMPTY] * len(place))
        line[place[beginning(row.bucket, query.granularity, query.period.zone)]] = row.measures
    return series


def _measures(values: list[object]) -> Measures:
    return Measures(**dict(zip(_SUMS, values, strict=True)))  # type: ignore[arg-type]


_SUMS: Mapping[str, str] = {
    "requests": "sum(requests)",
    "attempts": "sum(attempts)",
    **{bucket: f"sum({bucket})" for bucket in TOKENS},
    "known_cost": "sum(cost_nano)",
    "unpriced_attempts": "sum(unpriced_attempts)",
    "known_baseline": "sum(baseline_nano) FILTER (WHERE known)",
    "compared": "sum(requests + attempts) FILTER (WHERE known)",
    "compared_cost": "sum(cost_nano) FILTER (WHERE known)",
    "answer_cost": "sum(cost_nano) FILTER (WHERE known AND part = 'answer')",
    "rejected_cost": "sum(cost_nano) FILTER (WHERE known AND part = 'rejected')",
    "failed_cost": "sum(cost_nano) FILTER (WHERE known AND part = 'failed')",
    "check_cost": "sum(cost_nano) FILTER (WHERE known AND part = 'check')",
    "shadow_cost": "sum(cost_nano) FILTER (WHERE known AND part = 'shadow')",
    "cache_saved": "sum(cache_saved_nano) FILTER (WHERE known AND part = 'answer')",
    "cache_paid": "sum(cache_paid_nano) FILTER (WHERE known AND part = 'answer')",
    "took_ms": "sum(took_ms)",
    "second_baseline": "sum(second_nano) FILTER (WHERE known)",
    "second_unknown": "sum(second_unknown) FILTER (WHERE known)",
    "verified_baseline": "sum(baseline_nano) FILTER (WHERE known AND verified)",
    "verified_cost": "sum(cost_nano) FILTER (WHERE known AND verified)",
    "verified_compared": "sum(requests) FILTER (WHERE known AND verified)",
    "unknown_requests": "sum(requests) FILTER (WHERE NOT known)",
    "escalated": "sum(requests) FILTER (WHERE outcome = 'escalated')",
    "fell_back": "sum(requests) FILTER (WHERE outcome = 'fell_back')",
    "rejected": "sum(requests) FILTER (WHERE outcome = 'rejected')",
    "failed": "sum(requests) FILTER (WHERE outcome = 'failed')",
    "longest": "max(longest)",
}
_MEASURES = ", ".join(f"coalesce({sql}, 0)::bigint" for sql in _SUMS.values())
_COLUMNS = ", ".join(("at", *DIMENSIONS, *MEASURES, "longest"))
_NEGATED = ", ".join(("at", *DIMENSIONS, *(f"-{name}" for name in MEASURES), "longest"))

type Params = dict[str, Any]


def _sql(tenant: Tenant, query: SpendQuery) -> tuple[str, Params]:
    params: Params = {"tenant": tenant.pk, "start": query.period.start, "end": query.period.end}
    params |= {"zone": query.period.zone.key, "granularity": query.granularity}
    where = _where(query, params)
    source = (
        _from_ledger(query, where, params)
        if query.needs_ledger
        else _from_rollups(tenant, query, where, params)
    )
    bucket = "date_trunc(%(granularity)s, at, %(zone)s)" if query.granularity else "NULL::timestamptz"
    keys = [_key(name, query) for name in query.by]
    grouped = ", ".join([*keys, *(["bucket"] if query.granularity else [])])
    total = f"grouping({grouped.split(', ')[0]}) = 1" if grouped else "true"
    selected = ", ".join([total, "bucket" if query.granularity else bucket, *keys, _MEASURES])
    counted = f"SELECT *, {bucket} AS bucket FROM ({source}) AS source"  # noqa: S608 (of constants)
    sets = f"GROUP BY GROUPING SETS (({grouped}), ())" if grouped else ""
    something = " OR ".join(
        f"sum({name}) <> 0" for name in ("requests", "attempts", "cost_nano", "baseline_nano")
    )
    having = f"HAVING {total} OR {something}"
    return f"SELECT {selected} FROM ({counted}) AS counted {sets} {having}", params  # noqa: S608 (of constants)


def _where(query: SpendQuery, params: Params) -> str:
    """The filters on columns that rollups, lines and requests all have."""
    parts = ["tenant_id = %(tenant)s"]
    for n, (name, values) in enumerate(sorted(query.filters.items())):
        if not name.startswith(TAG):
            params[f"f{n}"] = list(values)
            parts.append(f"{COLUMNS[name]}::text = ANY(%(f{n})s)")
    return " AND ".join(parts)


def _from_rollups(tenant: Tenant, query: SpendQuery, where: str, params: Params) -> str:
    """With a tag, several or the end user: those rows, and as untagged what is left of all rows without them."""
    rows = partial(_summed, tenant, query, where, params)
    params |= {f"tag{n}": tag for n, tag in enumerate(query.tags)}
    if "end_user" in query.by:
        tagged, values = END_USER, {"end_user": "value"}
    elif len(query.tags) > 1:
        each = "coalesce(value::jsonb ->> %(tag{})s, '')"
        tagged, values = ALL_TAGS, {f"tag{n}": each.format(n) for n in range(len(query.tags))}
    elif query.tags:
        tagged, values = query.tags[0], {"tag0": "value"}
    else:
        return rows("tag = ''", _COLUMNS)
    params["tagged"] = tagged
    known = ", ".join(f"{sql} AS {name}" for name, sql in values.items())
    without = ", ".join("''" for _ in values)
    return f"""SELECT * FROM (
            {rows("tag = %(tagged)s", f"{_COLUMNS}, {known}")}
            UNION ALL {rows("tag = ''", f"{_COLUMNS}, {without}")}
            UNION ALL {rows("tag = %(tagged)s", f"{_NEGATED}, {without}")}
        ) AS tagged WHERE {_tags_hold(query, params)}"""  # noqa: S608 (of constants)


def _summed(tenant: Tenant, query: SpendQuery, where: str, params: Params, tag: str, columns: str) -> str:
    """From whole days where they are summed, from hours elsewhere."""
    by_hour = columns.replace("at,", "hour AS at,", 1)
    span = "hour >= {} AND hour < {}"
    whole = None if query.granularity is Granularity.HOUR else daily.whole_days(tenant, query.period)
    if whole is None:
        return f"""SELECT {by_hour} FROM billing_rollup
                   WHERE {where} AND {tag} AND {span.format("%(start)s", "%(end)s")}"""  # noqa: S608
    params |= daily.params_of(whole)
    params["grain"] = _grain(query)
    by_day = columns.replace("at,", "day::timestamp AT TIME ZONE %(zone)s AS at,", 1)
    return f"""
        SELECT {by_day} FROM billing_dailyrollup
        WHERE {where} AND grain = %(grain)s AND {tag} AND day IN ({daily.SETTLED})
          AND day >= %(first)s AND day < %(whole_end)s
        UNION ALL
        SELECT {by_hour} FROM ({daily.OPEN}) AS span CROSS JOIN LATERAL (
            SELECT * FROM billing_rollup WHERE {where} AND {tag} AND {span.format("span.start", "span.end")}
        ) AS hours
    """  # noqa: S608 (of constants)


def _grain(query: SpendQuery) -> str:
    """The coarsest sums that still tell apart what is asked for."""
    return next(grain for grain, kept in GRAINS.items() if query.columns <= kept)


def _from_ledger(query: SpendQuery, where: str, params: Params) -> str:
    span = f"{where} AND at >= %(start)s AND at < %(end)s"
    tags = []
    for n, tag in enumerate(query.tags):
        params[f"tag{n}"] = tag
        tags.append(f"coalesce(tags ->> %(tag{n})s, '') AS tag{n}")
    return f"""SELECT * FROM (
            WITH fresh_lines AS (SELECT * FROM billing_ledgerentry WHERE {span}),
                 fresh_requests AS (SELECT *, 1 AS sign FROM billing_requestrecord WHERE {span})
            SELECT {", ".join((_COLUMNS, "end_user", "session", *tags))} FROM ({COUNTED}) AS counted
        ) AS tagged WHERE {_tags_hold(query, params)}"""  # noqa: S608 (of constants)


def _tags_hold(query: SpendQuery, params: Params) -> str:
    parts = ["true"]
    for n, tag in enumerate(query.tags):
        if values := query.filters.get(TAG + tag):
            params[f"v{n}"] = list(values)
            parts.append(f"tag{n} = ANY(%(v{n})s)")
    return " AND ".join(parts)


def _key(name: str, query: SpendQuery) -> str:
    if name.startswith(TAG):
        return f"tag{query.tags.index(name.removeprefix(TAG))}"
    return f"{COLUMNS[name]}::text"
