"""Members and settings as pages: who sees which controls, and what a form does."""

import pytest

from console.outbox.selectors import is_stale
from console.tenancy import Role, every_tenant, within
from console.tenants.models import Membership, Tenant
from gateway.core.price import Unpriced
from tests.console.conftest import Person


def roles(tenant: Tenant) -> dict[str, str]:
    with every_tenant():
        return dict(Membership.objects.filter(tenant=tenant).values_list("user__email", "role"))


class TestMembers:
    def test_everybody_sees_who_is_there(self, vera: Person, ada: Person) -> None:
        page = vera.client.get("/t/acme/members/").content.decode()
        assert "ada@acme.test" in page
        assert "Invite somebody" not in page
        assert "Remove…" not in page

    def test_an_admin_has_no_controls_over_owners(self, ada: Person, adam: Person, ben: Person) -> None:
        page = adam.client.get("/t/acme/members/").content.decode()
        assert f"/members/{ben.membership.pk}/role/" in page
        assert f"/members/{ada.membership.pk}/role/" not in page
        assert 'value="owner"' not in page

    def test_an_owner_changes_a_role(self, acme: Tenant, ada: Person, ben: Person) -> None:
        ada.client.post(f"/t/acme/members/{ben.membership.pk}/role/", {"role": "admin"})
        assert roles(acme)["ben@acme.test"] == "admin"

    @pytest.mark.parametrize("role", ["", "root", "owner\x00"])
    def test_there_are_no_other_roles(self, acme: Tenant, ada: Person, ben: Person, role: str) -> None:
        ada.client.post(f"/t/acme/members/{ben.membership.pk}/role/", {"role": role})
        assert roles(acme)["ben@acme.test"] == "editor"

    def test_an_admin_who_posts_more_is_refused(self, acme: Tenant, ada: Person, adam: Person) -> None:
        own = f"/t/acme/members/{adam.membership.pk}/role/"
        assert adam.client.post(own, {"role": "owner"}).status_code == 403
        others = f"/t/acme/members/{ada.membership.pk}/remove/"
        assert adam.client.post(others).status_code == 403
        assert (
            adam.client.post("/t/acme/members/invite/", {"email": "x@acme.test", "role": "owner"}).status_code
            == 422
        )
        assert roles(acme) == {"ada@acme.test": "owner", "adam@acme.test": "admin"}

    def test_a_foreign_membership_is_not_there(self, evil: Tenant, ada: Person, eve: Person) -> None:
        for action in ("role", "remove"):
            address = f"/t/acme/members/{eve.membership.pk}/{action}/"
            assert ada.client.post(address, {"role": "viewer"}).status_code == 404
        assert roles(evil) == {"eve@evil.test": "owner"}

    def test_the_last_owner_is_told(self, acme: Tenant, ada: Person) -> None:
        page = ada.client.post(f"/t/acme/members/{ada.membership.pk}/remove/", follow=True)
        assert "keeps at least one owner" in page.content.decode()
        assert roles(acme) == {"ada@acme.test": "owner"}

    def test_one_may_leave(self, acme: Tenant, ada: Person, vera: Person) -> None:
        assert vera.client.post(f"/t/acme/members/{vera.membership.pk}/remove/")["location"] == "/"
        assert vera.client.get("/t/acme/members/").status_code == 404

    def test_a_removed_member_is_out_at_once(self, ada: Person, ben: Person) -> None:
        assert ben.client.get("/t/acme/members/").status_code == 200
        ada.client.post(f"/t/acme/members/{ben.membership.pk}/remove/")
        assert ben.client.get("/t/acme/members/").status_code == 404

    def test_inviting_a_member_says_so(self, ada: Person, ben: Person) -> None:
        response = ada.client.post("/t/acme/members/invite/", {"email": "Ben@acme.test", "role": "admin"})
        assert response.status_code == 422
        assert "ben@acme.test is a member already" in response.content.decode()

    def test_an_invitation_is_listed_and_withdrawn(self, acme: Tenant, ada: Person) -> None:
        ada.client.post("/t/acme/members/invite/", {"email": "zoe@acme.test", "role": "viewer"})
        assert "zoe@acme.test" in ada.client.get("/t/acme/members/").content.decode()
        with within(acme):
            invitation = acme.invitations.get()
        ada.client.post(f"/t/acme/invitations/{invitation.pk}/withdraw/")
        assert "Invited, not here yet" not in ada.client.get("/t/acme/members/").content.decode()


FORM = {"name": "Acme & Sons", "time_zone": "Europe/Berlin", "tags": "team, env ,team"}


class TestSettings:
    def test_an_admin_saves_them(self, acme: Tenant, adam: Person) -> None:
        assert adam.client.post("/t/acme/settings/", FORM).status_code == 302
        acme.refresh_from_db()
        assert (acme.name, acme.time_zone, acme.tags) == ("Acme & Sons", "Europe/Berlin", ["team", "env"])
        with within(acme):
            assert is_stale(acme)
            [entry] = acme.audit_entries.all()
        assert entry.changes["tags"] == {"from": ["team", "feature"], "to": ["team", "env"]}

    @pytest.mark.parametrize("word", Unpriced)
    def test_what_becomes_of_models_without_a_price(self, acme: Tenant, adam: Person, word: Unpriced) -> None:
        assert (
            adam.client.post("/t/acme/settings/", {**FORM, "unpriced_models": word.value}).status_code == 302
        )
        acme.refresh_from_db()
        assert acme.unpriced_models == word.value
        page = adam.client.get("/t/acme/settings/").content.decode()
        assert f'<option value="{word.value}" selected>' in page

    def test_saving_nothing_new_writes_nothing(self, acme: Tenant, adam: Person) -> None:
        adam.client.post("/t/acme/settings/", FORM)
        adam.client.post("/t/acme/settings/", FORM)
        with within(acme):
            assert acme.audit_entries.count() == 1

    def test_a_viewer_reads_them(self, vera: Person) -> None:
        page = vera.client.get("/t/acme/settings/").content.decode()
        assert "UTC" in page
        assert "Danger zone" not in page
        assert 'name="time_zone"' not in page

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "   "),
            ("name", "a\x00b"),
            ("name", "safe\u202egnp.exe"),
            ("name", "x" * 101),
            ("time_zone", "Mars/Olympus"),
            ("unpriced_models", "free"),
            ("tags", "UPPER CASE WORDS"),
            ("tags", "=cmd()"),
            ("tags", ",".join(f"t{n}" for n in range(51))),
        ],
    )
    def test_odd_values_are_refused(self, acme: Tenant, adam: Person, field: str, value: str) -> None:
        assert adam.client.post("/t/acme/settings/", {**FORM, field: value}).status_code == 422
        acme.refresh_from_db()
        assert acme.name == "Acme Inc"

    @pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}", '"><img src=x>', "👩‍🚀 Labs"])
    def test_odd_names_are_shown_as_they_are(self, acme: Tenant, adam: Person, name: str) -> None:
        adam.client.post("/t/acme/settings/", {**FORM, "name": name})
        acme.refresh_from_db()
        assert acme.name == name
        page = adam.client.get("/t/acme/settings/").content.decode()
        assert "<script>alert" not in page
        assert "<img src=x>" not in page

    def test_fields_that_are_not_asked_for_change_nothing(self, acme: Tenant, adam: Person) -> None:
        adam.client.post(
            "/t/acme/settings/", {**FORM, "plan": "enterprise", "slug": "evil", "suspended": "1"}
        )
        acme.refresh_from_db()
        assert (acme.plan, acme.slug, acme.suspended) == ("pro", "acme", False)

    def test_the_plan_is_an_owners(self, acme: Tenant, ada: Person, adam: Person) -> None:
        assert adam.client.post("/t/acme/settings/plan/", {"plan": "team"}).status_code == 403
        ada.client.post("/t/acme/settings/plan/", {"plan": "team"})
        acme.refresh_from_db()
        assert acme.plan == "team"

    def test_suspending_asks_first_and_can_be_undone(self, acme: Tenant, ada: Person) -> None:
        ada.client.post("/t/acme/settings/suspend/", {"typed": "something"})
        assert not suspended(acme)
        ada.client.post("/t/acme/settings/suspend/", {"typed": "acme"})
        assert suspended(acme)
        assert "This tenant is suspended" in ada.client.get("/t/acme/settings/").content.decode()
        ada.client.post("/t/acme/settings/resume/")
        assert not suspended(acme)


def suspended(tenant: Tenant) -> bool:
    return Tenant.objects.get(pk=tenant.pk).suspended


def test_the_switcher_lists_ones_own_tenants(acme: Tenant, evil: Tenant, ada: Person) -> None:
    page = ada.client.get("/t/acme/members/").content.decode()
    assert 'href="/t/evil/"' not in page
    with every_tenant():
        evil.memberships.create(user=ada.user, role=Role.VIEWER)
    assert 'href="/t/evil/"' in ada.client.get("/t/acme/members/").content.decode()


def test_an_attempt_beyond_ones_role_is_on_the_record(
    acme: Tenant, ada: Person, adam: Person, vera: Person
) -> None:
    own = f"/t/acme/members/{adam.membership.pk}/role/"
    assert adam.client.post(own, {"role": "owner"}).status_code == 403
    assert vera.client.post("/t/acme/settings/", FORM).status_code == 403
    assert vera.client.get("/t/acme/admin-tokens/").status_code == 403
    with within(acme):
        trail = acme.audit_entries.order_by("id").values_list("actor", "verb", "subject", "changes")
        assert list(trail) == [
            (
                "adam@acme.test",
                "access.refused",
                "member_role",
                {"because": "This needs the role owner; yours is admin."},
            ),
            (
                "vera@acme.test",
                "access.refused",
                "settings",
                {"because": "This needs the role admin; yours is viewer."},
            ),
        ]
