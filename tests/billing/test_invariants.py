"""The ledger invariants over generated traffic: what pages say is what the lines say, to the nano-dollar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis import Redis

from billing import ingest, rollup
from billing.models import LedgerEntry, RequestRecord
from billing.periods import Granularity, Period, midnight
from billing.query import COLUMNS, SpendQuery
from billing.spend import spend
from billing.stream import Stream
from console.tenants.models import Tenant
from gateway.core.events import RequestSettled
from gateway.core.facts import RequestClass
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.core.price import Price, Usage, cost
from tests.billing.events import GPT_5, HAIKU, MYSTERY, NANO, attempt, send, settled

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
SPAN = (datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 6, tzinfo=UTC))  # the clock moves in between

usages = st.builds(
    Usage,
    input=st.integers(0, 5000),
    cache_read=st.integers(0, 5000),
    cache_write=st.integers(0, 500),
    cache_write_1h=st.integers(0, 500),
    output=st.integers(0, 900),
    audio_input=st.integers(0, 90),
    audio_output=st.integers(0, 90),
    audio_cache_read=st.integers(0, 90),
    image_input=st.integers(0, 90),
    image_output=st.integers(0, 90),
    tool_input=st.integers(0, 90),
    searches=st.integers(0, 3),
)


@st.composite
def requests(draw: st.DrawFn, tenants: Sequence[object]) -> RequestSettled:
    """Failures, then perhaps an answer, with checks in between, in every way that a request can go."""
    failures = draw(st.lists(st.sampled_from((AttemptOutcome.FAILED, AttemptOutcome.REJECTED)), max_size=2))
    attempts = [
        attempt(draw(st.sampled_from((NANO, HAIKU, MYSTERY))), usage=draw(usages), outcome=outcome)
        for outcome in failures
    ]
    if draw(st.booleans()):
        attempts.append(attempt(NANO, usage=draw(usages), kind=Kind.JUDGE))
    answered = draw(st.booleans())
    if answered:
        attempts.append(attempt(draw(st.sampled_from((GPT_5, HAIKU, NANO))), usage=draw(usages)))
    outcome = "failed" if not answered else "escalated" if AttemptOutcome.REJECTED in failures else "answered"
    tags = draw(st.dictionaries(st.sampled_from(("team", "env")), st.sampled_from(("a", "b")), max_size=2))
    return settled(
        draw(st.sampled_from(tenants)),
        *attempts,
        outcome=outcome,
        baseline=draw(st.sampled_from((GPT_5.id, HAIKU.id, "acme/unheard-of"))),
        at=draw(st.datetimes(*(moment.replace(tzinfo=None) for moment in SPAN), timezones=st.just(UTC))),
        router=draw(st.sampled_from(("support", "search", ""))),
        gateway_key=draw(st.sampled_from(("one", "two"))),
        end_user=draw(st.sampled_from(("", "ann", "*"))),
        session=draw(st.sampled_from(("", "talk"))),
        about={
            "tags": tags,
            "request_class": draw(st.sampled_from(RequestClass)),
            "difficulty": draw(st.floats(0, 1)),
            "confidence": draw(st.floats(0, 1)),
        },
    )


class Booked:
    """Two tenants' requests in the books, some sent more than once, in no order."""

    def __init__(self, data: st.DataObject, redis: Redis) -> None:
        self.tenants = [
            Tenant.objects.create(slug=f"t-{uuid4().hex}", name="T", time_zone=zone.key)
            for zone in (BERLIN, KATHMANDU)
        ]
        events = data.draw(
            st.lists(requests([tenant.pk for tenant in self.tenants]), min_size=1, max_size=20)
        )
        again = data.draw(st.lists(st.sampled_from(events), max_size=8))
        send(redis, data.draw(st.permutations([*events, *again])))
        ingest.drain(Stream(redis), batch=data.draw(st.integers(1, 40)))
        self.events = events

    def of(self, tenant: Tenant) -> list[RequestSettled]:
        return [event for event in self.events if event.origin.tenant == str(tenant.pk)]


def on_books(test: Callable[[Booked], None]) -> Callable[..., None]:
    @pytest.mark.usefixtures("everywhere")
    @settings(
        max_examples=15,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),  # each example costs a second: shrinking would take minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(data=st.data())
    def over_generated(redis: Redis, data: st.DataObject) -> None:
        test(Booked(data, redis))

    over_generated.__name__ = test.__name__
    generated: Callable[..., None] = over_generated
    return generated


@on_books
def test_every_attempt_is_there_once(booked: Booked) -> None:
    """I-1 and I-2."""
    sent = sorted(line.attempt.id for event in booked.events for line in event.attempts)
    kept = LedgerEntry.objects.filter(tenant__in=booked.tenants).values_list("attempt_id", flat=True)
    assert sorted(kept) == sent
    assert RequestRecord.objects.filter(tenant__in=booked.tenants).count() == len(booked.events)


@on_books
def test_rollups_are_the_sums_of_lines_and_requests(booked: Booked) -> None:
    """I-3, by the very statement that makes them, and made anew."""
    for tenant in booked.tenants:
        assert rollup.differences(tenant) == 0
        rollup.rebuild(tenant)
        assert rollup.differences(tenant) == 0


@on_books
def test_every_partition_sums_to_the_total(booked: Booked) -> None:
    """I-3 and I-4: by any dimension, from rollups and from the ledger, in any time zone."""
    for tenant in booked.tenants:
        whole = _measures(tenant, SpendQuery(period=_span(tenant)))
        assert whole[""] == _expected(booked.of(tenant))
        for name in (*COLUMNS, "tag.team", "tag.env"):
            assert _summed(_measures(tenant, SpendQuery(period=_span(tenant), by=(name,)))) == whole[""]
        for by in (("tag.team", "tag.env"), ("tag.team", "tag.env", "class"), ("end_user", "tag.env")):
            assert _summed(_measures(tenant, SpendQuery(period=_span(tenant), by=by))) == whole[""]
        for granularity in Granularity:
            query = SpendQuery(period=_span(tenant), granularity=granularity)
            assert _summed(_measures(tenant, query)) == whole[""]


SUMMED: Sequence[tuple[str, ...]] = (
    (), ("model",), ("router", "outcome"), ("tag.team",), ("tag.env", "class"), ("tag.team", "tag.env"),
    ("tag.env", "tag.team", "router", "model"), ("end_user",), ("end_user", "tier", "part"),
)  # fmt: skip


@on_books
def test_rollups_and_ledger_tell_the_same(booked: Booked) -> None:
    for tenant in booked.tenants:
        for by in SUMMED:
            query = SpendQuery(period=_span(tenant), by=by, granularity=Granularity.DAY)
            ragged = Period(
                start=query.period.start - timedelta(seconds=1), end=query.period.end, zone=query.period.zone
            )
            assert query.over(ragged).needs_ledger
            assert not query.needs_ledger
            assert _measures(tenant, query) == _measures(tenant, query.over(ragged))


@on_books
def test_days_are_the_tenants_own(booked: Booked) -> None:
    """I-10, over a change of the clock, and in a zone that is off by 45 minutes."""
    for tenant in booked.tenants:
        zone = ZoneInfo(tenant.time_zone)
        days: dict[str, list[RequestSettled]] = defaultdict(list)
        for event in booked.of(tenant):
            days[event.at.astimezone(zone).date().isoformat()].append(event)
        query = SpendQuery(period=_span(tenant), granularity=Granularity.DAY)
        assert _measures(tenant, query) == {day: _expected(events) for day, events in days.items()}


@on_books
def test_a_saving_is_the_baseline_less_every_line(booked: Booked) -> None:
    """I-5: and never above zero where nobody was answered, and never half known."""
    for request in RequestRecord.objects.filter(tenant__in=booked.tenants):
        lines = LedgerEntry.objects.filter(request_id=request.request_id)
        costs, baselines = (
            zip(*lines.values_list("cost_nano", "baseline_nano"), strict=True) if lines else ((), ())
        )
        if request.known:
            assert request.saved_nano == sum(baselines) - sum(costs)
        else:
            assert request.saved_nano is None
            assert None in costs or None in baselines
        if request.outcome == "failed":
            assert (request.saved_nano or 0) <= 0


@on_books
def test_every_cost_can_be_reckoned_again_from_its_line(booked: Booked) -> None:
    """I-8 and I-11: buckets are disjoint, so each token is billed once."""
    for line in LedgerEntry.objects.filter(tenant__in=booked.tenants, cost_nano__gt=0):
        usage = Usage(
            input=line.input_tokens,
            cache_read=line.cache_read_tokens,
            cache_write=line.cache_write_tokens,
            cache_write_1h=line.cache_write_1h_tokens,
            output=line.output_tokens,
            audio_input=line.audio_input_tokens,
            audio_output=line.audio_output_tokens,
            audio_cache_read=line.audio_cache_read_tokens,
            image_input=line.image_input_tokens,
            image_output=line.image_output_tokens,
            tool_input=line.tool_input_tokens,
            searches=line.searches,
        )
        assert cost(msgspec.convert(line.price, Price), usage) == line.cost_nano


def _span(tenant: Tenant) -> Period:
    zone = ZoneInfo(tenant.time_zone)
    first, last = (moment.date() for moment in SPAN)
    return Period(
        start=midnight(first - timedelta(days=1), zone),
        end=midnight(last + timedelta(days=1), zone),
        zone=zone,
    )


type Sums = tuple[int, ...]


def _expected(events: Sequence[RequestSettled]) -> Sums:
    """Reckoned here from the events, by nothing that billing knows."""
    lines = [line for event in events for line in event.attempts]
    compared = [event for event in events if _costs(event) is not None and _baseline(event) is not None]
    return (
        len(events),
        len(lines),
        sum(line.attempt.usage.input + line.attempt.usage.cache_write_1h for line in lines),
        sum(line.attempt.usage.image_input + line.attempt.usage.tool_input for line in lines),
        sum(line.attempt.usage.searches for line in lines),
        sum(line.cost or 0 for line in lines),
        sum(line.cost is None for line in lines),
        sum((_baseline(event) or 0) - (_costs(event) or 0) for event in compared),
        len(events) - len(compared),
    )


def _costs(event: RequestSettled) -> int | None:
    costs = [line.cost for line in event.attempts]
    return None if None in costs else sum(cost or 0 for cost in costs)


def _baseline(event: RequestSettled) -> int | None:
    return 0 if event.outcome == "failed" else event.baseline


def _measures(tenant: Tenant, query: SpendQuery) -> dict[str, Sums]:
    return {
        "/".join(
            (*row.key, *([row.bucket.astimezone(query.period.zone).date().isoformat()] if row.bucket else []))
        )
        + (f" {row.bucket:%H:%M}" if row.bucket and query.granularity is Granularity.HOUR else ""): (
            row.measures.requests,
            row.measures.attempts,
            row.measures.input_tokens + row.measures.cache_write_1h_tokens,
            row.measures.image_input_tokens + row.measures.tool_input_tokens,
            row.measures.searches,
            row.measures.known_cost,
            row.measures.unpriced_attempts,
            row.measures.known_baseline - row.measures.compared_cost,
            row.measures.unknown_requests,
        )
        for row in spend(tenant, query).rows
    }


def _summed(parts: dict[str, Sums]) -> Sums:
    return tuple(map(sum, zip((0,) * 9, *parts.values(), strict=True)))
