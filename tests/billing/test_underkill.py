"""What a tier too low wasted, by every sign there is, and what the next tier up would have changed."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from billing import heard, tasks
from billing.heard import Repeat
from billing.models import Judged
from billing.overkill import InForce, Standing
from billing.periods import Period
from billing.query import SpendQuery
from billing.underkill import Finding, underkill
from console.tenants.models import Tenant
from gateway.core.catalogue import Model
from gateway.core.facts import RequestClass, Tier
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.price import cost
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, HAIKU, MINI, MODELS, MYSTERY, NANO, NOON, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")
MARCH = SpendQuery(
    period=Period(start=NOON.replace(day=1, hour=0), end=NOON.replace(day=31, hour=0), zone=ZoneInfo("UTC"))
)
NANO_COST, MINI_COST = (cost(one.prices[0], attempt(one).usage) for one in (NANO, MINI))


def rejected(of: Model = NANO) -> Attempt:
    return attempt(of, outcome=AttemptOutcome.REJECTED, total_ms=400)


def found(tenant: Tenant, query: SpendQuery = MARCH, *, in_force: InForce = InForce()) -> list[Finding]:  # noqa: B008
    report = underkill(tenant, query, models_of=lambda _: MODELS.values(), day=NOON.date(), in_force=in_force)
    return list(report.findings)


@pytest.fixture
def traffic(acme: Tenant, book: Book) -> Tenant:
    book(
        *(settled(acme.pk, attempt(NANO), request_id=f"good_{n}", session=f"s{n}") for n in range(3)),
        settled(acme.pk, rejected(), attempt(GPT_5), outcome="escalated"),
        settled(acme.pk, rejected(), attempt(GPT_5, outcome=AttemptOutcome.FAILED), outcome="failed"),
        settled(acme.pk, attempt(HAIKU), rule="fine"),
        settled(acme.pk, rejected(GPT_5), outcome="rejected", rule="top"),  # nothing lies above it
        settled(acme.pk, attempt(MYSTERY), router="search", request_id="unpriced", session="s"),
    )
    return acme


def test_rejected_answers_are_counted_beside_all_and_priced(traffic: Tenant) -> None:
    (finding,) = found(traffic)

    assert (finding.router, finding.rule, finding.request_class) == ("support", "routine", "classification")
    assert (finding.served, finding.standing) == (Tier.LIGHTWEIGHT, Standing.REPLACED)
    assert (finding.tries, finding.rejected, finding.unmended, finding.share) == (5, 2, 1, 0.4)
    assert (finding.wasted, finding.waited) == (2 * NANO_COST, 400)
    assert [option.model for option in finding.above] == [MINI.id]
    # three good answers would have come from the next tier, and nothing would have been paid for bad ones
    assert finding.difference == 3 * (MINI_COST - NANO_COST) - 2 * NANO_COST


def test_what_came_since_the_policy_that_is_served_stands_by_itself(traffic: Tenant) -> None:
    served = InForce(since={"support": NOON - timedelta(days=1)})

    assert [each.standing for each in found(traffic, in_force=served)] == [Standing.IN_FORCE]
    assert found(traffic, MARCH.only(rule="fine"), in_force=served) == []


def test_what_was_asked_again_in_one_conversation_is_a_sign(acme: Tenant, book: Book) -> None:
    def asked(name: str, minutes: float, **fields: object) -> None:
        at = NOON + timedelta(minutes=minutes)
        given = {"session": "talk", "about": {"difficulty": 0.123}} | fields
        book(settled(acme.pk, attempt(NANO), request_id=name, at=at, **given))  # type: ignore[arg-type]

    asked("first", 0)
    asked("again", 5)
    asked("later", 30)  # another time, not again
    asked("other", 1, session="walk")
    asked("longer", 2, about={"difficulty": 0.124})
    asked("alone", 0, session="")
    asked("alone too", 1, session="")

    assert heard.find_repeats(now=NOON + timedelta(hours=1)) == 1
    assert heard.find_repeats(now=NOON + timedelta(hours=1)) == 0

    assert list(Repeat.objects.values_list("request_id", "again", "model")) == [("first", "again", NANO.id)]
    (finding,) = found(acme)
    assert (finding.repeated, finding.tries, finding.wasted, finding.waited) == (1, 7, 0, None)
    assert found(acme, MARCH.only(outcome="failed")) == []
    tasks.find_repeats()


def test_what_callers_call_bad_is_a_sign_and_taught(traffic: Tenant) -> None:
    judged = Judged.objects.create(
        tenant=traffic, request_id="good_1", at=NOON, sketch=b"s", keys=[], scores={NANO.id: 1.0}
    )
    for name, score in (("good_0", 0.9), ("good_1", 0.2), ("good_1", 0.1), ("unpriced", 0.0)):
        request = traffic.requests.get(request_id=name)
        assert heard.say(request, score, now=NOON).score == score

    by_router = {each.router: each for each in found(traffic)}

    assert [part.heard for part in by_router["support"].parts] == [heard.Heard(0, 1, 2)]
    assert by_router["support"].signs == 3
    assert by_router["search"].difference is None  # unknown, for nobody knows what was paid
    judged.refresh_from_db()
    assert judged.scores == {NANO.id: 0.1}


def test_another_class_is_another_finding(acme: Tenant, book: Book) -> None:
    for kind in (RequestClass.CODING, RequestClass.CODING, RequestClass.REASONING):
        book(
            settled(
                acme.pk, rejected(MINI), attempt(GPT_5), outcome="escalated", about={"request_class": kind}
            )
        )

    assert [(each.request_class, each.rejected) for each in found(acme)] == [("coding", 2), ("reasoning", 1)]
    assert found(acme, MARCH.only(**{"class": "reasoning"}))[0].above[0].model == GPT_5.id
