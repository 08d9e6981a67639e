"""The audit trail: filtered, paged by key, and told in words."""

import pytest

from console.audit.actions import changed, record
from console.audit.selectors import entries
from console.tenancy import within
from console.tenants.models import Tenant
from tests.console.conftest import Person


@pytest.fixture
def trail(acme: Tenant, ada: Person, ben: Person) -> None:
    with within(acme):
        for number in range(70):
            record(acme, acting=ben.acting, verb="router.saved", subject=f"router-{number}")
        changes = changed({"tier": "mid", "tags": []}, {"tier": "premium", "tags": ["a", "b"]})
        record(acme, acting=ada.acting, verb="router.published", subject="support", changes=changes)


def test_empty_it_says_so(ada: Person) -> None:
    assert "Nothing has been changed yet" in ada.client.get("/t/acme/audit/").content.decode()


@pytest.mark.usefixtures("trail")
class TestPage:
    def test_the_newest_comes_first_and_says_what_changed(self, vera: Person) -> None:
        page = vera.client.get("/t/acme/audit/").content.decode()
        assert "Router published" in page
        assert '<del class="muted">mid</del> → premium' in page
        assert "a, b" in page
        assert "router-69" in page
        assert "router-20<" not in page

    def test_it_is_filtered_by_who_and_what(self, vera: Person) -> None:
        page = vera.client.get("/t/acme/audit/?actor=ada@acme.test").content.decode()
        assert "router-69" not in page
        page = vera.client.get("/t/acme/audit/?verb=router.saved").content.decode()
        assert "Router published" not in page

    def test_every_entry_is_on_one_page(self, acme: Tenant) -> None:
        with within(acme):
            first = entries(acme)
            assert first.next is not None
            second = entries(acme, before=first.next)
        subjects = [entry.subject for entry in (*first.entries, *second.entries)]
        assert subjects == ["support", *(f"router-{number}" for number in reversed(range(70)))]
        assert second.next is None

    def test_what_is_asked_by_script_comes_alone(self, vera: Person) -> None:
        part = vera.client.get("/t/acme/audit/", headers={"hx-request": "true"}).content.decode()
        assert "<html" not in part
        assert "router-69" in part

    @pytest.mark.parametrize(
        "query", ["cursor=x", "cursor=-1", "cursor=9" * 40, "actor=%00", "verb=' OR 1=1"]
    )
    def test_an_odd_question_is_answered_by_everything(self, vera: Person, query: str) -> None:
        response = vera.client.get(f"/t/acme/audit/?{query}")
        assert response.status_code == 200

    def test_others_trails_stay_theirs(self, eve: Person) -> None:
        assert "Nothing has been changed yet" in eve.client.get("/t/evil/audit/").content.decode()
