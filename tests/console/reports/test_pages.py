"""What the pages say of the books, and where each figure leads."""

import html
import re
from datetime import datetime, timedelta

import msgspec
import pytest
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace

from billing import baselines
from billing.periods import zone_of
from billing.query import ask
from billing.spend import spend
from console.interface.formatting import usd, usd_exact
from console.tenancy import within
from console.tenants.models import Plan, Tenant
from gateway.core.ladder import AttemptOutcome
from gateway.core.price import Usage, UsageSource, cost
from gateway.core.snapshot import TenantSnapshot
from tests.billing.events import GPT_5, MINI, MYSTERY, NANO, attempt, settled
from tests.console.conftest import Person
from tests.console.reports.conftest import POLICY, TODAY, Book

PAGES = ("", "spend/", "savings/", "overkill/", "underkill/", "requests/")


def shown(client: Client, path: str) -> str:
    response = client.get(f"/t/acme/{path}")
    assert response.status_code == 200
    return response.content.decode()


def text(page: str) -> str:
    """Without tags and runs of space."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def test_before_the_first_request_the_overview_says_how_to_send_it(ada: Person) -> None:
    page = text(shown(ada.client, ""))

    assert "Nothing has been routed yet" in page
    assert "curl -i http://127.0.0.1:8080/router/your-router/v1/chat/completions" in page
    assert "Add a provider key" in page


def test_the_wait_for_the_first_request_changes_nothing_until_it_comes(
    ada: Person, acme: Tenant, book: Book
) -> None:
    polled = {"HX-Request": "true"}
    assert ada.client.get("/t/acme/", headers=polled).status_code == 204
    book(settled(acme.pk, attempt(NANO), at=timezone.now()))
    assert "Net saved" in ada.client.get("/t/acme/", headers=polled).content.decode()


def test_the_overview_adds_up(ada: Person, traffic: Tenant) -> None:
    page = shown(ada.client, "")
    with within(traffic):
        total = spend(traffic, ask({}, zone=zone_of("UTC"), now=timezone.now())).total

    assert usd_exact(total.known_cost) in page
    assert total.saved is not None
    assert usd_exact(total.saved) in page
    assert "1 attempt without a known price" in text(page)
    assert "6 " in text(page)


@pytest.mark.parametrize(
    "by", ["model", "router", "class", "tier", "rule", "outcome", "key", "tag.team", "end_user"]
)
def test_spend_by_any_dimension_leads_to_requests_that_sum_to_it(
    ada: Person, traffic: Tenant, by: str
) -> None:
    page = shown(ada.client, f"spend/?by={by}")
    links = re.findall(r'class="row-link" href="(/t/acme/requests/\?[^"]+)"', page)
    with within(traffic):
        rows = spend(traffic, ask({"by": [by]}, zone=zone_of("UTC"), now=timezone.now())).rows

    assert len(links) == len(rows)
    for link, row in zip(links, rows, strict=True):
        listed = shown(ada.client, html.unescape(link).removeprefix("/t/acme/"))
        cost = "unknown" if row.measures.cost is None else usd(row.measures.known_cost)
        plural = "" if row.measures.attempts == 1 else "s"
        assert f"{row.measures.attempts} attempt{plural}, {cost}" in text(listed)


def test_route_optimization_shows_losses_and_what_is_unknown(ada: Person, traffic: Tenant) -> None:
    page = shown(ada.client, "savings/?by=rule")

    assert "support · routine" in page
    assert "Rejected answers" in page
    assert "stands apart from every saving" in text(page)


def test_the_second_baseline_stands_beside_the_first_and_the_flattering_one_is_named(
    ada: Person, acme: Tenant, book: Book
) -> None:
    guessed = replace(attempt(NANO), usage_source=UsageSource.ESTIMATED)
    nano, mini, gpt = (cost(one.prices[0], attempt(NANO).usage) for one in (NANO, MINI, GPT_5))
    for each in (attempt(NANO), guessed):
        book(settled(acme.pk, each, second_model=MINI.id, second=mini, at=TODAY))

    page = shown(ada.client, "savings/")
    beside = text(page[page.index('id="second-baseline"') :])

    assert "The declared one flatters" in beside
    assert (
        f"what each router declares {usd(2 * gpt)} {usd(2 * nano)} +{usd(2 * (gpt - nano))} "
        f"the cheapest model that meets the floors {usd(2 * mini)} {usd(2 * nano)} +{usd(2 * (mini - nano))}"
    ) in beside
    assert f"the provider: verified 1 +{usd(gpt - nano)} us: estimated 1 +{usd(gpt - nano)}" in beside
    link = re.search(r'href="(/t/acme/requests/[^"]*)">us: estimated', page)
    assert link is not None
    listed = text(shown(ada.client, html.unescape(link[1]).removeprefix("/t/acme/")))
    assert "Tokens verified No" in listed
    assert f"1 attempt, {usd(nano)}" in listed


def test_a_baseline_that_begins_later_is_told(ada: Person, acme: Tenant, book: Book) -> None:
    now = timezone.now()
    book(settled(acme.pk, attempt(NANO), at=now))
    served_since(acme, now - timedelta(days=5))
    with within(acme):
        baselines.declare(acme, "support", GPT_5.id, policy_version=1, now=now)
        baselines.declare(acme, "support", "frontier", policy_version=2, now=now)
    following = (now.date().replace(day=1) + timedelta(days=32)).replace(day=1)

    page = text(shown(ada.client, "savings/"))

    assert f"support openai/ gpt-5 from 1 {following:%B %Y}: the frontier model" in page


def test_a_total_below_zero_is_shown_as_a_loss(ada: Person, acme: Tenant, book: Book) -> None:
    book(settled(acme.pk, attempt(GPT_5), baseline=NANO.id, at=timezone.now()))

    for path in ("", "savings/"):
        page = shown(ada.client, path)
        assert 'data-tone="loss"' in page
        assert "routing cost more than it saved" in page


def test_overkill_names_the_rule_and_its_requests(ada: Person, traffic: Tenant) -> None:
    page = shown(ada.client, "overkill/")

    assert "support · otherwise" in text(page)
    link = re.search(r'<a href="(/t/acme/requests/\?[^"]+)">support · otherwise</a>', page)
    assert link is not None
    listed = shown(ada.client, html.unescape(link[1]).removeprefix("/t/acme/"))
    assert "r4" in listed
    assert "/requests/r1/" not in listed


def served_since(tenant: Tenant, at: datetime) -> None:
    with within(tenant):
        content = msgspec.to_builtins(POLICY)
        router = tenant.routers.create(slug="support", draft=content)
        version = tenant.policy_versions.create(
            router=router, number=1, content=content, published_by="ada", at=at
        )
        tenant.routers.update(current=version)


def test_overkill_counts_what_the_policy_of_now_does(ada: Person, traffic: Tenant) -> None:
    served_since(traffic, TODAY - timedelta(days=10))
    page = text(shown(ada.client, "overkill/"))

    assert "Oversized requests 1 20% of those answered" in page
    assert "Mended since" not in page


def test_overkill_of_a_replaced_policy_stands_apart(ada: Person, traffic: Tenant) -> None:
    served_since(traffic, timezone.now())
    page = text(shown(ada.client, "overkill/"))

    assert "Oversized requests 0 0% of those answered" in page
    assert "Mended since: these went up under a policy that another has replaced" in page


@pytest.mark.parametrize("path", ["savings/", "overkill/"])
def test_ai_inside_needs_pro(ada: Person, traffic: Tenant, path: str) -> None:
    Tenant.objects.filter(pk=traffic.pk).update(plan=Plan.FREE)

    page = text(shown(ada.client, path))

    assert "Part of AI Inside, in the plans pro and up." in page
    assert "support · " not in page


@pytest.mark.parametrize("path", PAGES)
def test_pages_stand_without_any_traffic(ada: Person, path: str) -> None:
    shown(ada.client, path)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "question",
    [
        "period=fortnight",
        "from=2026-02-30&to=yesterday",
        "from=9999-12-31",
        "by=colour",
        "model=a%00b",
        "cursor=garbage",
        "known=perhaps",
        "filter[a][b]=1&page=-1&ordering=password",
        "id=%00",
        "tag.team=%25%27%22--",
        "period=custom",
        "period=custom&from=2026-03-01&to=2026-03-02",
        "period=24h&granularity=hour",
    ],
)
def test_no_question_breaks_a_page(ada: Person, traffic: Tenant, path: str, question: str) -> None:
    shown(ada.client, f"{path}?{question}")


def test_what_cannot_be_asked_is_said_beside_the_filters(ada: Person, traffic: Tenant) -> None:
    page = text(shown(ada.client, "requests/?period=custom&from=2026-02-30"))

    assert "From: '2026-02-30' is neither a day like 2026-03-01" in page


def test_a_filter_without_a_field_is_shown_and_can_be_taken_away(ada: Person, traffic: Tenant) -> None:
    page = shown(ada.client, "requests/?part=rejected&outcome=escalated")

    assert 'aria-label="Take away Part Rejected"' in page
    assert 'href="?outcome=escalated"' in page
    assert "Of it here" in page


def test_the_log_follows_unless_told_to_stand_still(ada: Person, traffic: Tenant) -> None:
    assert 'hx-trigger="every 3s"' in shown(ada.client, "requests/")
    assert 'hx-trigger="every 3s"' not in shown(ada.client, "requests/?live=0")
    assert 'hx-trigger="every 3s"' not in shown(ada.client, "requests/?period=last_month")


def test_what_callers_send_is_shown_inert(ada: Person, traffic: Tenant) -> None:
    for path in ("spend/?by=tag.team", "requests/", "requests/r5/"):
        page = shown(ada.client, path)
        assert "<b>ads</b>" not in page
        assert "ads" in page


def test_others_see_none_of_it(eve: Person, traffic: Tenant) -> None:
    assert eve.client.get("/t/acme/requests/r1/").status_code == 404
    assert eve.client.get("/t/evil/requests/r1/").status_code == 404
    assert "/requests/r1/" not in eve.client.get("/t/evil/requests/").content.decode()


def test_a_request_says_how_its_cost_came_about(ada: Person, traffic: Tenant) -> None:
    page = text(shown(ada.client, "requests/r2/"))

    assert "Rejected the answer was not valid JSON" in page
    assert "1,000 $0.05 $0.00005" in page  # tokens, price, amount
    assert "Cost $0.00325" in page
    assert "Less all attempts $0.00338" in page
    assert "Saved −$0.00013" in page


def test_a_failed_request_says_what_went_wrong_and_where_to_mend_it(
    ada: Person, acme: Tenant, book: Book
) -> None:
    refused = attempt(NANO, outcome=AttemptOutcome.FAILED, because="provider_credentials_invalid")
    book(settled(acme.pk, refused, outcome="failed", request_id="r7", error="provider_credentials_invalid"))
    page = shown(ada.client, "requests/r7/")

    assert "The provider refused the key that is stored for it. Replace the key" in text(page)
    assert '<a class="btn btn-sm" href="/t/acme/provider-keys/">Provider keys</a>' in page


def test_a_service_tier_without_a_price_is_named(acme: Tenant, ada: Person, book: Book) -> None:
    flexible = attempt(NANO, usage=Usage(input=1000, output=200, service_tier="flex"))
    book(settled(acme.pk, flexible, request_id="r8"))
    page = text(shown(ada.client, "requests/r8/"))

    assert f"No price is known for {NANO.id} as flex" in page
    assert "served as flex" in page


def test_where_a_price_is_missing_it_can_be_set(ada: Person, traffic: Tenant) -> None:
    page = shown(ada.client, "requests/r3/")

    assert f"No price is known for {MYSTERY.id}" in text(page)
    assert f'<a class="btn btn-sm" href="/t/acme/model/{MYSTERY.id}/">Set a price</a>' in page


def test_a_request_is_decided_again_on_what_was_published_then(
    ada: Person, traffic: Tenant, published: TenantSnapshot
) -> None:
    page = text(shown(ada.client, "requests/r1/"))

    assert "Decided again with what was in force then (snapshot 7), the same comes out." in page
    assert "cheapest in lightweight" in page


def test_a_decision_that_differs_is_said(ada: Person, traffic: Tenant, published: TenantSnapshot) -> None:
    page = text(shown(ada.client, "requests/r4/"))

    assert "Decided again, something else comes out rule: was otherwise, is routine" in page


def test_a_publication_that_is_gone_is_said(ada: Person, traffic: Tenant) -> None:
    assert "version 7 is no longer kept" in text(shown(ada.client, "requests/r1/"))


def test_a_request_without_a_price_is_unknown_and_never_zero(ada: Person, traffic: Tenant) -> None:
    page = text(shown(ada.client, "requests/r3/"))

    assert "Cost unknown" in page
    assert "Saved unknown" in page
