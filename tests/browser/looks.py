"""What any page must be, whoever looks at it and on whatever."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page, expect


def holds_together(page: Page, name: str, *, contrast: bool = False) -> None:
    """Charts drawn, one heading, nothing wider than its room, every control named, and all text to be read.

    With SHOTS=folder each page leaves a picture there.
    """
    for chart in page.locator(".chart-canvas").all():
        expect(chart.locator("canvas").first).to_be_visible()
    assert page.title()
    assert page.locator("h1").count() == 1, name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
    scrolled = page.evaluate(SCROLLED_TABLES)
    assert not scrolled, f"{name} scrolls sideways: {scrolled}"
    assert (name, unnamed(page)) == (name, [])
    if contrast:
        faint = page.evaluate(FAINT_TEXT)
        assert not faint, f"{name} is hard to read: {faint}"
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def unnamed(page: Page) -> list[str]:
    """Controls a screen reader could not name."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
            .filter((one) => one.type !== "hidden")
            .filter((one) => one.checkVisibility({ visibilityProperty: true }))
            .filter((one) => !(one.innerText?.trim() || one.ariaLabel || one.labels?.length || one.title))
            .map((one) => one.outerHTML)"""
    )


SCROLLED_TABLES = """() => [...document.querySelectorAll(".table-wrap")]
    .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth)
    .map((one) => one.innerText.slice(0, 60))"""

FAINT_TEXT = """() => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
    const over = (colour, under) => {
        if (colour === "rgba(0, 0, 0, 0)") return under;
        canvas.fillStyle = `rgb(${under.join(" ")})`; canvas.fillRect(0, 0, 1, 1);
        canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const known = new Map();
    const ground = (one) => {
        if (!one) return [255, 255, 255];
        if (!known.has(one)) known.set(one, over(getComputedStyle(one).backgroundColor, ground(one.parentElement)));
        return known.get(one);
    };
    const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const light = (rgb) => rgb.map((part) => linear(part / 255)).reduce(
        (sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const one = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !one.checkVisibility({visibilityProperty: true})) continue;
        if (one.closest("[disabled], .visually-hidden, script, template, option")) continue;
        const under = ground(one), text = over(getComputedStyle(one).color, under);
        const [high, low] = [light(text), light(under)].sort((a, b) => b - a);
        const ratio = (high + 0.05) / (low + 0.05);
        const large = parseFloat(getComputedStyle(one).fontSize) >= 24;
        const words = walker.currentNode.data.trim().slice(0, 30);
        if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${one.className || one.tagName} ${words}`);
    }
    return faint;
}"""
