"""The rule editor in a real browser: forms and YAML follow one another, rules are dragged, drafts published."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.routers import actions, starters
from console.routers.selectors import router_of, surroundings
from console.tenancy import Role, every_tenant, within
from console.tenants.models import Membership, Plan, Tenant, User
from gateway.core.policy import Policy
from tests.browser.conftest import Opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

type Visit = Callable[..., Page]


@pytest.fixture
def ada(transactional_db: None) -> Membership:
    tenant = Tenant.objects.create(slug="acme", name="Acme Inc", plan=Plan.PRO, tags=["team"])
    user = User.objects.create_user("ada@acme.test")
    with every_tenant():
        membership = tenant.memberships.create(user=user, role=Role.OWNER)
        tenant.provider_keys.create(name="main", provider="openai")
    with within(tenant):
        policy = starters.policy("ladder", surroundings(tenant).models)
        actions.create(tenant, "support", policy, acting=membership.actor)
    return membership


@pytest.fixture
def visit(opened: Opened, live_server: LiveServer, ada: Membership) -> Visit:
    """A page of Acme, opened by Ada, who is signed in."""
    client = Client()
    client.force_login(ada.user)
    session = client.cookies["sessionid"].value

    def visit(path: str, **how: object) -> Page:
        page = opened(f"{live_server.url}/healthz", **how)
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page.goto(f"{live_server.url}/t/acme/{path}")
        return page

    return visit


def draft(membership: Membership) -> Policy:
    with within(membership.tenant):
        return router_of(membership.tenant, "support").policy


def test_the_yaml_and_the_findings_follow_the_form(visit: Visit, ada: Membership) -> None:
    page = visit("routers/support/")
    page.get_by_role("link", name="routine", exact=True).click()
    page.get_by_label("Name").fill("everyday")
    expect(page.get_by_label("Policy as YAML")).to_have_value(re.compile("name: everyday"))
    page.get_by_role("button", name="Matches a pattern").click()
    page.get_by_role("textbox", name="Pattern").fill("(")
    expect(page.locator("#inspection")).to_contain_text("Not a usable pattern")
    page.get_by_role("textbox", name="Pattern").fill("^ok$")
    expect(page.locator("#inspection")).to_contain_text("Ready to publish")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator("#rule-2")).to_contain_text("everyday")
    rule = draft(ada).rules[1]
    assert rule.cascade is not None
    assert [check.kind for check in rule.cascade.checks] == ["not_refusal", "regex"]


def test_rules_are_dragged_and_moved_by_keyboard(visit: Visit, ada: Membership) -> None:
    page = visit("routers/support/")
    page.locator("#rule-2 .handle").drag_to(page.locator("#rule-1"), target_position={"x": 80, "y": 4})
    expect(page.locator("#rule-1")).to_contain_text("routine")
    assert [rule.name for rule in draft(ada).rules] == ["routine", "hard work"]
    page.get_by_role("button", name="Move routine down").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#rule-1")).to_contain_text("hard work")
    assert [rule.name for rule in draft(ada).rules] == ["hard work", "routine"]


def test_yaml_is_checked_as_one_types_and_becomes_rules(visit: Visit, ada: Membership) -> None:
    page = visit("routers/support/")
    yaml = page.get_by_label("Policy as YAML")
    written = yaml.input_value()
    yaml.fill(written.replace("tier: premium", "tier: premum"))
    expect(page.locator("#inspection")).to_contain_text("“premum” is none of local")
    expect(page.locator(".editor-gutter .is-wrong")).to_have_count(1)
    yaml.fill(written.replace("name: hard work", "name: heavy"))
    page.get_by_role("button", name="Save YAML").click()
    expect(page.locator("#rule-1")).to_contain_text("heavy")
    assert draft(ada).rules[0].name == "heavy"


def test_a_draft_is_published_with_its_difference_before_ones_eyes(visit: Visit, ada: Membership) -> None:
    page = visit("routers/support/")
    page.get_by_role("link", name="Publish…").click()
    dialog = page.get_by_role("dialog", name="Publish this draft?")
    dialog.get_by_label("Note").fill("first")
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_label("Publishing")).to_contain_text("Version 1 is served")
    expect(page.get_by_label("Publishing")).to_contain_text("first")


def test_the_playground_answers_as_one_types(visit: Visit) -> None:
    page = visit("playground/")
    page.locator("#id_text").fill("Classify this review as positive or negative: I love it")
    expect(page.locator("#answer")).to_contain_text("sends it to")
    expect(page.locator("#answer")).to_contain_text("Classification")


def test_a_whitelist_is_previewed_as_one_types(visit: Visit) -> None:
    page = visit("models/")
    page.get_by_label("Only these").check()
    page.locator(".tag-input input").fill("openai/gpt-5-*")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_contain_text("Admits 4 of")


def test_without_javascript_a_rule_is_still_made(visit: Visit, ada: Membership) -> None:
    page = visit("routers/support/", script=False)
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Name").fill("coding")
    page.locator("label", has_text="Coding").click()
    page.locator("label", has_text="Mid").first.click()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator("#rule-3")).to_contain_text("coding")
    assert draft(ada).rules[2].name == "coding"
