"""A month's lines sum exactly, and stay as they were once it is closed."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace
from redis import Redis

from billing import ingest
from billing.periods import zone_of
from billing.query import SpendQuery
from billing.spend import spend
from billing.statements import AMOUNTS, drawn_up, month_of, summed
from billing.stream import Stream
from console.audit.actor import Actor
from console.statements import actions, selectors
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.events import RequestSettled
from gateway.core.ladder import AttemptOutcome
from gateway.core.price import Usage, UsageSource
from tests.billing.events import GPT_5, MYSTERY, NANO, attempt, send, settled
from tests.console.conftest import Person

MARCH = date(2026, 3, 1)
NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)
ACTING = Actor.system("tests")
PAGE = "/t/acme/statements/2026-3/"


@pytest.fixture
def march(acme: Tenant, redis: Redis) -> Tenant:
    guessed = replace(attempt(NANO), usage_source=UsageSource.ESTIMATED)
    rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED)
    book(
        redis,
        settled(acme.pk, attempt(NANO)),
        settled(acme.pk, guessed, about={"tags": {"team": "ads"}}),
        settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated", about={"tags": {}}),
        settled(acme.pk, attempt(MYSTERY), router="search"),
        settled(acme.pk, attempt(NANO), at=datetime(2026, 4, 1, 0, 5, tzinfo=UTC)),
    )
    return acme


def book(redis: Redis, *events: RequestSettled) -> None:
    send(redis, events)
    ingest.drain(Stream(redis))


def text(page: bytes) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


@pytest.mark.parametrize("tag", ["", "team", "feature"])
def test_the_lines_sum_to_what_the_books_say(march: Tenant, tag: str) -> None:
    month = month_of(MARCH, zone_of("UTC"))
    with within(march):
        told, books = drawn_up(march, month, tag=tag), spend(march, SpendQuery(period=month)).total
    total = told.total
    assert (total.requests, total.attempts, total.unpriced_attempts) == (4, 5, 1)
    assert total.cost == books.known_cost == 130_000 * 3 + 3_250_000
    assert total.saved == books.saved == 2 * (3_250_000 - 130_000) - 130_000
    assert (total.unknown_requests, total.unknown_cost) == (1, 0)
    assert total.estimated == 3_250_000 - 130_000
    assert total.verified + total.estimated == total.baseline - total.compared_cost


def test_a_tag_has_a_part_for_each_value_and_one_for_what_is_untagged(march: Tenant) -> None:
    with within(march):
        told = drawn_up(march, month_of(MARCH, zone_of("UTC")), tag="team")
    costs = {
        key: summed(line for line in told.lines if line.key[0] == key).cost for key in ("ads", "search", "")
    }
    assert costs == {"ads": 130_000, "search": 130_000, "": 3_380_000}


def test_a_closed_month_stays_and_what_comes_late_is_a_line_of_its_own(march: Tenant, redis: Redis) -> None:
    with within(march):
        actions.close(march, MARCH, now=NOW, acting=ACTING)
        before = selectors.month_in(march, MARCH, tag="", now=NOW)
    book(redis, settled(march.pk, attempt(GPT_5, usage=Usage(input=10))))
    with within(march):
        after = selectors.month_in(march, MARCH, tag="", now=NOW)
        told = after.statement
    assert before.statement.corrections == ()
    assert told.lines == before.statement.lines
    (late,) = told.corrections
    assert (late.key, late.requests, late.cost) == (("support", GPT_5.id), 1, 12_500)
    assert told.total.cost == before.statement.total.cost + 12_500
    assert all(
        getattr(told.total, name) == getattr(told.closed_total, name) + getattr(late, name)
        for name in AMOUNTS
    )


def test_only_what_is_over_can_be_closed_and_only_once(march: Tenant) -> None:
    with within(march):
        with pytest.raises(actions.CannotBeClosed, match="not over"):
            actions.close(march, date(2026, 4, 1), now=NOW, acting=ACTING)
        actions.close(march, MARCH, now=NOW, acting=ACTING)
        with pytest.raises(actions.CannotBeClosed, match="closed already"):
            actions.close(march, MARCH, now=NOW, acting=ACTING)
        assert [row.tag for row in march.closed_statements.order_by("tag")] == ["", "feature", "team"]


def test_months_close_by_themselves_some_days_after_their_end(march: Tenant, evil: Tenant) -> None:
    assert actions.close_those_due(now=NOW) == 0
    assert actions.close_those_due(now=NOW + timedelta(days=3)) == 1
    assert actions.close_those_due(now=NOW + timedelta(days=3)) == 0
    with within(march):
        assert march.closed_statements.get(tag="").month == MARCH


def test_the_month_is_that_of_the_tenants_own_clock() -> None:
    month = month_of(MARCH, zone_of("America/New_York"))
    assert month.start == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert month.end == datetime(2026, 4, 1, 4, tzinfo=UTC)


def test_the_pages_say_it(march: Tenant, ada: Person) -> None:
    listed = text(ada.client.get("/t/acme/statements/").content)
    assert "March 2026 Over, not closed 4" in listed
    page = text(ada.client.get(PAGE).content)
    assert "Net saved $0.00611" in page
    assert "1 attempt had no known price" in page
    assert "Sum 4 5" in page
    assert "acme/ mystery 1 1 1.00k 200 unknown unknown unknown" in page.replace("1k", "1.00k")
    assert "Close the month…" in page
    by_team = text(ada.client.get(f"{PAGE}?tag=team").content)
    assert "Untagged" in by_team
    ada.client.post(f"{PAGE}close/")
    assert "Closed" in text(ada.client.get(PAGE).content)


def test_every_line_leads_to_its_requests(march: Tenant, ada: Person) -> None:
    page = ada.client.get(PAGE).content.decode()
    links = re.findall(r'class="row-link" href="([^"]+)"', page)
    assert len(links) == 3
    for link in links:
        assert ada.client.get(html.unescape(link)).status_code == 200


@pytest.mark.parametrize(
    "path", ["2026-13/", "1-1/", "2026-0/", "2026-3/?tag=nothing", "999999-3/", "2026-3/?tag=%00"]
)
def test_what_is_no_statement_is_not_there(march: Tenant, ada: Person, path: str) -> None:
    assert ada.client.get(f"/t/acme/statements/{path}").status_code == 404


def test_a_month_without_traffic_stands(acme: Tenant, ada: Person) -> None:
    assert "No month has anything on it yet" in text(ada.client.get("/t/acme/statements/").content)
    assert "Nothing on it" in text(ada.client.get(PAGE).content)
