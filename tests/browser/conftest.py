"""A real Chromium, and pages that note each script error and violation of the content security policy."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState, sync_playwright

from tests.browser.product import Product, running

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]

ANSWERS = ("Failed to load resource", "Response Status Error Code")  # a test asks for these on purpose

type Opened = Callable[..., Page]


# Not of the session: Playwright keeps an event loop running in this thread, and tests elsewhere start their own.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER is set, and no Chromium is installed")
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop in this thread, which Django takes for a reason to refuse the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Opened]:
    """`opened(address, width=…, dark=…)`: a page of its own browser; nothing may go wrong in any of them."""
    wrong: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ANSWERS):
            wrong.append(message.text)

    def page(
        address: str,
        *,
        width: int = 1440,
        dark: bool = False,
        script: bool = True,
        state: StorageState | None = None,
    ) -> Page:
        context = chromium.new_context(
            storage_state=state,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        contexts.append(context)
        made = context.new_page()
        made.on("console", note)
        made.on("pageerror", lambda error: wrong.append(str(error)))
        made.goto(address)
        return made

    yield page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="package")
def gallery() -> Iterator[str]:
    """The address of the served gallery, without its path."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.browser.gallery"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip().removesuffix("/t/northwind/")
        server.terminate()


@pytest.fixture(scope="package")
def product(chromium: Browser) -> Iterator[Product]:
    """Only where there is a browser to look at it."""
    with running() as product:
        yield product


@pytest.fixture(scope="package")
def owner(chromium: Browser, product: Product) -> StorageState:
    """The cookies of the demo's owner, who came by the one-time link."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(product.sign_in)
    assert page.url == f"{product.console}/t/halcyon/"
    state = context.storage_state()
    context.close()
    return state
