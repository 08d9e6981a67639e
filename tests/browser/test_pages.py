"""Every page of the product, as a customer sees it: light, dark, on a phone, and before anything has happened."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, StorageState, expect

from tests.browser.conftest import Opened
from tests.browser.looks import holds_together
from tests.browser.product import Product

pytestmark = pytest.mark.browser

type Visit = Callable[..., Callable[[str], Page]]

ANYWHERE = {
    "overview": "",
    "savings": "savings/",
    "overkill": "overkill/",
    "underkill": "underkill/",
    "spend": "spend/",
    "budgets": "budgets/",
    "budget-new": "budgets/new/",
    "requests": "requests/",
    "routers": "routers/",
    "router-new": "new-router/",
    "playground": "playground/",
    "statements": "statements/",
    "provider-invoices": "provider-invoices/",
    "alerts": "alerts/",
    "alert-channel": "alerts/channel/",
    "alert-settings": "alerts/settings/",
    "models": "models/",
    "models-all": "models/?reach=all&tier=premium",
    "model": "model/openai/gpt-5/",
    "model-new": "new-model/",
    "floor-new": "models/floor/",
    "provider-keys": "provider-keys/",
    "provider-key-new": "provider-keys/new/",
    "gateway-keys": "gateway-keys/",
    "gateway-key-new": "gateway-keys/new/",
    "tokens": "admin-tokens/",
    "token-new": "admin-tokens/new/",
    "members": "members/",
    "audit": "audit/",
    "settings": "settings/",
    "unread-events": "unread-events/",
    "prices": "prices/",
}
WITH_TRAFFIC = {
    **ANYWHERE,
    "savings-by-rule": "savings/?by=rule",
    "spend-by-tier": "spend/?by=tier&period=7d",
    "router": "routers/support/",
    "router-what-if": "routers/support/what-if/",
    "router-basics": "routers/support/basics/",
    "router-rule": "routers/support/rules/1/",
    "router-otherwise": "routers/support/otherwise/",
    "router-floors": "routers/support/floors/",
    "router-floor": "routers/support/floors/0/",
    "router-test": "routers/support/tests/0/",
    "router-versions": "routers/support/versions/",
    "router-version": "routers/support/versions/1/",
    "request": "requests/?outcome=answered&live=0",
    "request-escalated": "requests/?outcome=escalated&live=0",
    "request-fell-back": "requests/?outcome=fell_back&live=0",
    "request-unpriced": "requests/?known=false&live=0",
}
MAIN_ACTIONS = {
    "routers/": "New router",
    "models/": "Add a model",
    "provider-keys/": "Add a key",
    "gateway-keys/": "Make a key",
    "members/": "Invite",
    "routers/support/": "Add a rule",
}
LOOKS = {"light": {"width": 1440}, "dark": {"width": 1440, "dark": True}, "phone": {"width": 390}}


@pytest.fixture
def visit(opened: Opened, product: Product, owner: StorageState) -> Visit:
    def looking(tenant: str, **look: object) -> Callable[[str], Page]:
        """Goes from page to page in one browser; nothing that a page asks for may be missing."""
        page = opened("about:blank", state=owner, **look)
        missed: list[str] = []

        def note(response: Response) -> None:
            if response.status >= 400:
                missed.append(f"{response.status} {response.url}")

        page.on("response", note)

        def go(path: str) -> Page:
            page.goto(f"{product.console}/t/{tenant}/{path}")
            assert missed == []
            return page

        return go

    return looking


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_a_company_with_traffic(visit: Visit, look: str) -> None:
    go = visit("halcyon", **LOOKS[look])
    for name, path in WITH_TRAFFIC.items():
        page = go(path)
        if name.startswith("request-") or name == "request":
            page.locator("#rows a.row-link").first.click()
            page.wait_for_url("**/requests/*/")
        holds_together(page, f"{look}-{name}", contrast=look != "phone")


@pytest.mark.parametrize("look", ["light", "phone"])
def test_every_page_before_anything_has_happened(visit: Visit, product: Product, look: str) -> None:
    product.found(f"new-{look}")
    go = visit(f"new-{look}", **LOOKS[look])
    for name, path in ANYWHERE.items():
        holds_together(go(path), f"empty-{look}-{name}")


@pytest.mark.parametrize("look", LOOKS)
def test_the_way_in(opened: Opened, product: Product, look: str) -> None:
    page = opened(f"{product.console}/t/halcyon/", **LOOKS[look])
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    holds_together(page, f"{look}-sign-in")


def test_what_is_kept_from_the_free_plan(visit: Visit, product: Product) -> None:
    product.found("modest", plan="free")
    go = visit("modest")
    for name in ("savings", "overkill", "underkill"):
        holds_together(go(f"{name}/"), f"free-{name}")


def test_main_actions_are_reached_by_keyboard(visit: Visit) -> None:
    """Past the navigation by the link that leads there, and on with the tab key."""
    go = visit("halcyon")
    for path, action in MAIN_ACTIONS.items():
        page = go(path)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.innerText.trim()") == action:
                break
        else:
            raise AssertionError(f"{action} cannot be reached on {path}")
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
