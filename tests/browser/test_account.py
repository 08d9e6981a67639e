"""Signing in and the account's own pages, which allauth writes and our layouts and elements dress."""

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from console.tenancy import Role, every_tenant
from console.tenants.models import Membership, Plan, Tenant, User
from tests.browser.conftest import Opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a ladder has five rungs"
PAGES = {
    "/accounts/2fa/": "Two-Factor Authentication",
    "/accounts/2fa/totp/activate/": "Activate Authenticator App",
    "/accounts/password/change/": "Change Password",
    "/accounts/logout/": "Sign Out",
}


@pytest.fixture
def ada(chromium: Browser, transactional_db: None) -> User:
    user = User.objects.create_user("ada@acme.test", password=PASSWORD)
    with every_tenant():
        tenant = Tenant.objects.create(slug="acme", name="Acme Inc", plan=Plan.PRO)
        Membership.objects.create(tenant=tenant, user=user, role=Role.OWNER)
    return user


@pytest.fixture
def signed_in(opened: Opened, live_server: LiveServer, ada: User) -> Page:
    page = opened(f"{live_server.url}/accounts/login/?next=/accounts/2fa/")
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/accounts/2fa/")
    page.goto(f"{live_server.url}/accounts/reauthenticate/?next=/accounts/2fa/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/accounts/2fa/")
    return page


def test_the_account_pages_are_ours(signed_in: Page, live_server: LiveServer) -> None:
    for path, heading in PAGES.items():
        signed_in.goto(live_server.url + path)
        expect(signed_in.get_by_role("heading", level=1)).to_have_text(heading)
        assert signed_in.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_wrong_password_is_said(opened: Opened, live_server: LiveServer, ada: User) -> None:
    page = opened(f"{live_server.url}/accounts/login/", width=390)
    page.get_by_label("Email").fill(ada.email)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not correct")
