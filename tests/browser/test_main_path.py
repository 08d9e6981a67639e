"""From the sign-in link to the first dollar saved, as a newcomer does it: in the browser and with an unmodified SDK."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest
from openai import OpenAI
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Opened
from tests.browser.product import Product

pytestmark = pytest.mark.browser

ROUTINE = "Is this review positive or negative? Best umbrella I ever had."
ROUTER = "front-desk"
SHOWN_WITHIN = 15_000  # milliseconds from an answer to its row in the log

type Newcomer = Callable[..., Page]


@pytest.fixture
def newcomer(opened: Opened, product: Product, owner: StorageState) -> Newcomer:
    """Somebody in a tenant that has nothing but its owner, who was brought elsewhere by signing in."""

    def arrive(tenant: str, *, script: bool = True) -> Page:
        product.found(tenant)
        page = opened(f"{product.console}/t/halcyon/", state=owner, script=script)
        page.get_by_label("Tenant Halcyon Travel: switch").click()
        page.get_by_role("link", name=tenant.title()).click()
        expect(page.get_by_role("heading", name="The way to the first request")).to_be_visible()
        return page

    return arrive


def test_the_first_dollar(newcomer: Newcomer, product: Product) -> None:
    page = newcomer("lakeside")
    connect_a_provider(page)
    key = make_a_gateway_key(page)
    make_a_router(page)
    say_that_escalated_requests_stay_up(page)
    publish(page)
    served(product, key)
    with OpenAI(api_key=key, base_url=f"{product.gateway}/router/{ROUTER}/v1", max_retries=0) as client:
        ask(client)
        ask(client, escalated="true")
    to(page, "Requests")
    expect(page.locator("#rows tbody tr")).to_have_count(2, timeout=SHOWN_WITHIN)
    up, down = page.locator("#rows tbody tr").all()
    expect(up).to_contain_text("escalated")
    expect(up).to_contain_text("gpt-5")
    expect(down).to_contain_text("gpt-5-nano")
    saved = the_request_explains_itself(page)
    to(page, "Route Optimization")
    assert exactly(page, "Net saved") == saved  # the escalated one cost what its baseline would have
    expect(page.locator("#by tbody")).to_contain_text(ROUTER)


def test_keys_and_rules_without_javascript(newcomer: Newcomer) -> None:
    page = newcomer("riverside", script=False)
    connect_a_provider(page)
    make_a_gateway_key(page)
    make_a_router(page)
    say_that_escalated_requests_stay_up(page)
    publish(page)


def connect_a_provider(page: Page) -> None:
    page.get_by_role("link", name="Add a provider key").click()
    page.get_by_role("link", name="Add a key").click()
    page.get_by_label("Provider", exact=True).select_option(label="OpenAI")
    page.get_by_label("Name").fill("openai-main")
    page.get_by_label("Key", exact=True).fill("sk-of-nobody-0123456789abcdef")
    page.get_by_label("Base URL").fill("simulator:/openai/v1")
    page.get_by_role("button", name="Seal and save").click()
    page.get_by_role("button", name="Test this key").click()
    expect(page.locator("tbody")).to_contain_text("Working")
    expect(page.locator("tbody")).to_contain_text("…cdef")


def make_a_gateway_key(page: Page) -> str:
    """Shown once: looking again shows no more of it than its ends."""
    to(page, "Gateway keys")
    page.get_by_role("link", name="Make a key").click()
    page.get_by_label("Name").fill("reception")
    page.get_by_role("button", name="Make the key").click()
    key = page.locator("[data-secret]").inner_text()
    assert key.startswith("rw_")
    page.get_by_role("link", name="I have stored it").click()
    expect(page.locator("tbody")).to_contain_text("reception")
    assert key not in page.content()
    return key


def make_a_router(page: Page) -> None:
    to(page, "Routers")
    page.get_by_role("link", name="New router").first.click()
    page.get_by_label("Id", exact=True).fill(ROUTER)
    page.get_by_label("Down the ladder").check()
    page.get_by_role("button", name="Make the router").click()
    expect(page.locator("#inspection")).to_contain_text("Ready to publish")


def say_that_escalated_requests_stay_up(page: Page) -> None:
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Name").fill("escalated")
    page.get_by_label("Tag", exact=True).fill("escalated")
    page.get_by_label("Its values, separated by commas").fill("true")
    page.locator(".tier-choice").first.get_by_text("Premium").click()
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator("#inspection")).to_contain_text("escalated")  # a tag that nobody has declared
    declare_the_tag(page)
    to(page, "Routers")
    page.get_by_role("link", name=ROUTER).click()
    expect(page.locator("#inspection [data-level=warning]")).to_have_count(0)
    while page.get_by_role("button", name="Move escalated up").is_enabled():
        place = page.locator(".rule-card", has_text="escalated").get_attribute("id")
        page.get_by_role("button", name="Move escalated up").click()
        expect(page.locator(".rule-card", has_text="escalated")).not_to_have_id(place or "")
    expect(page.locator("#rule-1")).to_contain_text("when tag escalated is true")


def declare_the_tag(page: Page) -> None:
    to(page, "Settings")
    page.get_by_label("Attribution tags").fill("escalated")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved", exact=False).first).to_be_visible()


def publish(page: Page) -> None:
    page.get_by_role("link", name="Publish…").click()
    dialog = page.locator("#publish")
    dialog.get_by_label("Note").fill("escalated requests stay on premium")
    dialog.get_by_role("button", name="Publish").click()
    expect(page.get_by_label("Publishing")).to_contain_text("Version 1 is served")


def served(product: Product, key: str) -> None:
    """Within two seconds, as every page promises."""
    address = f"{product.gateway}/router/{ROUTER}/v1/models"
    deadline = time.monotonic() + 2
    while httpx.get(address, headers={"authorization": f"Bearer {key}"}).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(client: OpenAI, **tags: str) -> None:
    headers = {f"x-rungway-tag-{name}": value for name, value in tags.items()}
    answer = client.chat.completions.create(
        model="gpt-5", messages=[{"role": "user", "content": ROUTINE}], extra_headers=headers
    )
    assert answer.choices[0].message.content


def the_request_explains_itself(page: Page) -> str:
    """Of the routine one: why it went where it went, and the arithmetic of what that saved."""
    page.locator("#rows tbody tr", has_text="gpt-5-nano").get_by_role("link").first.click()
    page.wait_for_url("**/requests/*/")
    expect(page.locator(".candidates").first).to_contain_text("gpt-5-nano")
    expect(page.locator(".candidates .taken").first).to_contain_text("gpt-5-nano")
    expect(page.locator("dl.facts")).to_contain_text("Classification")
    paid, baseline = exactly(page, "Cost"), exactly(page, "Baseline")
    saved = exactly(page, "Saved")
    assert nano(saved) == nano(baseline) - nano(paid) > 0
    return saved


def to(page: Page, name: str) -> None:
    page.get_by_label("Main", exact=True).get_by_role("link", name=name, exact=True).click()


def exactly(page: Page, label: str) -> str:
    stat = page.locator(".stat").filter(has=page.locator(".stat-label", has_text=label)).first
    return stat.locator(".stat-value").get_attribute("title") or ""


def nano(written: str) -> int:
    whole, _, part = written.replace("$", "").replace(",", "").replace("−", "-").partition(".")
    return int(whole + part.ljust(9, "0"))
