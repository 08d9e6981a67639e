"""Every dollar leads down: a figure is clicked, and the requests it leads to are summed by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.browser.test_main_path import exactly, nano

pytestmark = pytest.mark.browser

FIGURES = {
    # page → the first of its figures that is clicked
    "savings/?period=7d&by=rule": "#by tbody tr:has-text('night summaries')",
    "savings/?period=7d&by=class": "#by tbody tr:has-text('Coding')",
    "spend/?period=7d&by=router": "section.card table:has(tfoot) tbody tr:has-text('back-office')",
    "spend/?period=7d&router=back-office&by=tier": "section.card table:has(tfoot) tbody tr:has-text('Mid')",
    "spend/?period=7d&by=outcome": "section.card table:has(tfoot) tbody tr:has-text('Escalated')",
}


@pytest.fixture
def page(opened: Opened, owner: StorageState) -> Page:
    return opened("about:blank", state=owner)


@pytest.mark.parametrize("address", FIGURES)
def test_a_row_leads_to_requests_that_sum_to_it(page: Page, product: Product, address: str) -> None:
    page.goto(f"{product.console}/t/halcyon/{address}")
    row = page.locator(FIGURES[address]).first
    column = page.locator("thead th", has_text="Spend" if "spend" in address else "Paid").last
    place = column.evaluate("one => one.cellIndex")
    paid = row.locator("td").nth(place).locator(".money").get_attribute("title")
    saved = row.locator(".money").last.get_attribute("title")
    row.locator("a.row-link").click()
    page.wait_for_url("**/requests/**")
    narrowed = page.locator("th", has_text="Of it here").count() > 0
    costs, savings = zip(*listed(page, narrowed=narrowed), strict=True)
    assert sum(costs) == nano(paid or "")
    if not narrowed:  # a request that two models answered is saved once
        assert sum(savings) == nano(saved or "")


def test_a_day_on_the_chart_leads_to_its_requests(page: Page, product: Product) -> None:
    page.goto(f"{product.console}/t/halcyon/savings/?period=7d&router=back-office")
    page.locator("#saved-caption ~ * .chart-table summary").click()
    figure = page.locator("figure[data-chart=saved] .chart-table td.num a").nth(2)
    shown = figure.locator("..").get_attribute("title")
    figure.click()
    page.wait_for_url("**/requests/**")
    assert sum(saved for _, saved in listed(page)) == nano(shown or "")


def test_a_step_of_the_waterfall_leads_to_its_lines(page: Page, product: Product) -> None:
    page.goto(f"{product.console}/t/halcyon/savings/?period=7d")
    cell = page.locator("figure[data-chart=waterfall] tr", has_text="Rejected answers").locator("td").first
    amount = cell.get_attribute("title")
    cell.locator("a").click()
    page.wait_for_url("**/requests/**part=rejected**")
    assert sum(cost for cost, _ in listed(page, narrowed=True)) == nano(amount or "") > 0


def test_what_underkill_wasted_leads_to_the_rejected_answers(page: Page, product: Product) -> None:
    page.goto(f"{product.console}/t/halcyon/underkill/?period=7d&router=back-office")
    row = page.locator("#findings tbody tr").first
    wasted = row.locator("td.num .money").first.get_attribute("title")
    row.locator("td.num a").first.click()
    page.wait_for_url("**/requests/**part=rejected**")
    assert sum(cost for cost, _ in listed(page, narrowed=True)) == nano(wasted or "") > 0


def test_the_same_period_has_the_same_figures_on_every_page(page: Page, product: Product) -> None:
    for period in ("7d", "30d", "month"):
        page.goto(f"{product.console}/t/halcyon/?period={period}")
        overview = [exactly(page, label) for label in ("Spend", "Net saved")]
        requests = page.locator(".stat", has_text="Requests").locator(".stat-value").inner_text()
        page.goto(f"{product.console}/t/halcyon/savings/?period={period}")
        assert exactly(page, "Net saved") == overview[1]
        assert nano(exactly(page, "Baseline")) - nano(exactly(page, "Paid")) == nano(overview[1])
        page.goto(f"{product.console}/t/halcyon/spend/?period={period}")
        sums = page.locator("tfoot .money").evaluate_all("all => all.map((one) => one.title)")
        assert [sums[0], sums[-1]] == overview
        page.goto(f"{product.console}/t/halcyon/requests/?period={period}&live=0")
        expect(page.locator("#rows h2")).to_contain_text(f"{requests} requests")
        expect(page.locator("#rows h2 .money")).to_have_attribute("title", overview[0])


def listed(page: Page, *, narrowed: bool = False) -> Iterator[tuple[int, int]]:
    """What each request cost, or the part of it that is meant, and what it saved: page after page."""
    part = "here" if narrowed else "cost"
    while True:
        rows = page.locator("#rows tbody tr").evaluate_all(
            f"""all => all.map((row) => ["{part}", "saved"].map(
                (cell) => row.querySelector(`[data-cell=${{cell}}] .money`).title))"""
        )
        yield from ((nano(cost), nano(saved)) for cost, saved in rows)
        older = page.get_by_role("link", name="Older")
        if not older.count():
            return
        first = rows[0], page.locator("#rows tbody a.row-link").first.get_attribute("href")
        older.click()
        expect(page.locator("#rows tbody a.row-link").first).not_to_have_attribute("href", first[1] or "")
