"""What an event comes to in rows: kinds of work that are no answers."""

from __future__ import annotations

from billing.lines import LINE_COLUMNS, REQUEST_COLUMNS, interrupted, rows_of
from gateway.core.events import Intent, Origin, RequestSettled, SettledAttempt
from gateway.core.facts import ModelKind, RequestFacts, Tier
from gateway.core.ladder import Attempt, AttemptOutcome, Kind
from gateway.core.price import Usage, UsageSource
from tests.billing.events import NOON, facts

ORIGIN = Origin(request_id="0" * 32, tenant="7a0e7a54-3f0c-5e0b-9a43-0a4f2f3a8a11")


def settled(seen: RequestFacts, attempt: Attempt, cost: int | None) -> RequestSettled:
    line = SettledAttempt(attempt=attempt, provider="a", tier=Tier.PREMIUM, cost=cost)
    return RequestSettled(
        process="p",
        seq=1,
        at=NOON,
        origin=ORIGIN,
        facts=seen,
        rule="requested",
        tier=Tier.PREMIUM,
        baseline=cost,
        attempts=(line,),
    )


def test_an_embedding_is_never_too_dear_for_its_work() -> None:
    attempt = Attempt(
        id="1",
        model="a/embed",
        outcome=AttemptOutcome.ANSWERED,
        usage=Usage(input=9),
        usage_source=UsageSource.PROVIDER_FINAL,
    )
    rows = rows_of(settled(facts(kind=ModelKind.EMBEDDING), attempt, 9))
    request = dict(zip(REQUEST_COLUMNS, rows.request, strict=True))
    assert (request["fit"], request["called_for"], request["part"]) == ("", "", "answer")
    assert (request["cost_nano"], request["saved_nano"]) == (9, 0)


def test_a_count_of_tokens_is_a_line_of_its_own_kind_that_costs_nothing() -> None:
    attempt = Attempt(id="1", model="a/m", outcome=AttemptOutcome.ANSWERED, kind=Kind.COUNT)
    rows = rows_of(settled(facts(counts_only=True), attempt, 0))
    request = dict(zip(REQUEST_COLUMNS, rows.request, strict=True))
    (line,) = (dict(zip(LINE_COLUMNS, row, strict=True)) for row in rows.lines)
    assert (line["kind"], line["part"], line["cost_nano"]) == ("count", "count", 0)
    assert (request["outcome"], request["fit"], request["unpriced_attempts"]) == ("answered", "", 0)


def test_a_count_that_was_interrupted_costs_nothing_either() -> None:
    intent = Intent(
        process="p",
        seq=1,
        at=NOON,
        origin=ORIGIN,
        attempt_id="1",
        model="a/m",
        provider="a",
        tier=Tier.MID,
        kind=Kind.COUNT,
        facts=facts(counts_only=True),
    )
    rows = rows_of(interrupted(intent, (intent,)), interrupted=True)
    assert dict(zip(REQUEST_COLUMNS, rows.request, strict=True))["unpriced_attempts"] == 0
