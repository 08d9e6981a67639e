"""A newer price list changes nothing by itself: it proposes, and somebody accepts or rejects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO

import msgspec
import pytest
from django.core.management import call_command
from django.utils import timezone
from msgspec.structs import replace

from console.catalogue import builtin, price_actions, price_book
from console.catalogue.models import PriceBook, PriceEdition
from console.catalogue.prices import starting
from console.catalogue.selectors import catalogue_of
from console.catalogue.tasks import PRICES, refresh_prices
from console.outbox.selectors import is_stale
from console.publishing.actions import publish_tenant
from console.publishing.models import Publication
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.money import usd
from gateway.core.price import Price, Usage, cost
from tests.billing.events import attempt, settled
from tests.console.browsing import encoded, form_in
from tests.console.conftest import Person
from tests.console.reports.conftest import Book, book

__all__ = ["book"]  # a fixture of the books

NANO, MINI = "openai/gpt-5-nano", "openai/gpt-5-mini"
HERE = "/t/acme/prices/"
TODAY = datetime.now(UTC).date()


def listed(model: str) -> Price:
    return builtin.models()[model].prices[-1]


def halved(model: str) -> Price:
    return replace(listed(model), input=listed(model).input // 2)


@pytest.fixture
def old(acme: Tenant) -> Tenant:
    """Acme was published when nano cost half for input and mini was not priced; the package came since."""
    prices = {**price_book.installed(), NANO: (halved(NANO),), MINI: ()}
    with within(acme):
        edition = PriceEdition.objects.create(
            digest="0" * 64, source="genai-prices 0", prices=msgspec.to_builtins(prices)
        )
        PriceBook(tenant=acme, edition=edition).save()
    return acme


def prices(tenant: Tenant) -> Mapping[str, tuple[Price, ...]]:
    with within(tenant):
        return {model.id: model.prices for model in catalogue_of(tenant).models}


def proposed(tenant: Tenant) -> list[price_book.Proposal]:
    with within(tenant):
        return [one for one in price_book.proposals(tenant, today=TODAY) if not one.was_rejected]


def decided(tenant: Tenant, model: str, *, accepted: bool, by: Person) -> int:
    (key,) = (one.key for one in proposed(tenant) if one.model == model)
    with within(tenant):
        return len(price_actions.decide(tenant, [key], accepted=accepted, acting=by.acting))


def test_a_book_begins_with_what_is_installed_when_the_tenant_is_first_published(acme: Tenant) -> None:
    with every_tenant():
        publish_tenant(acme.pk)

    with within(acme):
        kept = msgspec.convert(acme.price_book.edition.prices, dict[str, tuple[Price, ...]])
        assert kept == price_book.installed()
        assert acme.price_book.edition.source == price_book.installed_source()
    assert proposed(acme) == []
    assert prices(acme)[NANO] == builtin.models()[NANO].prices


def test_after_an_upgrade_prices_stay_and_differences_are_proposed(old: Tenant) -> None:
    assert prices(old)[NANO] == (halved(NANO),)
    assert prices(old)[MINI] == ()
    assert proposed(old) == [
        price_book.Proposal(model=MINI, old=None, new=starting(listed(MINI), TODAY)),
        price_book.Proposal(model=NANO, old=halved(NANO), new=starting(listed(NANO), TODAY)),
    ]


def test_what_is_published_has_the_prices_of_the_book(old: Tenant) -> None:
    with every_tenant():
        version = publish_tenant(old.pk)
        snapshot = Publication.objects.get(tenant=old, version=version).snapshot

    assert {model.id: model.prices for model in snapshot.models}[NANO] == (halved(NANO),)


def test_an_accepted_price_is_added_from_today_on_and_published(old: Tenant, ada: Person) -> None:
    assert decided(old, NANO, accepted=True, by=ada) == 1

    assert prices(old)[NANO] == (halved(NANO), starting(listed(NANO), TODAY))
    assert [one.model for one in proposed(old)] == [MINI]
    with within(old):
        assert is_stale(old)
        entry = old.audit_entries.latest("pk")
    assert (entry.verb, entry.subject, entry.actor) == ("price.accepted", NANO, "ada@acme.test")
    assert entry.changes["price"]["from"]["input"] == halved(NANO).input
    assert entry.changes["price"]["to"]["since"] == TODAY.isoformat()


def test_a_rejected_price_is_proposed_no_more_until_it_is_another(old: Tenant, ada: Person) -> None:
    before = prices(old)
    assert decided(old, NANO, accepted=False, by=ada) == 1

    assert prices(old) == before
    assert [one.model for one in proposed(old)] == [MINI]
    with within(old):
        assert not is_stale(old)
        (again,) = (one for one in price_book.proposals(old, today=TODAY) if one.was_rejected)
        assert price_actions.decide(old, [again.key], accepted=False, acting=ada.acting) == ()
        assert len(price_actions.decide(old, [again.key], accepted=True, acting=ada.acting)) == 1
    assert prices(old)[NANO][-1] == starting(listed(NANO), TODAY)


def test_a_key_that_nobody_proposes_decides_nothing(old: Tenant, ada: Person) -> None:
    with within(old):
        assert price_actions.decide(old, [f"{NANO} 0123456789ab"], accepted=True, acting=ada.acting) == ()
        assert not old.price_decisions.exists()


def test_one_tenants_acceptance_is_its_own(old: Tenant, evil: Tenant, ada: Person) -> None:
    with within(evil):
        PriceBook(tenant=evil, edition_id="0" * 64).save()
    decided(old, NANO, accepted=True, by=ada)

    assert prices(evil)[NANO] == (halved(NANO),)
    assert [one.model for one in proposed(evil)] == [MINI, NANO]


def test_the_task_tells_the_audit_trail_once_an_edition(old: Tenant, evil: Tenant) -> None:
    refresh_prices()
    refresh_prices()

    with within(old):
        (entry,) = old.audit_entries.filter(verb="prices.proposed")
        assert (entry.subject, entry.actor) == (price_book.installed_source(), PRICES.label)
        assert entry.changes == {"models": [MINI, NANO]}
    with within(evil):
        assert not evil.audit_entries.filter(verb="prices.proposed").exists()
        assert evil.price_book.edition_id == price_book.installed_digest()


def test_the_command_prints_what_is_proposed(old: Tenant) -> None:
    said = StringIO()
    call_command("refresh_prices", stdout=said)

    out, into = usd(listed(NANO).output), usd(listed(NANO).input)
    assert f"acme: 2 proposed by {price_book.installed_source()}" in said.getvalue()
    assert (
        f"  {NANO}: {usd(halved(NANO).input)} in, {out} out -> {into} in, {out} out, from {TODAY}"
        in said.getvalue()
    )
    assert f"  {MINI}: unknown -> " in said.getvalue()


def test_the_effect_is_what_the_last_days_would_have_cost(old: Tenant, book: Book) -> None:
    now = timezone.now()
    tried = attempt(builtin.models()[NANO])
    book(
        settled(old.pk, tried, at=now - timedelta(days=1)),
        settled(old.pk, tried, at=now - timedelta(days=2)),
        settled(old.pk, tried, at=now - timedelta(days=40)),
    )
    twice = Usage(input=2 * tried.usage.input, output=2 * tried.usage.output)

    with within(old):
        found = price_book.proposals(old, today=TODAY)
        effects = price_book.effects(old, found, now=now)

    assert effects[found[1].key] == price_book.Effect(
        attempts=2, before=cost(halved(NANO), twice), after=cost(listed(NANO), twice)
    )
    assert effects[found[1].key].change == twice.input * (listed(NANO).input - halved(NANO).input) // 10**6
    assert effects[found[0].key] == price_book.Effect(attempts=0, before=None, after=0)


def test_the_page_shows_both_prices_and_decides(old: Tenant, ada: Person, vera: Person) -> None:
    seen = vera.client.get(HERE).content.decode()
    assert 'value="accept"' not in seen
    assert f"Proposed by {price_book.installed_source()}" in seen
    assert "gpt-5-nano" in seen

    page = ada.client.get(HERE)
    assert page.content.decode().count('value="reject"') == 2
    (nano,) = (one for one in proposed(old) if one.model == NANO)
    answer = ada.client.post(f"{HERE}decide/", {"key": nano.key, "verdict": "reject"}, follow=True)
    assert "rejected. The prices in the book stay" in answer.content.decode()
    assert 'id="rejected"' in answer.content.decode()
    answer = ada.client.post(f"{HERE}decide/", {"key": nano.key, "verdict": "accept"}, follow=True)
    assert f"{NANO} is in the book" in answer.content.decode()
    again = ada.client.post(f"{HERE}decide/", {"key": nano.key, "verdict": "accept"}, follow=True)
    assert "not proposed any more" in again.content.decode()
    assert vera.client.post(f"{HERE}decide/", {"key": nano.key, "verdict": "accept"}).status_code == 403


def test_a_price_of_the_tenants_own_is_not_argued_with(old: Tenant, ada: Person) -> None:
    path = f"/t/acme/model/{NANO}/"
    form = form_in(ada.client.get(path).content, "model-form")
    form["price_input"], form["price_output"] = "1", "2"
    posted = ada.client.post(f"{path}save/", encoded(form), content_type="application/x-www-form-urlencoded")
    assert posted.status_code == 302

    assert [one.model for one in proposed(old)] == [MINI]
