"""Every component in a real browser, under the policy the product is served with."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.browser.looks import holds_together

pytestmark = pytest.mark.browser

INSIDE = "/t/northwind"
PAGES = [
    f"{INSIDE}/savings/",
    f"{INSIDE}/spend/",
    f"{INSIDE}/requests/",
    f"{INSIDE}/requests/1/",
    f"{INSIDE}/routers/",
    f"{INSIDE}/routers/support/",
    f"{INSIDE}/gateway-keys/",
    f"{INSIDE}/audit/?toast=1",
    f"{INSIDE}/settings/",
    "/accounts/login/",
    "/accounts/password/reset/",
    "/error/404/",
    "/error/500/",
]


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False)])
def test_every_component_fits_and_breaks_no_rule(
    opened: Opened, gallery: str, width: int, dark: bool
) -> None:
    page = opened("about:blank", width=width, dark=dark)
    for path in PAGES:
        page.goto(gallery + path)
        holds_together(page, f"gallery-{width}-{dark}{path.replace('/', '-')}", contrast=width > 390)


def test_the_policy_in_force_allows_nothing_inline(opened: Opened, gallery: str) -> None:
    page = opened("about:blank")
    answer = page.goto(f"{gallery}{INSIDE}/savings/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy


def test_a_chosen_appearance_is_kept(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/savings/")
    html = page.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "light")
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(html).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="dark")
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="System").click()
    page.emulate_media(color_scheme="light")
    expect(html).to_have_attribute("data-bs-theme", "light")


def test_charts_change_colour_with_the_appearance(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/savings/")
    canvas = page.locator("#cost-canvas canvas")
    expect(canvas).to_be_visible()
    before = canvas.evaluate("(canvas) => canvas.toDataURL()")
    page.evaluate("theme.choose('dark')")
    page.wait_for_function(
        "before => document.querySelector('#cost-canvas canvas').toDataURL() !== before", arg=before
    )


def test_a_point_leads_where_its_figure_in_the_table_leads(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/savings/")
    expect(page.locator("#classes-canvas canvas")).to_be_visible()
    page.locator("#classes-canvas").scroll_into_view_if_needed()
    box = page.locator("#classes-canvas").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.14)
    page.wait_for_url(f"{gallery}/")


def test_a_tip_says_unknown_where_a_value_is_missing(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/savings/")
    expect(page.locator("#cost-canvas canvas")).to_be_visible()
    page.evaluate(
        "echarts.getInstanceByDom(document.querySelector('#cost-canvas'))"
        ".dispatchAction({type: 'showTip', seriesIndex: 1, dataIndex: 30})"
    )
    expect(page.locator(".chart-tip .unknown")).to_have_text("unknown")


def test_a_dialog_opens_traps_and_closes(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/routers/support/")
    page.locator("summary[aria-label=More]").click()
    page.get_by_role("link", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete support?")
    expect(dialog).to_be_visible()
    button = dialog.get_by_role("button", name="Delete router")
    expect(button).to_be_disabled()
    dialog.get_by_label("Type support to confirm").fill("support")
    expect(button).to_be_enabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_dialog_opens_without_script(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/routers/support/", script=False)
    page.get_by_role("link", name="Publish").click()
    expect(page.locator("#publish")).to_be_visible()
    page.locator("#publish").get_by_role("link", name="Close").click()
    expect(page.locator("#publish")).to_be_hidden()


@pytest.mark.parametrize("script", [True, False])
def test_navigation_opens_and_closes_on_a_phone(opened: Opened, gallery: str, script: bool) -> None:
    page = opened(f"{gallery}{INSIDE}/savings/", width=390, script=script)
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Requests")
    expect(link).to_be_hidden()
    page.get_by_label("Open navigation").click()
    expect(link).to_be_visible()
    page.get_by_label("Close navigation").click()
    expect(link).to_be_hidden()


def test_any_page_is_a_few_letters_away(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/savings/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Page").fill("reqs")
    expect(page.locator("#jump-list").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{gallery}{INSIDE}/requests/")


def test_filters_change_the_page_in_place(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/savings/")
    expect(page.locator("#cost-canvas canvas")).to_be_visible()
    page.evaluate("window.before = document.querySelector('#cost-canvas')")
    page.get_by_label("Router").select_option("support")
    page.wait_for_url(re.compile(r"router=support"))
    page.wait_for_function("document.querySelector('#cost-canvas') !== before")
    expect(page.locator("#cost-canvas canvas")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    page.wait_for_url(f"{gallery}{INSIDE}/savings/")


def test_where_we_are_is_marked(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/requests/1/")
    assert page.locator(".nav-item[aria-current=page]").all_inner_texts() == ["Requests"]


def test_copying(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/gateway-keys/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".secret").get_by_role("button", name="Copy").click()
    expect(page.locator("#toasts")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("rw_")


def test_a_failed_request_is_said(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/audit/")
    page.get_by_role("button", name="A request that fails").click()
    expect(page.locator("[data-toast]")).to_contain_text("went wrong on our side")
    page.get_by_label("Dismiss").click()
    expect(page.locator("[data-toast]")).to_have_count(0)


def test_tags_are_typed_and_taken_away(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/gateway-keys/")
    field = page.locator(".card input[name=tags]").first
    entry = page.get_by_label("Tags").first
    entry.press_sequentially("feature=chat,")
    expect(field).to_have_value("team=search, env=prod, feature=chat")
    page.get_by_label("Remove env=prod").first.click()
    expect(field).to_have_value("team=search, feature=chat")
    entry.press("Backspace")
    expect(field).to_have_value("team=search")


def test_a_dragged_rule_sends_the_new_order(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/routers/support/")
    handles = page.locator(".handle")
    handles.nth(2).drag_to(page.locator("[data-sortable-item]").first, target_position={"x": 200, "y": 4})
    page.wait_for_url(re.compile(r"order=c%2Ca%2Cb"))


def test_the_editor_numbers_indents_and_leads_to_a_mistake(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/routers/support/")
    text = page.get_by_label("Policy", exact=True)
    expect(page.locator(".editor-gutter .is-wrong")).to_have_text("11")
    page.get_by_role("link", name="Line 11").click()
    assert (
        text.evaluate("(one) => one.value.slice(one.selectionStart, one.selectionEnd)")
        == "    tier: lightwight"
    )
    text.press("End")
    text.press("Tab")
    assert "lightwight  \n" in text.input_value()
    text.press("Escape")
    text.press("Tab")
    expect(text).not_to_be_focused()


def test_the_keyboard_reaches_the_content_first(opened: Opened, gallery: str) -> None:
    page = opened(f"{gallery}{INSIDE}/savings/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
