"""A replay from the editor's question to the answer on its page, carried out by the worker's own function."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from redis import Redis

from billing import ingest, past
from billing.periods import preset, zone_of
from billing.stream import Stream
from console.audit.actor import Actor
from console.routers import actions as routers
from console.routers.models import Router
from console.tenancy import within
from console.tenants.models import Plan, Tenant
from console.whatif import actions, performing
from console.whatif.actions import Question
from console.whatif.models import State, WhatIfRun
from gateway.core.events import RequestSettled
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from tests.billing.events import GPT_5, attempt, send, settled
from tests.console.conftest import Person

ACTING = Actor.system("tests")
SERVED = Policy(baseline=GPT_5.id, whitelist=(GPT_5.id,), otherwise=Otherwise(tier=Tier.PREMIUM))
DRAFT = Policy(baseline=GPT_5.id, otherwise=Otherwise(model="openai/gpt-5-nano"))


@pytest.fixture
def support(acme: Tenant) -> Router:
    """Served by premium; the draft would pin the cheapest."""
    with within(acme):
        acme.provider_keys.create(name="main", provider="openai")
        router = routers.create(acme, "support", SERVED, acting=ACTING)
        routers.publish(router, acting=ACTING)
        return routers.save_draft(router, DRAFT, acting=ACTING)


@pytest.fixture
def traffic(acme: Tenant, redis: Redis) -> None:
    """Five requests, each with 1,000 tokens in and 200 out, for 0.00325 USD."""
    book(redis, *[settled(acme.pk, attempt(GPT_5), rule="otherwise", at=_yesterday(n)) for n in range(5)])


def book(redis: Redis, *events: RequestSettled) -> None:
    send(redis, events)
    ingest.drain(Stream(redis))


def _yesterday(n: int = 0) -> datetime:
    return timezone.now() - timedelta(days=1, minutes=n)


def asked(router: Router, **fields: object) -> WhatIfRun:
    period = preset("7d", zone=zone_of("UTC"), now=timezone.now())
    with within(router.tenant):
        return actions.start(router, Question(period=period, **fields), acting=ACTING)  # type: ignore[arg-type]


def answered(run: WhatIfRun, *, at_once: int = past.AT_ONCE) -> WhatIfRun:
    performing.perform(run.tenant_id, run.pk, at_once=at_once)
    with within(run.tenant_id):
        return run.tenant.what_if_runs.get(pk=run.pk)


def text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_draft_is_replayed_in_batches(support: Router, traffic: None) -> None:
    run = answered(asked(support), at_once=2)
    assert (run.state, run.done, run.total, run.share_done) == (State.DONE, 5, 5, 1.0)
    told = run.projection
    assert told is not None
    assert (told.evaluated, told.changed, told.violations) == (5, 5, 0)
    assert (told.cost, told.projected.amount) == (5 * 3_250_000, 5 * 130_000)


def test_a_whitelist_and_prices_can_be_tried_out(support: Router, traffic: None) -> None:
    run = answered(asked(support, policy=SERVED, prices={GPT_5.id: _price("2.50", "20")}))
    told = run.projection
    assert told is not None
    assert (told.changed, told.projected.amount) == (0, 5 * 6_500_000)
    run = answered(asked(support, whitelist=("anthropic/*",)))
    assert run.projection is not None
    assert run.projection.refused == {"no_eligible_model": 5}


def _price(into: str, out: str) -> object:
    from console.catalogue.specs import PriceSpec

    return PriceSpec(input=into, output=out)


def test_it_is_carried_out_once(support: Router, traffic: None) -> None:
    run = answered(asked(support))
    with within(run.tenant_id):
        WhatIfRun._base_manager.filter(pk=run.pk).update(result=None)
    assert answered(run).result is None


def test_what_a_dead_worker_left_is_taken_up_again(
    support: Router, traffic: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, sent = asked(support), list[object]()
    monkeypatch.setattr(performing, "wake", lambda tenant, run: sent.append(run))
    now = timezone.now()
    assert performing.sweep(now=now) == 0
    with within(run.tenant_id):
        run.tenant.what_if_runs.update(state=State.RUNNING, beat_at=now - performing.SILENT * 2)
    assert performing.sweep(now=now) == 1
    assert sent == [run.pk]
    assert answered(run).state == State.DONE


def test_an_error_of_ours_ends_it_and_is_said(support: Router, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(performing, "observed", fail)
    run = answered(asked(support))
    assert (run.state, run.problem) == (State.FAILED, performing.FAILED)


def test_only_so_many_at_once(support: Router) -> None:
    for _ in range(actions.MOST_AT_ONCE):
        asked(support)
    with pytest.raises(actions.TooMany):
        asked(support)


def test_the_editor_asks_and_the_page_answers(support: Router, traffic: None, ada: Person) -> None:
    assert "What would this draft have done?" in ada.client.get("/t/acme/routers/support/").content.decode()
    response = ada.client.post("/t/acme/routers/support/what-if/", {"period": "7d"})
    assert response.status_code == 302
    address = response["location"]
    waiting = ada.client.get(address).content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    with within(support.tenant):
        run = support.tenant.what_if_runs.get()
    answered(run)
    page = ada.client.get(address).content.decode()
    assert 'hx-trigger="every 1s"' not in page
    assert "Would have cost less $0.0156" in text(page)
    assert "5 ladders of 5 models checked: none outside whitelists or below a floor" in text(page)
    assert "Publish this draft" in page
    listed = text(ada.client.get("/t/acme/routers/support/what-if/").content.decode())
    assert "the draft, save 2" in listed


def test_a_draft_is_published_from_its_answer(support: Router, traffic: None, ada: Person) -> None:
    run = answered(asked(support))
    page = ada.client.get(f"/t/acme/routers/support/what-if/{run.pk}/").content.decode()
    found = re.search(r'action="([^"]+/publish/)">.*?name="version" value="(\d+)"', page, re.DOTALL)
    assert found is not None
    ada.client.post(found[1], {"version": found[2], "note": "Replayed first"})
    with within(support.tenant):
        current = support.tenant.routers.get().current
    assert current is not None
    assert current.policy == DRAFT


def test_a_draft_that_was_saved_since_is_not_published_unseen(support: Router, ada: Person) -> None:
    run = answered(asked(support))
    with within(support.tenant):
        routers.save_draft(support, SERVED, acting=ACTING)
    page = ada.client.get(f"/t/acme/routers/support/what-if/{run.pk}/").content.decode()
    assert "Publish this draft" not in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"period": "fortnight"}, "Select a valid choice"),
        ({"period": "7d", "whitelist": "not a pattern"}, "is no pattern"),
        ({"period": "7d", "prices": "openai/gpt-5 1"}, "Line 1 is not a model"),
        ({"period": "7d", "prices": "openai/gpt-5 1 lots"}, "lots"),
        ({"period": "7d", "prices": "nobody/nothing 1 2"}, "There is no model nobody/nothing"),
    ],
)
def test_what_cannot_be_asked_is_said(support: Router, ada: Person, given: dict[str, str], said: str) -> None:
    response = ada.client.post("/t/acme/routers/support/what-if/", given)
    assert response.status_code == 422
    assert said in text(response.content.decode())
    with within(support.tenant):
        assert not support.tenant.what_if_runs.exists()


def test_no_traffic_and_foreign_runs(support: Router, ada: Person, eve: Person, evil: Tenant) -> None:
    run = answered(asked(support))
    page = ada.client.get(f"/t/acme/routers/support/what-if/{run.pk}/").content.decode()
    assert "There is nothing to replay" in page
    with within(evil):
        evil.provider_keys.create(name="main", provider="openai")
        routers.create(evil, "support", SERVED, acting=ACTING)
    assert eve.client.get(f"/t/evil/routers/support/what-if/{run.pk}/").status_code == 404
    assert eve.client.get(f"/t/acme/routers/support/what-if/{run.pk}/").status_code == 404


def test_a_free_plan_may_ask_as_well(support: Router, ada: Person) -> None:
    Tenant.objects.filter(slug="acme").update(plan=Plan.FREE)
    assert ada.client.get("/t/acme/routers/support/what-if/").status_code == 200
