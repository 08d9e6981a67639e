"""Lists of requests, and the figures that lead to them: what a figure says is what its list sums to."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from billing import figures, selectors
from billing.latency import latency
from billing.overkill import InForce, Standing, overkill, saving_of
from billing.periods import Misread, Period, read_period
from billing.query import SpendQuery, ask
from billing.savings import still_on
from billing.spend import spend
from console.tenants.models import Tenant
from gateway.core.catalogue import Model
from gateway.core.facts import Need, RequestClass, Tier
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.core.money import usd
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, HAIKU, MINI, MODELS, MYSTERY, NANO, NOON, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")

MARCH: Period = read_period(
    {"from": "2026-03-01", "to": "2026-03-31"}, zone=ZoneInfo("Europe/Berlin"), now=NOON
)


def asked(**params: str) -> SpendQuery:
    listed = {name: [value] for name, value in params.items()}
    return ask({"from": ["2026-03-01"], "to": ["2026-03-31"], **listed}, zone=MARCH.zone, now=NOON)


def ids(tenant: Tenant, **params: str) -> list[str]:
    return [row.request.request_id for row in selectors.requests(tenant, asked(**params)).rows]


@pytest.fixture
def traffic(acme: Tenant, book: Book) -> Tenant:
    rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED, because="json_valid")
    book(
        settled(acme.pk, attempt(NANO), request_id="r1"),
        settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated", request_id="r2"),
        settled(acme.pk, attempt(MYSTERY), request_id="r3", router="search"),
        settled(acme.pk, request_id="r4", outcome="failed", status=400, error="no_eligible_model", router=""),
        settled(
            acme.pk,
            attempt(NANO, kind=Kind.JUDGE),
            attempt(HAIKU),
            request_id="r5",
            about={"tags": {"team": "ads", "env": "prod"}},
        ),
    )
    return acme


def test_a_list_is_newest_first_and_goes_on_by_cursor(acme: Tenant, book: Book) -> None:
    book(
        *(
            settled(acme.pk, attempt(NANO), request_id=f"r{n}", at=NOON + timedelta(seconds=n // 2))
            for n in range(7)
        )
    )

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = selectors.requests(acme, asked(), cursor=cursor, limit=3)
        seen += [row.request.request_id for row in page.rows]
        cursor = page.next

    assert seen == ["r6", "r5", "r4", "r3", "r2", "r1", "r0"]


@pytest.mark.parametrize("cursor", ["x", "!!", "MjAyNi0wMy0xMA", "MjAyNi0wMy0xMHxh", "é"])
def test_a_cursor_that_was_never_given_out_is_refused(acme: Tenant, cursor: str) -> None:
    with pytest.raises(Misread, match="cursor"):
        selectors.requests(acme, asked(), cursor=cursor)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["r5", "r4", "r3", "r2", "r1"]),
        ({"router": "search"}, ["r3"]),
        ({"router": "(none)"}, ["r4"]),
        ({"model": NANO.id}, ["r5", "r2", "r1"]),
        ({"model": NANO.id, "part": "rejected"}, ["r2"]),
        ({"model": GPT_5.id, "part": "rejected"}, []),
        ({"outcome": "escalated"}, ["r2"]),
        ({"known": "false"}, ["r3"]),
        ({"tag.team": "ads"}, ["r5"]),
        ({"tag.team": "search", "tag.env": "(none)"}, ["r4", "r3", "r2", "r1"]),
        ({"tag.team' OR 1=1 --": "x"}, []),
        ({"tier": "premium"}, ["r2"]),
    ],
)
def test_filters_choose_requests_with_a_line_they_mean(
    traffic: Tenant, params: dict[str, str], found: list[str]
) -> None:
    assert ids(traffic, **params) == found


@pytest.mark.parametrize("by", ["model", "tier", "part", "provider", "router", "outcome", "tag.team", "rule"])
def test_a_figure_is_the_sum_of_the_list_it_leads_to(traffic: Tenant, by: str) -> None:
    for row in spend(traffic, asked(by=by)).rows:
        listed = selectors.requests(traffic, asked(**{by: row.key[0] or "(none)"})).rows

        assert sum(one.here or 0 for one in listed) == row.measures.known_cost
        assert sum(one.here_attempts for one in listed) == row.measures.attempts


def test_one_request_with_its_lines(traffic: Tenant, evil: Tenant) -> None:
    detail = selectors.request(traffic, "r2")

    assert detail is not None
    assert [(line.n, line.part, line.model) for line in detail.lines] == [
        (1, "rejected", NANO.id),
        (2, "answer", GPT_5.id),
    ]
    assert detail.taken_back == ()
    assert selectors.request(evil, "r2") is None
    assert selectors.request(traffic, "r99") is None


def test_the_share_still_on_each_tier(traffic: Tenant) -> None:
    shares = still_on(traffic, asked())

    assert [share.tier for share in shares] == ["premium", "lightweight", "small"]
    assert sum(share.share for share in shares) == pytest.approx(1)


def test_latency_is_that_of_answers(traffic: Tenant) -> None:
    assert latency(traffic, MARCH).median == 800
    assert latency(traffic, MARCH.before).median is None


def test_a_model_that_could_not_have_been_told_would_not_have_done(acme: Tenant, book: Book) -> None:
    """Only the provider that answered had words for it, as far as the books know."""
    easy = {"request_class": RequestClass.EXTRACTION, "difficulty": 0.1, "native": "tools[0]"}
    book(settled(acme.pk, attempt(GPT_5), rule="everything", about=easy))

    def found(*models: Model) -> list[str]:
        report = overkill(
            acme, asked(), models_of=lambda router: models, day=date(2026, 3, 31), in_force=InForce(since={})
        )
        (finding,) = report.findings
        return [option.model for option in finding.alternatives]

    assert found(*MODELS.values()) == [NANO.id]
    assert found(GPT_5, HAIKU) == []
    assert found(NANO, HAIKU) == []


def test_overkill_names_the_rule_and_what_would_have_done(acme: Tenant, book: Book) -> None:
    easy = {"request_class": RequestClass.EXTRACTION, "difficulty": 0.1, "needs": frozenset({Need.TOOLS})}
    book(
        *(settled(acme.pk, attempt(GPT_5), rule="everything", about=easy) for _ in range(3)),
        settled(acme.pk, attempt(MINI), rule="everything", about=easy | {"needs": frozenset()}),
        settled(acme.pk, attempt(GPT_5), rule="everything", floors=("regulated",), about=easy),
        settled(acme.pk, attempt(NANO), rule="routine", about=easy),
    )
    able = [model for model in MODELS.values() if model is not NANO]
    with_tools = [replace(model, can=frozenset({Need.TOOLS})) if model is HAIKU else model for model in able]

    report = overkill(
        acme,
        asked(),
        models_of=lambda router: with_tools,
        day=date(2026, 3, 31),
        in_force=InForce(since={"support": NOON - timedelta(days=40)}),
    )

    premium, mid = report.findings
    paid, instead = 3 * (1000 * 1250 + 200 * 10_000), 3 * (1000 * 1000 + 200 * 5000)
    assert (premium.rule, premium.request_class, premium.requests) == ("everything", "extraction", 3)
    assert (premium.served, premium.called_for) == (Tier.PREMIUM, Tier.LIGHTWEIGHT)
    assert [option.model for option in premium.alternatives] == [HAIKU.id]
    assert premium.saving == paid - instead
    assert (mid.served, mid.saving) == (Tier.MID, (1000 * 250 + 200 * 2000) - (1000 * 1000 + 200 * 5000))
    assert report.oversized.requests == 4
    assert report.fits["floored"].requests == 1
    assert report.share == pytest.approx(4 / 6)


def test_overkill_is_told_by_what_is_served_now(acme: Tenant, book: Book) -> None:
    """Before the policy of now, since then, by the caller's tag, and of a router that is gone."""
    later = NOON + timedelta(days=2)
    book(
        settled(acme.pk, attempt(GPT_5), rule="all", at=NOON),
        settled(acme.pk, attempt(GPT_5), rule="all", at=NOON + timedelta(minutes=20)),
        settled(acme.pk, attempt(GPT_5), rule="all", at=later),
        settled(acme.pk, attempt(GPT_5), rule="escalated", at=later),
        settled(acme.pk, attempt(GPT_5), rule="all", router="gone", at=later),
        settled(acme.pk, attempt(GPT_5), rule="", router="", at=NOON),
    )
    report = overkill(
        acme,
        asked(),
        models_of=lambda router: MODELS.values(),
        day=date(2026, 3, 31),
        in_force=InForce(
            since={"support": NOON + timedelta(minutes=10)}, by_tag=frozenset({("support", "escalated")})
        ),
    )

    def told(standing: Standing) -> set[tuple[str, str, int]]:
        return {(one.router, one.rule, one.requests) for one in report.standing(standing)}

    assert told(Standing.IN_FORCE) == {("support", "all", 1), ("", "", 1)}
    assert told(Standing.REPLACED) == {("support", "all", 2), ("gone", "all", 1)}
    assert told(Standing.BY_TAG) == {("support", "escalated", 1)}
    assert sum(one.requests for one in report.findings) == report.oversized.requests == 6
    one = 1000 * 1250 + 200 * 10_000 - (1000 * 50 + 200 * 400)
    assert saving_of(report.standing(Standing.IN_FORCE)) == 2 * one


def test_figures_are_the_contracts(traffic: Tenant) -> None:
    answer = spend(traffic, asked(by="router"))
    by_router = {row.key[0]: figures.usage_row(row, ("router",)) for row in answer.rows}

    unknown = by_router["search"]
    assert (unknown["cost_usd"], unknown["saved_usd"], unknown["unpriced_attempts"]) == (None, None, 1)
    assert by_router[""]["router"] is None
    support = by_router["support"]
    assert support["cost_usd"] == usd(2 * 130_000 + 3_250_000 + 130_000 + 2_000_000)
    assert list(support)[:12] == [
        "router",
        "requests",
        "attempts",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
        "cost_usd",
        "baseline_usd",
        "saved_usd",
        "unpriced_attempts",
    ]
    listed = selectors.requests(traffic, asked(outcome="escalated")).rows[0]
    row = figures.request_row(listed)
    assert (row["id"], row["model"], row["attempts"]) == ("r2", GPT_5.id, 2)
    assert row["saved_usd"] == "-0.00013"
