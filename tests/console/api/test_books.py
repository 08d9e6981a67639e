"""`usage`, `requests`, `savings` and `overkill`: the ledger's figures, to the nano-dollar."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from billing.models import LedgerEntry, RequestRecord
from console.tenancy import Role, within
from console.tenants.models import Plan, Tenant
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.core.money import usd
from gateway.core.price import UsageSource, cost
from tests.billing.events import GPT_5, HAIKU, MINI, MYSTERY, NANO, NOON, attempt, settled
from tests.console.api.conftest import Booking, Program, program_of

MARCH = "from=2026-03-01&to=2026-03-31"
ROW = {
    "id", "at", "router", "policy_version", "rule", "class", "tier", "requested_model", "model", "outcome",
    "status", "tags", "cost_usd", "baseline_usd", "saved_usd", "attempts",
}  # fmt: skip
MEASURES = {
    "requests", "attempts", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens",
    "cost_usd", "baseline_usd", "saved_usd", "unpriced_attempts",
}  # fmt: skip


@pytest.fixture
def traffic(acme: Tenant, evil: Tenant, book: Booking) -> Tenant:
    rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED, because="json_valid")
    with within(acme):
        key = acme.gateway_keys.create(name="search-app", digest="d", prefix="rw_", last4="abcd")
    book(
        settled(acme.pk, attempt(NANO), request_id="r1", gateway_key=str(key.pk)),
        settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated", request_id="r2"),
        settled(acme.pk, attempt(GPT_5), request_id="r3", router="search"),
        settled(
            acme.pk,
            attempt(NANO, kind=Kind.JUDGE),
            attempt(HAIKU),
            request_id="r4",
            at=NOON + timedelta(days=1),
            about={"tags": {"team": "ads", "env": "prod"}},
        ),
        settled(evil.pk, attempt(GPT_5), request_id="e1"),
    )
    return acme


def total(tenant: Tenant) -> tuple[str, str]:
    with within(tenant):
        lines = list(LedgerEntry._base_manager.filter(tenant=tenant))
        records = list(RequestRecord._base_manager.filter(tenant=tenant))
    cost = sum(line.cost_nano or 0 for line in lines)
    return usd(cost), usd(sum(record.baseline_nano or 0 for record in records))


def test_usage_is_what_the_ledger_sums_to(traffic: Tenant, viewer: Program) -> None:
    answer = viewer.get(f"usage?by=model&by=tag.team&{MARCH}").body
    rows, whole = answer["results"], answer["total"]
    assert (whole["cost_usd"], whole["baseline_usd"]) == total(traffic)
    assert {"model", "tag.team", *MEASURES} <= set(rows[0])
    assert set(whole) >= MEASURES
    for name in ("cost_usd", "baseline_usd", "saved_usd"):
        assert sum(Decimal(row[name] or 0) for row in rows) == Decimal(whole[name])
    for name in ("requests", "attempts", "output_tokens"):
        assert sum(row[name] for row in rows) == whole[name]
    assert (whole["requests"], whole["attempts"]) == (4, 6)
    assert {(row["model"], row["tag.team"]) for row in rows} == {
        ("openai/gpt-5", "search"),
        ("openai/gpt-5-nano", "search"),
        ("openai/gpt-5-nano", "ads"),
        ("anthropic/claude-haiku-4-5", "ads"),
    }


def test_by_may_be_one_word_and_keys_go_by_name(traffic: Tenant, viewer: Program) -> None:
    rows = viewer.get(f"usage?by=key,router&{MARCH}&key=search-app").body["results"]
    assert {(row["key"], row["requests"]) for row in rows} == {("search-app", 1), ("search-app", 2)}
    assert len({row["key_id"] for row in rows}) == 2
    assert viewer.get(f"usage?{MARCH}&key=nobody").body["total"]["requests"] == 0


def test_usage_over_time(traffic: Tenant, viewer: Program) -> None:
    rows = viewer.get(f"usage?granularity=day&{MARCH}").body["results"]
    assert [(row["at"][:10], row["requests"]) for row in rows] == [("2026-03-10", 3), ("2026-03-11", 1)]


def test_what_is_unknown_is_null_and_counted(acme: Tenant, viewer: Program, book: Booking) -> None:
    book(settled(acme.pk, attempt(MYSTERY), request_id="r1"))
    whole = viewer.get(f"usage?{MARCH}").body["total"]
    assert (whole["cost_usd"], whole["saved_usd"], whole["unpriced_attempts"]) == (None, None, 1)
    row = viewer.get(f"requests?{MARCH}").body["results"][0]
    assert (row["cost_usd"], row["saved_usd"]) == (None, None)
    assert row["baseline_usd"] is not None


def test_requests_are_listed_newest_first_and_filtered(traffic: Tenant, viewer: Program) -> None:
    rows = viewer.every(f"requests?{MARCH}")
    assert [row["id"] for row in rows] == ["r4", "r3", "r2", "r1"]
    assert set(rows[0]) >= ROW
    for question, ids in (
        ("router=search", ["r3"]),
        ("outcome=escalated", ["r2"]),
        ("model=openai/gpt-5-nano&part=rejected", ["r2"]),
        ("tag.team=ads&tag.env=prod", ["r4"]),
        ("key=search-app&router=support", ["r4", "r2", "r1"]),
        ("class=coding", []),
        ("id=r3", ["r3"]),
        ("id=%25", []),
        ("router=search&router=support&outcome=escalated", ["r2"]),
    ):
        found = viewer.get(f"requests?{question}&{MARCH}").body["results"]
        assert [row["id"] for row in found] == ids


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("requests?cursor=garbage", "cursor"),
        ("requests?cursor=%00", "cursor"),
        ("requests?limit=0", "limit"),
        ("requests?limit=-1", "limit"),
        ("requests?page=-1", "page"),
        ("requests?ordering=password", "ordering"),
        ("requests?filter[a][b]=1", "filter[a][b]"),
        ("requests?from=2026-02-30", "from"),
        ("requests?from=2026-03-02&to=2026-03-01", "to"),
        ("requests?from=9999-01-01", "from"),
        ("requests?from=2010-01-01&to=2020-01-01", "from"),
        ("requests?period=aeon", "period"),
        ("requests?known=perhaps", "known"),
        ("requests?tag.=x", "tag."),
        ("usage?by=password", "by"),
        ("usage?by=model,tier,router,rule,class", "by"),
        ("usage?granularity=minute", "granularity"),
        ("usage?ruoter=support", "ruoter"),
        ("savings?by=;drop", "by"),
        ("routers?cursor=garbage", "cursor"),
        ("routers?cursor=AA", "cursor"),
        ("audit?cursor=garbage", "cursor"),
        ("audit?cursor=YQ", "cursor"),
    ],
)
def test_what_cannot_be_asked_names_the_parameter(
    acme: Tenant, viewer: Program, path: str, field: str
) -> None:
    answer = viewer.get(path)
    assert (answer.status, list(answer.body)) == (400, [field])


@pytest.mark.parametrize(
    "path", ["requests?limit=1000000000", "usage?router=%25%25%25", "requests?id=%25%27--"]
)
def test_what_is_merely_odd_is_answered(acme: Tenant, viewer: Program, path: str) -> None:
    assert viewer.get(path).status == 200


def test_a_request_with_its_attempts(traffic: Tenant, viewer: Program) -> None:
    answer = viewer.get("requests/r2")
    assert answer.status == 200
    assert set(answer.body) >= ROW
    first, second = answer.body["attempts"]
    assert (first["outcome"], first["because"], second["outcome"]) == ("rejected", "json_valid", "answered")
    assert set(first) >= {
        "kind", "provider", "model", "outcome", "status", "usage", "usage_source", "cost_usd", "price",
        "started_at", "first_byte_ms", "total_ms",
    }  # fmt: skip
    assert first["price"] == {"since": "2020-01-01", "input": "0.05", "output": "0.4"}
    assert Decimal(first["cost_usd"]) + Decimal(second["cost_usd"]) == Decimal(answer.body["cost_usd"])
    assert Decimal(answer.body["saved_usd"]) < 0  # the rejected answer was paid for
    assert answer.body["decision"] is None
    assert answer.body["undecided"] == "What was published as version 7 is no longer kept."


def test_a_request_is_decided_again_on_what_was_published_then(
    published: int, support: Tenant, viewer: Program, book: Booking
) -> None:
    event = settled(support.pk, attempt(NANO), request_id="r1")
    book(replace(event, origin=replace(event.origin, snapshot_version=published)))
    answer = viewer.get("requests/r1").body
    assert answer["undecided"] is None
    assert answer["decision"]["rule"] == "routine"
    assert answer["decision"]["ladder"][0]["tier"] == "lightweight"
    assert answer["differences"] == []
    taken = [candidate["model"] for candidate in answer["decision"]["candidates"] if candidate["taken"]]
    assert taken[0] == "openai/gpt-5-nano"


def test_savings_are_net_and_of_ai_inside(traffic: Tenant, viewer: Program) -> None:
    answer = viewer.get(f"savings?{MARCH}").body
    cost, baseline = map(Decimal, total(traffic))
    assert Decimal(answer["total"]["saved_usd"]) == baseline - cost
    steps = answer["steps"]
    changes = sum(Decimal(step["amount_usd"]) for step in steps if not step["is_total"])
    assert Decimal(steps[0]["amount_usd"]) + changes == Decimal(steps[-1]["amount_usd"]) == cost
    assert [row["router"] for row in answer["results"]] == ["support", "search"]
    assert viewer.get(f"savings?by=rule&{MARCH}").body["results"][0]["rule"] == "routine"


def test_savings_tell_the_second_baseline_and_what_is_verified(
    acme: Tenant, viewer: Program, book: Booking
) -> None:
    used = attempt(NANO).usage
    nano, mini, gpt = (cost(one.prices[0], used) for one in (NANO, MINI, GPT_5))
    guessed = replace(attempt(NANO), usage_source=UsageSource.ESTIMATED)
    book(*(settled(acme.pk, each, second_model=MINI.id, second=mini) for each in (attempt(NANO), guessed)))

    answer = viewer.get(f"savings?{MARCH}").body

    assert answer["second_baseline"] == {"saved_usd": usd(2 * (mini - nano)), "unknown_requests": 0}
    assert answer["flatters"] == "declared"
    assert answer["evidence"] == {
        "verified_usd": usd(gpt - nano),
        "verified_requests": 1,
        "estimated_usd": usd(gpt - nano),
        "estimated_requests": 1,
    }


def test_overkill_names_what_would_have_done(support: Tenant, viewer: Program, book: Booking) -> None:
    book(settled(support.pk, attempt(GPT_5), request_id="r1"))
    answer = viewer.get(f"overkill?{MARCH}").body
    assert (answer["answered"], answer["share"], answer["total"]["requests"]) == (1, 1.0, 1)
    finding = answer["results"][0]
    assert (finding["class"], finding["served"], finding["called_for"]) == (
        "classification",
        "premium",
        "lightweight",
    )
    assert finding["standing"] == "replaced"  # what is served now was published after March
    assert finding["models"][0]["alternative"] == "openai/gpt-5-nano"
    assert Decimal(answer["saving_usd"]) > 0


def test_underkill_and_what_callers_say_of_answers(traffic: Tenant, viewer: Program) -> None:
    analyst = program_of(traffic, Role.ANALYST)
    assert viewer.get("requests/r1/outcome").status == 404
    said = analyst.put("requests/r1/outcome", {"score": 0.25})
    assert (said.status, said.body["request"], said.body["score"]) == (200, "r1", 0.25)
    assert viewer.get("requests/r1/outcome").body == said.body
    for body, status in (
        ({"score": 2}, 400),
        ({"score": "bad"}, 400),
        ({}, 400),
        ({"score": 0, "x": 1}, 400),
    ):
        assert analyst.put("requests/r1/outcome", body).status == status
    assert analyst.put("requests/r9/outcome", {"score": 1}).status == 404
    assert analyst.put("requests/e1/outcome", {"score": 1}).status == 404

    (finding,) = viewer.get(f"underkill?{MARCH}").body["results"]

    wasted = usd(cost(NANO.prices[0], attempt(NANO).usage))
    assert (finding["router"], finding["class"], finding["served"]) == (
        "support",
        "classification",
        "lightweight",
    )
    assert (finding["answers"], finding["wasted_usd"], finding["standing"]) == (3, wasted, "replaced")
    haiku, model = finding["models"]
    assert (haiku["model"], haiku["answers"], haiku["rejected"]) == (HAIKU.id, 1, 0)
    assert (model["model"], model["rejected"], model["unmended"], model["waited_ms"]) == (NANO.id, 1, 0, 0)
    assert (model["repeated"], model["low_outcomes"], model["outcomes"]) == (0, 1, 1)


@pytest.mark.parametrize("path", ["savings", "overkill", "underkill"])
def test_the_free_plan_has_no_ai_inside(acme: Tenant, viewer: Program, path: str) -> None:
    acme.plan = Plan.FREE
    acme.save()
    answer = viewer.get(path)
    assert (answer.status, answer.body["code"]) == (403, "plan_required")
    assert viewer.get("usage").status == 200
