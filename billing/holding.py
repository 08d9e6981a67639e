"""The books of budgets in Redis, kept abreast of the ledger.

What a budget has spent is the ledger's sum, and beyond that what gateways have settled that the ledger has not got yet.
Here the sum is set, and each request that is in it is struck off; requests of gateways that are gone are let go. So
a Redis that was emptied knows again what was spent, corrections of the ledger reach budgets, and no difference lasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from msgspec import Struct
from redis import Redis

from billing import alerts
from billing.models import Budget
from billing.standing import spent_by_value, standings_in
from console.tenancy import every_tenant, within
from gateway.core.budget import ALIVE, KEPT, KNOWN, TOUCHED, Window, book, window, window_named

if TYPE_CHECKING:
    from console.tenants.models import Tenant

LOCK = 0x42554447  # "BUDG": of two that set sums, the one that read first must not write last
AT_ONCE = 2000  # requests struck off in one go
UNSETTLED = timedelta(
    minutes=1
)  # after Redis was emptied, in which the ledger still gets what was in its stream

# KEYS: the known budgets, a book. ARGV: budget, now, when the book may go, how many sums, each value and its sum, how
# many requests are in the ledger, those, and those that are let go if they are still only held.
_ABSORB = """
local at = 4
for _ = 1, tonumber(ARGV[at]) do
  if ARGV[at + 2] == '0' then redis.call('HDEL', KEYS[2], 's:' .. ARGV[at + 1])
  else redis.call('HSET', KEYS[2], 's:' .. ARGV[at + 1], ARGV[at + 2]) end
  at = at + 2
end
local stored = tonumber(ARGV[at + 1])
for n = 1, #ARGV - at - 1 do
  local request = ARGV[at + 1 + n]
  local found = redis.call('HGET', KEYS[2], 'r:' .. request)
  if found then
    local state, amount, value = string.match(found, '^(%a) (%d+) %S* %S* (.*)$')
    if n <= stored or state == 'h' then
      if amount ~= '0' then redis.call('HINCRBY', KEYS[2], state .. ':' .. value, '-' .. amount) end
      redis.call('HDEL', KEYS[2], 'r:' .. request)
    end
  end
end
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('EXPIREAT', KEYS[2], ARGV[3]) end
"""


class Entry(Struct, frozen=True):
    """A request in a book."""

    request: str
    is_held: bool
    process: str
    due: int  # Unix seconds


class Books:
    """Of all tenants' budgets, in one Redis."""

    def __init__(self, redis: Redis, *, now: datetime) -> None:
        self._redis, self._now = redis, now

    def keep(self, *, all_of_them: bool = False) -> int:
        """Sets the books in which something has moved, and those of budgets new to Redis; how many."""
        moved = self._moved()
        settled = self._known(before=self._now - UNSETTLED)
        done = 0
        with every_tenant():
            rows = list(Budget.objects.select_related("tenant").order_by("tenant", "id"))
        for row in rows:
            touched = [name for name in moved if name.startswith(book(str(row.tenant_id), str(row.pk), ""))]
            is_news = all_of_them or str(row.pk) not in settled
            for span in self._spans(row, touched, is_news=is_news):
                self.balance(row, span)
                done += 1
        return done

    def make_known(self, tenant: UUID) -> None:
        """Before gateways hear of a tenant's budgets, Redis knows what they have spent."""
        known = self._known(before=self._now)
        with every_tenant():
            rows = list(Budget.objects.select_related("tenant").filter(tenant_id=tenant))
        for row in rows:
            if str(row.pk) not in known:
                self.balance(row, window(row.per, row.tenant.time_zone, self._now))

    def balance(self, row: Budget, span: Window) -> None:
        """One budget's book of one period."""
        name = book(str(row.tenant_id), str(row.pk), span.name)
        with within(row.tenant_id), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            fields = self._fields(name)
            entries = _entries(fields)
            # Which are in the ledger is asked before its sum is: one that comes in between is counted twice for a
            # moment, and never not at all.
            stored = _stored(row.tenant, entries, span)
            spent = spent_by_value(row, span)
            sums = dict.fromkeys(_values(fields), 0) | dict(spent)
            gone = self._gone(entry for entry in entries if entry.request not in stored)
            self._absorb(row, span, sums, sorted(stored), gone)
            if self._now in span:
                alerts.watch(row, standings_in(row, span, spent, now=self._now))
            if len(stored) + len(gone) < len(entries):
                self._redis.sadd(TOUCHED, name)

    def _absorb(
        self, row: Budget, span: Window, sums: Mapping[str, int], stored: Sequence[str], gone: Sequence[str]
    ) -> None:
        """Sums and requests in one go, but for very many requests: then those that are left count twice for a moment."""
        until = int((span.end + KEPT).timestamp())
        keys = (KNOWN, book(str(row.tenant_id), str(row.pk), span.name))
        given = [str(part) for value, spent in sums.items() for part in (value, spent)]
        for start in range(0, max(len(stored), 1), AT_ONCE):
            part = stored[start : start + AT_ONCE]
            head = (row.pk, int(self._now.timestamp()), until, len(sums))
            self._redis.eval(_ABSORB, 2, *keys, *map(str, head), *given, str(len(part)), *part, *gone)

    def _spans(self, row: Budget, touched: Iterable[str], *, is_news: bool) -> set[Window]:
        zone = row.tenant.time_zone
        spans = {window_named(row.per, zone, name.rpartition(":")[2]) for name in touched}
        return spans | {window(row.per, zone, self._now)} if is_news else spans

    def _gone(self, entries: Iterable[Entry]) -> list[str]:
        """Held by a gateway that is dead, or beyond the time that the request had."""
        held = [entry for entry in entries if entry.is_held]
        alive = {process: bool(self._redis.exists(ALIVE + process)) for process in {e.process for e in held}}
        now = self._now.timestamp()
        return [entry.request for entry in held if not alive[entry.process] or entry.due < now]

    def _moved(self) -> set[str]:
        found: Any = self._redis.spop(TOUCHED, 10_000)
        return {name.decode() for name in found or ()}

    def _known(self, *, before: datetime) -> set[str]:
        found: Any = self._redis.hgetall(KNOWN)
        return {name.decode() for name, since in found.items() if int(since) <= before.timestamp()}

    def _fields(self, name: str) -> dict[bytes, bytes]:
        found: Any = self._redis.hgetall(name)
        return dict(found)


def _entries(fields: Mapping[bytes, bytes]) -> list[Entry]:
    found = []
    for name, content in fields.items():
        kind, _, request = name.decode().partition(":")
        if kind == "r":
            state, _, process, due, _ = content.decode().split(" ", 4)
            found.append(Entry(request, state == "h", process, int(due)))
    return found


def _values(fields: Mapping[bytes, bytes]) -> list[str]:
    """Those that have a sum already."""
    names = [name.decode().partition(":") for name in fields]
    return [value for kind, _, value in names if kind == "s"]


def _stored(tenant: Tenant, entries: Iterable[Entry], span: Window) -> set[str]:
    """Those of the requests that the ledger has."""
    asked = [entry.request for entry in entries]
    rows = tenant.requests.filter(request_id__in=asked, at__gte=span.start, at__lt=span.end)
    return set(rows.values_list("request_id", flat=True)) if asked else set()
