"""The books at scale: `python -m tests.bench.billing [LINES] [--ingest REQUESTS]`, 2,000,000 lines unless told.

Four readings. Ingest from the stream, on an empty ledger and again on the full one: lines a second, and the CPU
time of worker and database a line, which other work on the machine changes less. The filling of 90 days by COPY
through the very statement that ingest enters lines with: what a line takes along the way, which should not grow.
Every page of reports over 90, 30 and 1 days, warm: the time of all its queries. One request by its id, with its
lines. At 50,000,000 lines the disk should have 110 GB free, and it takes two hours or more.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import batched, count
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from billing.lines import Rows
    from console.tenants.models import Tenant
    from gateway.core.events import Event

DAYS = 90
AT_ONCE = 20_000  # requests in one statement while filling
PATTERNS = 3000  # requests that the filling repeats, with other ids and times
SHARES = (0.85, 0.05, 0.05, 0.05)  # of the tenants; pages are those of the first
PAGES = ("", "spend/", "savings/", "overkill/", "requests/")
PERIODS = ("90d", "30d", "24h")
_seq = count(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", nargs="?", type=int, default=2_000_000)
    parser.add_argument("--ingest", type=int, default=20_000, help="requests of each reading from the stream")
    wanted = parser.parse_args()
    from tests.servers import running_servers

    with running_servers() as environment:
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="console.settings", ALLOWED_HOSTS="testserver")
        import django

        django.setup()
        from django.core.management import call_command
        from django.urls import reverse

        call_command("migrate", verbosity=0)
        reverse("overview", kwargs={"tenant": "bench-0"})  # all pages are imported before an hour of filling
        measure(wanted.lines, wanted.ingest)


def measure(lines: int, ingested: int) -> None:
    from console.tenants.models import Plan, Tenant

    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {lines:,} lines in {DAYS} days")
    tenants = [
        Tenant.objects.create(slug=f"bench-{n}", name="Bench", plan=Plan.PRO, tags=["team", "env", "feature"])
        for n in range(len(SHARES))
    ]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    print("\nFrom the stream, on an empty ledger")
    ingest(tenants, ingested, at=today)
    print("\nFilling")
    fill(tenants, lines, until=today)
    analyse()  # as PostgreSQL does itself within minutes of such a filling
    print("\nFrom the stream, on the full ledger")
    ingest(tenants, ingested, at=today + timedelta(hours=1))
    ask(tenants[0])


def analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def ingest(tenants: Sequence[Tenant], requests: int, *, at: datetime) -> None:
    from redis import Redis

    from billing import ingest
    from billing.stream import Stream
    from gateway.core.events import RequestSettled
    from tests.billing.events import send

    redis = Redis.from_url(os.environ["REDIS_URL"])
    events = list(traffic([tenant.pk for tenant in tenants], requests, at=at, seconds=0.05))
    lines = sum(len(event.attempts) for event in events if isinstance(event, RequestSettled))
    send(redis, events)
    with clocked() as took:
        drained = ingest.drain(Stream(redis), seconds=3600)
    assert (drained.entries, drained.dead) == (len(events), 0)
    wall, worker, database = took()
    each = 1e6 / lines
    print(
        f"{lines / wall:,.0f} lines/s, {len(events) / wall:,.0f} events/s; "
        f"a line takes {worker * each:.0f} µs of the worker's CPU and {database * each:.0f} µs of the database's"
    )


def fill(tenants: Sequence[Tenant], lines: int, *, until: datetime) -> None:
    """Day by day, the oldest first."""
    from django.utils import timezone

    from billing import daily
    from billing.lines import rows_of
    from gateway.core.events import RequestSettled

    dice = random.Random(5)
    patterns = [
        Pattern(rows_of(event))
        for event in traffic([tenants[0].pk], PATTERNS, at=until, seconds=1)
        if isinstance(event, RequestSettled)
    ]
    a_day = round(lines / DAYS / (sum(len(pattern.lines) for pattern in patterns) / len(patterns)))
    print(f"{'day':>4} {'lines':>12} {'lines/s':>9} {'µs of the database a line':>27}")
    done = 0
    for n in range(DAYS):
        start = until - timedelta(days=DAYS - n)
        with clocked() as took:
            entered = sum(
                copy(tenants, batch, dice)
                for batch in batched(moments(dice, patterns, a_day, start), AT_ONCE)
            )
        done += entered
        if n % 15 == 0 or n == DAYS - 1:
            wall, _, database = took()
            print(f"{n + 1:>4} {done:>12,} {entered / wall:>9,.0f} {database / entered * 1e6:>27.0f}")
    with clocked() as took:
        days = daily.sum_days(now=timezone.now())
    print(f"{days} days of tenants summed, {took()[0] / days * 1000:.0f} ms each; {_size()}")


class Pattern:
    """A request's rows as text of COPY, but for its tenant, id and time."""

    def __init__(self, rows: Rows) -> None:
        from billing.lines import Common

        attempt = len(Common._fields)
        self.request = _text(rows.request[3:])
        self.lines = [(_text(line[3:attempt]), _text(line[attempt + 1 :])) for line in rows.lines]


type Planned = tuple[Pattern, datetime]


def moments(
    dice: random.Random, patterns: Sequence[Pattern], requests: int, start: datetime
) -> Iterator[Planned]:
    for n in range(requests):
        yield dice.choice(patterns), start + timedelta(seconds=86_400 * n / requests)


def copy(tenants: Sequence[Tenant], batch: Iterable[Planned], dice: random.Random) -> int:
    """Lands a batch by COPY and enters it; how many lines."""
    from django.db import connection

    from billing import exclusive, store
    from billing.lines import LINE_COLUMNS, REQUEST_COLUMNS
    from console.tenancy import every_tenant

    requests: list[str] = []
    lines: list[str] = []
    days: set[date] = set()
    for pattern, at in batch:
        days.add(at.date())
        tenant = dice.choices(tenants, SHARES)[0].pk
        name = f"{int(at.timestamp() * 1000):012x}{dice.getrandbits(80):020x}"
        head = f"{tenant}\t{name}\t{at.isoformat()}\t"
        requests.append(f"{head}{pattern.request}\n")
        lines += [
            f"{head}{before}\t{name}-{n}\t{after}\n" for n, (before, after) in enumerate(pattern.lines, 1)
        ]
    with every_tenant(), connection.cursor() as cursor:
        exclusive.wait()
        cursor.execute(store.LANDING)
        for table, columns, rows in (
            ("landed_request", REQUEST_COLUMNS, requests),
            ("landed_line", LINE_COLUMNS, lines),
        ):
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as landing:
                landing.write("".join(rows))
        store.enter(cursor, days)
    return len(lines)


def ask(tenant: Tenant) -> None:
    from django.test import Client, override_settings

    from billing import selectors
    from console.tenancy import Role, within
    from console.tenants.models import User

    user = User.objects.create(email="bench@bench.test")
    with within(tenant):
        tenant.memberships.create(user=user, role=Role.OWNER)
    client = Client()
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        client.force_login(user)
        print("\nPages, warm: milliseconds of all queries (queries)")
        print(f"{'':<34}" + "".join(f"{period:>14}" for period in PERIODS))
        for page in PAGES:
            cells = [queries(partial(_get, client, url)) for url in _urls(tenant, page)]
            print(f"{'/' + page:<34}" + "".join(f"{ms:>9.0f} ({n:>2})" for ms, n in cells))
        with within(tenant):
            wanted = list(tenant.requests.order_by("at").values_list("request_id", flat=True)[:1000:100])
            slowest = max(queries(partial(selectors.request, tenant, name))[0] for name in wanted)
            print(f"\nA request by its id, with its lines: {slowest:.1f} ms, the slowest of {len(wanted)}")
            name = wanted[0]
        ms, n = queries(lambda: _get(client, f"/t/{tenant.slug}/requests/{name}/"))
        print(f"Its page: {ms:.0f} ms in {n} queries")


def _urls(tenant: Tenant, page: str) -> list[str]:
    return [f"/t/{tenant.slug}/{page}?period={period}" for period in PERIODS]


def _get(client: Any, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)


def queries(act: Callable[[], object]) -> tuple[float, int]:
    """Milliseconds that the queries took, and their number: the best of three."""
    from django.db import connection

    spent: list[float] = []

    def timed(execute: Callable[..., object], sql: str, *rest: object) -> object:
        start = time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            spent.append((time.perf_counter() - start) * 1000)

    runs = []
    for _ in range(3):
        spent.clear()
        with connection.execute_wrapper(timed):
            act()
        runs.append((sum(spent), len(spent)))
    return min(runs)


@contextmanager
def clocked() -> Iterator[Callable[[], tuple[float, float, float]]]:
    """Seconds by the wall, of this process's CPU, and of the CPU of its session in the database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone() or (0,)

    def now() -> tuple[float, float, float]:
        return time.perf_counter(), time.process_time(), _cpu_of(session)

    began = now()
    ended: list[tuple[float, float, float]] = []
    yield lambda: (ended[0][0] - began[0], ended[0][1] - began[1], ended[0][2] - began[2])
    ended.append(now())


def _cpu_of(process: int) -> float:
    """Linux counts in hundredths of a second."""
    with open(f"/proc/{process}/stat") as stat:  # noqa: PTH123
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _size() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        (size,) = cursor.fetchone() or ("?",)
    return f"{size} on disk"


def _text(values: Sequence[object]) -> str:
    return "\t".join(map(_cell, values))


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def traffic(tenants: Sequence[UUID], requests: int, *, at: datetime, seconds: float) -> Iterator[Event]:
    """Believable variety: four routers of two keys each, six classes, six models, three tags."""
    from gateway.core.facts import RequestClass
    from gateway.core.ladder import AttemptOutcome
    from gateway.core.price import Usage
    from tests.billing.events import GPT_5, HAIKU, MINI, NANO, OPUS, attempt, intent, settled

    dice = random.Random(at.timestamp())
    classes = list(RequestClass)[:6]
    for n in range(requests):
        tenant = dice.choices(tenants, SHARES[: len(tenants)])[0]
        moment = at + timedelta(seconds=n * seconds)
        router = dice.choices(("support", "search", "coding", "office"), (5, 3, 1, 1))[0]
        kind = dice.choices(classes, (8, 4, 2, 2, 1, 1))[0]
        usage = Usage(input=dice.randrange(50, 4000), output=dice.randrange(10, 800))
        tries = [attempt(dice.choices((NANO, HAIKU, MINI), (6, 2, 1))[0], usage=usage, id=uuid4().hex)]
        if dice.random() < 0.1:
            tries[0] = attempt(NANO, usage=usage, id=uuid4().hex, outcome=AttemptOutcome.REJECTED)
            tries.append(attempt(dice.choice((GPT_5, OPUS)), usage=usage, id=uuid4().hex))
        request = f"{int(moment.timestamp() * 1000):012x}{dice.getrandbits(80):020x}"
        yield intent(tenant, request, NANO, attempt_id=tries[0].id, at=moment, seq=next(_seq))
        yield settled(
            tenant,
            *tries,
            outcome="escalated" if len(tries) > 1 else "answered",
            request_id=request,
            seq=next(_seq),
            at=moment,
            router=router,
            rule=f"{router} {kind}",
            gateway_key=f"{router}-{dice.randrange(2)}",
            total_ms=round(dice.lognormvariate(7, 0.8)),
            first_byte_ms=round(dice.lognormvariate(5, 0.8)),
            about={
                "request_class": kind,
                "difficulty": dice.random(),
                "requested_model": dice.choice(("openai/gpt-5", "auto")),
                "tags": {
                    "team": dice.choice("abc"),
                    "env": dice.choices(("prod", "test"), (9, 1))[0],
                    "feature": dice.choice("xyzuvw"),
                },
            },
        )


if __name__ == "__main__":
    main()
