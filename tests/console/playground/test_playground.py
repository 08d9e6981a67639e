"""A request tried on a draft: the decision is the gateway's, nobody is called, nothing is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from msgspec.structs import replace

from console.publishing.snapshot import snapshot_of
from console.routers import actions, explaining, selectors
from console.routers.explaining import explained
from console.routers.models import Router
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.classify import Turn
from gateway.core.conditions import Condition
from gateway.core.decide import Route, decide
from gateway.core.facts import Need, Tier
from gateway.core.policy import Floor, Otherwise, Policy, Rule
from gateway.core.router import compile_router
from gateway.core.samples import Asked
from tests.console.conftest import Person

HERE = "/t/acme/playground/"
HTMX = {"HX-Request": "true"}
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = Policy(
    baseline="openai/gpt-5",
    rules=(
        Rule(name="vip", when=Condition(tag={"team": "vip"}), tier=Tier.PREMIUM),
        Rule(name="tools", when=Condition(has=Need.TOOLS), tier=Tier.MID),
    ),
    otherwise=Otherwise(tier=Tier.LIGHTWEIGHT),
    floors=(Floor(name="regulated", tier=Tier.PREMIUM, when=Condition(tag={"data": "regulated"})),),
)


@pytest.fixture
def support(acme: Tenant, ben: Person) -> Router:
    with within(acme):
        acme.provider_keys.create(name="main", provider="openai")
        return actions.create(acme, "support", POLICY, acting=ben.acting)


def asked(person: Person, **fields: str) -> str:
    data = {"router": "support", "policy": "draft", "text": "Hello there", "model": "auto"} | fields
    response = person.client.post(HERE, data)
    assert response.status_code == 200
    return response.content.decode()


def test_it_says_what_to_do_first(ben: Person, vera: Person, acme: Tenant) -> None:
    assert "Nothing to try yet" in ben.client.get(HERE).content.decode()


def test_a_request_is_explained_before_anything_is_published(vera: Person, support: Router) -> None:
    page = asked(vera, text="Classify this review as positive or negative: I love it")
    assert '<span class="class-badge" data-class="classification">' in page
    assert '<span class="model-provider">openai/</span>gpt-5-nano' in page
    assert "less</b>" in page or "less than the baseline openai/gpt-5" in page
    assert "no provider key for anthropic" in page
    assert "below lightweight, which rule" in page
    assert "Evidence" in page


@pytest.mark.parametrize(
    ("fields", "rule", "tier"),
    [
        ({}, "otherwise", "lightweight"),
        ({"tags": "team=vip"}, "vip", "premium"),
        ({"tags": "team=other, data=regulated"}, "otherwise", "premium"),
        ({"has": "tools"}, "tools", "mid"),
    ],
)
def test_tags_and_needs_decide(
    ben: Person, support: Router, fields: dict[str, str], rule: str, tier: str
) -> None:
    page = asked(ben, **fields)
    assert f"<dt>Rule</dt><dd>{rule}</dd>" in page
    assert f'<dt>Asks for</dt><dd><span class="tier" data-tier="{tier}">' in page


def test_a_floor_that_lifts_is_named(ben: Person, support: Router) -> None:
    page = asked(ben, tags="data=regulated")
    assert "raised by floor regulated" in page


def test_the_draft_and_what_is_served_are_told_apart(acme: Tenant, ben: Person, support: Router) -> None:
    with within(acme):
        actions.publish(support, acting=ben.acting)
        premium = replace(POLICY, otherwise=Otherwise(tier=Tier.PREMIUM))
        actions.save_draft(support, premium, acting=ben.acting)
    draft, served = asked(ben), asked(ben, policy="served")
    assert "The draft of support" in draft
    assert "What is served would send it to" in draft
    assert "Version 1 of support" in served
    assert "The draft would send it to" in served


def test_a_request_that_nobody_can_answer_says_why(ben: Person, support: Router) -> None:
    page = asked(ben, input_tokens="99000000")
    assert "Refused: no model is left" in page
    assert "context_length_exceeded" in page


def test_a_bare_yes_means_what_was_asked_for(ben: Person, support: Router) -> None:
    alone = asked(ben, text="yes")
    after = asked(
        ben,
        text="yes",
        earlier_user="Write a Python function that parses ISO dates and handles time zones",
        earlier_answer="Do you want me to add type hints and tests?",
    )
    assert 'data-class="coding"' in after
    assert 'data-class="coding"' not in alone


def test_htmx_gets_the_answer_alone(ben: Person, support: Router) -> None:
    response = ben.client.post(HERE, {"router": "support", "text": "Hi"}, headers=HTMX)
    page = response.content.decode()
    assert "<html" not in page
    assert 'id="answer"' in page


@pytest.mark.parametrize(
    "fields",
    [
        {"router": "none"},
        {"tags": "novalue"},
        {"input_tokens": "-1"},
        {"has": "wings"},
        {"text": "x" * 200_001},
    ],
)
def test_what_cannot_be_asked_is_said(ben: Person, support: Router, fields: dict[str, str]) -> None:
    response = ben.client.post(HERE, {"router": "support", "text": "Hi"} | fields)
    assert response.status_code == 422
    assert 'data-level="error"' in response.content.decode()


def test_nothing_is_kept(
    acme: Tenant,
    ben: Person,
    support: Router,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked(ben, text="PROMPT-CANARY-0f0f", system="PROMPT-CANARY-0f0f")
    with every_tenant():
        call_command("dumpdata", "--all", verbosity=0)
    kept = capsys.readouterr().out
    assert "support" in kept
    assert "PROMPT-CANARY" not in kept
    assert "PROMPT-CANARY" not in caplog.text


def test_another_tenants_router_cannot_be_tried(eve: Person, support: Router) -> None:
    assert eve.client.post("/t/evil/playground/", {"router": "support", "text": "Hi"}).status_code == 422


def test_the_decision_is_the_gateways(acme: Tenant, ben: Person, support: Router) -> None:
    """Decided once as the playground does, and once by the snapshot that the gateway is sent."""
    with within(acme):
        actions.publish(support, acting=ben.acting)
        tenant = selectors.surroundings(acme)
        sent = snapshot_of(acme, version=1, at=NOON)
    for text, tags in (
        ("Hello", {}),
        ("Prove it step by step", {"team": "vip"}),
        ("x", {"data": "regulated"}),
    ):
        question = Asked(turns=(Turn("user", text),), tags=tags)
        told = explained(question, POLICY, tenant, router="support", at=NOON)
        route = decide(told.facts, compile_router(sent.routers[0], sent))
        assert isinstance(route, Route)
        assert (told.decision.model, told.decision.rule) == (route.model, route.target.rule)


def test_every_model_of_the_tenant_is_accounted_for(acme: Tenant, support: Router) -> None:
    with within(acme):
        tenant = selectors.surroundings(acme)
    question = Asked(turns=(Turn("user", "Classify: good or bad?"),))
    decision = explained(question, POLICY, tenant, router="support", at=NOON).decision
    assert [each.model for each in decision.candidates if each.taken] == [decision.model]
    assert {each.model for each in decision.candidates} == {model.id for model in tenant.models}
    assert all(each.because for each in decision.candidates)


def test_what_is_served_is_the_draft_where_nothing_is(support: Router) -> None:
    assert explaining.policy_in(support, draft=False) == POLICY
