"""Making, publishing, restoring, switching and deleting through the pages."""

from __future__ import annotations

import pytest

from console.routers import actions, selectors
from console.routers.models import Router
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from tests.console.browsing import form_in
from tests.console.conftest import Person

HERE = "/t/acme/routers/support/"
PLAIN = Policy(otherwise=Otherwise(tier=Tier.MID))


def now(acme: Tenant, slug: str = "support") -> Router:
    with within(acme):
        return selectors.router_of(acme, slug)


@pytest.fixture
def plain(acme: Tenant, ben: Person, contract: Router) -> Router:
    """Nothing is wrong with it, unlike with the contract's: that test needs the contract's floor."""
    with within(acme):
        return actions.save_draft(contract, PLAIN, acting=ben.acting)


@pytest.mark.parametrize("starter", ["ladder", "careful", "plain"])
def test_a_router_is_made_from_a_starter_that_can_be_published(
    acme: Tenant, ben: Person, contract: Router, starter: str
) -> None:
    response = ben.client.post("/t/acme/new-router/", {"id": "fresh", "starter": starter})
    assert response["location"] == "/t/acme/routers/fresh/"
    made = now(acme, "fresh")
    with within(acme):
        assert actions.publish(made, acting=ben.acting).number == 1
    assert made.policy.baseline.startswith(("openai/", "anthropic/"))


@pytest.mark.parametrize("slug", ["", "Bad Id", "support", "x" * 65])
def test_a_bad_id_is_said(acme: Tenant, ben: Person, contract: Router, slug: str) -> None:
    response = ben.client.post("/t/acme/new-router/", {"id": slug, "starter": "plain"})
    assert response.status_code == 422
    assert "field-errors" in response.content.decode()
    with within(acme):
        assert acme.routers.count() == 1


def test_the_list_says_what_to_do_first(acme: Tenant, ben: Person, vera: Person) -> None:
    assert "New router" in ben.client.get("/t/acme/routers/").content.decode()
    assert "An editor of this tenant" in vera.client.get("/t/acme/routers/").content.decode()


def test_publishing_shows_the_difference_and_makes_a_version(
    acme: Tenant, ben: Person, plain: Router
) -> None:
    page = ben.client.get(HERE).content.decode()
    assert "Nobody is served yet" in page
    response = ben.client.post(f"{HERE}publish/", {"version": plain.version, "note": "go"}, follow=True)
    assert "Version 1 is served" in response.content.decode()
    version = now(acme).current
    assert version is not None
    assert (version.number, version.note, version.policy) == (1, "go", PLAIN)


def test_a_failing_test_blocks_publishing_and_says_so(acme: Tenant, ben: Person, contract: Router) -> None:
    page = ben.client.get(HERE).content.decode()
    assert "1 failing test in the way" in page
    assert 'id="publish"' not in page
    response = ben.client.post(f"{HERE}publish/", {"version": contract.version}, follow=True)
    assert "Not published: test regulated stays up: tier is" in response.content.decode()
    assert now(acme).current is None


def test_what_somebody_else_changed_is_not_published_unseen(acme: Tenant, ben: Person, plain: Router) -> None:
    assert ben.client.post(f"{HERE}publish/", {"version": plain.version - 1}).status_code == 409
    assert now(acme).current is None


def test_versions_and_restoring(acme: Tenant, ben: Person, plain: Router) -> None:
    with within(acme):
        actions.publish(plain, acting=ben.acting)
        actions.save_draft(plain, Policy(otherwise=Otherwise(tier=Tier.PREMIUM)), acting=ben.acting)
        actions.publish(plain, acting=ben.acting)
    assert "Version 2" in ben.client.get(f"{HERE}versions/").content.decode()
    page = ben.client.get(f"{HERE}versions/1/").content.decode()
    assert "tier: premium" in page
    assert "Restore" in page
    assert ben.client.get(f"{HERE}versions/9/").status_code == 404
    ben.client.post(f"{HERE}versions/1/restore/")
    assert now(acme).policy == PLAIN
    assert ben.client.post(f"{HERE}versions/9/restore/").status_code == 404


def test_switching_off_and_on(acme: Tenant, ben: Person, plain: Router) -> None:
    ben.client.post(f"{HERE}switch/", {"enabled": "no"})
    assert not now(acme).enabled
    ben.client.post(f"{HERE}switch/", {"enabled": "yes"})
    assert now(acme).enabled


def test_deleting_asks_for_the_id(acme: Tenant, ben: Person, plain: Router) -> None:
    ben.client.post(f"{HERE}delete/", {"typed": "other"})
    assert now(acme).slug == "support"
    response = ben.client.post(f"{HERE}delete/", {"typed": "support"})
    assert response["location"] == "/t/acme/routers/"
    with within(acme):
        assert not acme.routers.exists()


def test_the_pages_of_a_router_are_nobody_elses(eve: Person, plain: Router, acme: Tenant) -> None:
    with within(eve.membership.tenant):
        actions.create(eve.membership.tenant, "theirs", PLAIN, acting=eve.acting)
    for path in ("", "floors/", "versions/", "rules/0/", "otherwise/"):
        assert eve.client.get(f"/t/acme/routers/support/{path}").status_code == 404
        assert eve.client.get(f"/t/evil/routers/support/{path}").status_code == 404
    assert eve.client.post("/t/evil/routers/support/delete/", {"typed": "support"}).status_code == 404
    assert now(acme).slug == "support"


def test_a_viewer_sees_and_is_offered_nothing_to_change(vera: Person, plain: Router) -> None:
    page = vera.client.get(HERE).content.decode()
    for word in ("Add a rule", "Save YAML", "Publish…", "arrow-up", "Delete"):
        assert word not in page
    assert form_in(page) is not None
