"""1,000 mixed requests: providers, ledger, rollups, pages and REST agree to the nano-dollar."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from redis import Redis

from billing import ingest
from billing.periods import zone_of
from billing.query import ask
from billing.spend import Measures, spend
from billing.stream import Stream
from console.interface.formatting import usd_exact
from console.tenancy import Role, within
from console.tenants.models import Tenant
from gateway.core.money import usd
from tests.console.api.conftest import program_of
from tests.console.conftest import joins
from tests.faults.books import Books, Sums, sums
from tests.faults.company import TENANT, company
from tests.faults.traffic import Told, all_of, mixed
from tests.gateway.world import serving_gateway

REQUESTS = 1000
pytestmark = pytest.mark.django_db


def test_every_book_of_the_same_traffic_says_the_same(tenant: Tenant, redis: Redis, tmp_path: Path) -> None:
    told = asyncio.run(served(redis, tmp_path))
    ingest.drain(Stream(redis), seconds=30)
    books = Books(tenant, tmp_path / "statement.jsonl")

    assert Stream(redis).backlog() == 0
    is_as_mixed_as_it_should_be(books, told)
    books.agree()
    callers_were_told(books, told)
    with within(tenant):
        questions_are_answered_from(books)
    pages_show(books)
    rest_says(books)


async def served(redis: Redis, folder: Path) -> list[Told]:
    async with serving_gateway(redis, folder, company(), log_level="CRITICAL") as running:
        told = await all_of(running.url, mixed(REQUESTS))
        await running.settled(REQUESTS)
    return told


def is_as_mixed_as_it_should_be(books: Books, told: list[Told]) -> None:
    """Or the test would be of less than it says."""
    assert len(books.requests) == len(told) == REQUESTS
    outcomes = Counter(request.outcome for request in books.requests.values())
    assert min(outcomes[name] for name in ("answered", "escalated", "fell_back", "failed")) >= 40
    attempts = Counter(line.attempt_outcome for line in books.ledger.values())
    assert 0.08 < attempts["failed"] / len(books.ledger) < 0.3
    assert attempts["cancelled"] >= 30
    assert sum(each.ask.streaming for each in told) >= 0.25 * REQUESTS
    assert sum(line.kind == "judge" for line in books.ledger.values()) >= 20
    assert sum(line.cost_nano is None for line in books.ledger.values()) >= 20
    assert sum(each.baseline_nano is None for each in books.requests.values()) >= 10


def callers_were_told(books: Books, told: list[Told]) -> None:
    """Each answer's own figures are the record's; each request is on record once."""
    assert {each.request_id for each in told} == set(books.requests)
    for each in told:
        request = books.requests[each.request_id]
        if each.end in {"whole", "error"}:
            assert each.cost == written(request.known_cost), each
            assert each.baseline == written(request.baseline_nano), each
        assert (request.outcome == "failed") == (request.baseline_nano == 0 or request.status != 200), each
        assert request.outcome == "failed" or each.end in {"whole", "left"}, each


def written(nano: int | None) -> str:
    return "unknown" if nano is None else usd(nano)


def questions_are_answered_from(books: Books) -> None:
    lines, requests = books.ledger.values(), books.requests.values()
    for field, name in (
        ("router", "router"),
        ("request_class", "class"),
        ("outcome", "outcome"),
        ("rule", "rule"),
    ):
        answer = asked(books.tenant, by=[name])
        is_exactly(answer.total, sums(lines, requests))
        assert len(answer.rows) == len({getattr(request, field) for request in requests})
        for row in answer.rows:
            mine = [each for each in requests if getattr(each, field) == row.key[0]]
            is_exactly(
                row.measures,
                sums([line for each in mine for line in books.by_request.get(each.request_id, ())], mine),
            )
    for row in asked(books.tenant, by=["tag.team"]).rows:
        mine = [each for each in requests if each.tags.get("team", "") == row.key[0]]
        is_exactly(
            row.measures,
            sums([line for each in mine for line in books.by_request.get(each.request_id, ())], mine),
        )
    for row in asked(books.tenant, by=["model"]).rows:
        cost = sum(line.cost_nano or 0 for line in lines if line.model == row.key[0])
        assert row.measures.known_cost == cost


def asked(tenant: Tenant, by: list[str]) -> Any:
    return spend(tenant, ask({"by": by}, zone=zone_of("UTC"), now=timezone.now()))


def is_exactly(measures: Measures, expected: Sums) -> None:
    assert (
        Sums(
            requests=measures.requests,
            attempts=measures.attempts,
            input_tokens=measures.input_tokens,
            output_tokens=measures.output_tokens,
            cost=measures.known_cost,
            unpriced=measures.unpriced_attempts,
            baseline=measures.known_baseline,
            saved=measures.known_baseline - measures.compared_cost,
        )
        == expected
    )


def pages_show(books: Books) -> None:
    expected = sums(books.ledger.values(), books.requests.values())
    owner = joins(books.tenant, "ada", Role.OWNER).client
    overview, spent, saved = (
        owner.get(f"/t/{TENANT}/{page}").content.decode() for page in ("", "spend/", "savings/")
    )
    assert usd_exact(expected.cost) in overview
    assert usd_exact(expected.saved) in overview
    assert usd_exact(expected.cost) in spent
    assert usd_exact(expected.saved) in saved
    assert usd_exact(expected.baseline) in saved


def rest_says(books: Books) -> None:
    expected = sums(books.ledger.values(), books.requests.values())
    viewer = program_of(books.tenant, Role.VIEWER)
    usage, savings = viewer.get("usage?by=model").body, viewer.get("savings").body
    for total in (usage["total"], savings["total"]):
        says(total, expected)
    cost = sum((_nano(row["cost_usd"]) for row in usage["results"]), 0)
    assert cost == expected.cost
    assert sum((_nano(row["saved_usd"]) for row in savings["results"]), 0) == expected.saved
    assert _nano(savings["steps"][0]["amount_usd"]) == expected.baseline
    listed = {row["id"]: row for row in viewer.every("requests")}
    assert {name: row["cost_usd"] for name, row in listed.items()} == {
        name: None if request.unpriced_attempts else usd(request.cost_nano)
        for name, request in books.requests.items()
    }


def says(total: Mapping[str, Any], expected: Sums) -> None:
    assert (total["requests"], total["attempts"]) == (expected.requests, expected.attempts)
    assert (total["input_tokens"], total["output_tokens"]) == (expected.input_tokens, expected.output_tokens)
    assert (total["cost_usd"], total["unpriced_attempts"]) == (usd(expected.cost), expected.unpriced)
    assert (total["baseline_usd"], total["saved_usd"]) == (usd(expected.baseline), usd(expected.saved))


def _nano(dollars: str | None) -> int:
    from decimal import Decimal

    return int(Decimal(dollars or 0) * 1_000_000_000)
