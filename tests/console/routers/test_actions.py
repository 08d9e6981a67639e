"""Drafts, versions, restoring: what is published stays as it was, and nobody's edit is lost silently."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.http import Http404

from console.outbox.selectors import is_stale
from console.routers import actions, editing, selectors, text
from console.routers.actions import Blocked, Outdated
from console.routers.models import Router
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy, Rule
from tests.console.conftest import Person
from tests.console.routers.contract import POLICY

MID = Policy(otherwise=Otherwise(tier=Tier.MID))
PREMIUM = Policy(otherwise=Otherwise(tier=Tier.PREMIUM))
BROKEN = Policy(rules=(Rule(name="r"),))


@pytest.fixture(autouse=True)
def _inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


@pytest.fixture
def support(acme: Tenant, ben: Person, _inside: None) -> Router:
    return actions.create(acme, "support", MID, acting=ben.acting)


def verbs(tenant: Tenant) -> list[str]:
    return list(tenant.audit_entries.order_by("id").values_list("verb", flat=True))


def test_a_new_router_is_a_draft_that_nobody_is_served_by(acme: Tenant, support: Router) -> None:
    assert support.policy == MID
    assert support.current is None
    assert support.has_changes
    assert not is_stale(acme)
    assert selectors.snapshots_of(acme) == ()
    assert verbs(acme) == ["router.created"]


@pytest.mark.parametrize(
    "slug", ["", "Support", "a b", "-a", "ä", "a" * 65, "a/b", "../x", "<script>", "support"]
)
def test_an_id_that_cannot_stand_in_an_address_or_is_taken(
    acme: Tenant, ben: Person, support: Router, slug: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.create(acme, slug, MID, acting=ben.acting)
    assert "id" in refused.value.message_dict
    assert acme.routers.count() == 1


def test_two_tenants_may_have_a_router_of_one_id(acme: Tenant, support: Router, eve: Person) -> None:
    evil = eve.membership.tenant
    with within(evil):
        actions.create(evil, "support", PREMIUM, acting=eve.acting)
    assert selectors.router_of(acme, "support").policy == MID


def test_publishing_makes_a_version_and_marks_the_tenant(acme: Tenant, ben: Person, support: Router) -> None:
    version = actions.publish(support, note="first", acting=ben.acting)
    assert (version.number, version.policy, version.note) == (1, MID, "first")
    assert version.published_by == ben.user.email
    assert is_stale(acme)
    snapshot = selectors.snapshots_of(acme)[0]
    assert (snapshot.id, snapshot.policy, snapshot.policy_version) == ("support", MID, 1)


def test_a_draft_changes_nothing_that_is_served(acme: Tenant, ben: Person, support: Router) -> None:
    actions.publish(support, acting=ben.acting)
    edited = actions.save_draft(support, PREMIUM, acting=ben.acting)
    assert edited.has_changes
    assert selectors.snapshots_of(acme)[0].policy == MID
    actions.publish(edited, acting=ben.acting)
    snapshot = selectors.snapshots_of(acme)[0]
    assert (snapshot.policy, snapshot.policy_version) == (PREMIUM, 2)
    assert verbs(acme) == ["router.created", "router.published", "router.edited", "router.published"]


def test_publishing_what_is_served_makes_no_version(acme: Tenant, ben: Person, support: Router) -> None:
    first = actions.publish(support, acting=ben.acting)
    assert actions.publish(support, acting=ben.acting) == first
    assert verbs(acme) == ["router.created", "router.published"]


def test_what_is_wrong_is_kept_as_a_draft_and_not_published(
    acme: Tenant, ben: Person, support: Router
) -> None:
    actions.save_draft(support, BROKEN, acting=ben.acting)
    with pytest.raises(Blocked, match=r"\$\.rules\[0\]") as blocked:
        actions.publish(support, acting=ben.acting)
    assert blocked.value.inspection.errors
    assert selectors.router_of(acme, "support").policy == BROKEN
    assert not support.versions.exists()


def test_the_second_of_two_tabs_is_told(acme: Tenant, ben: Person, support: Router) -> None:
    read = support.version
    actions.save_draft(support, PREMIUM, version=read, acting=ben.acting)
    with pytest.raises(Outdated) as outdated:
        actions.save_draft(support, BROKEN, version=read, acting=ben.acting)
    assert outdated.value.router.version == read + 1
    assert selectors.router_of(acme, "support").policy == PREMIUM
    with pytest.raises(Outdated):
        actions.publish(support, version=read, acting=ben.acting)


def test_an_edit_that_changes_nothing_is_none(acme: Tenant, ben: Person, support: Router) -> None:
    assert actions.save_draft(support, MID, acting=ben.acting).version == support.version
    assert verbs(acme) == ["router.created"]


def test_restoring_puts_an_old_policy_in_force_under_a_new_number(
    acme: Tenant, ben: Person, support: Router
) -> None:
    actions.publish(support, acting=ben.acting)
    actions.save_draft(support, PREMIUM, acting=ben.acting)
    actions.publish(support, acting=ben.acting)
    restored = actions.restore(support, 1, acting=ben.acting)
    assert (restored.number, restored.policy, restored.note) == (3, MID, "Restored version 1")
    now = selectors.router_of(acme, "support")
    assert (now.policy, now.has_changes) == (MID, False)
    assert selectors.version_of(support, 2).policy == PREMIUM
    assert verbs(acme)[-1] == "router.restored"
    with pytest.raises(Http404):
        actions.restore(support, 9, acting=ben.acting)


def test_restoring_what_is_served_only_clears_the_draft(ben: Person, acme: Tenant, support: Router) -> None:
    actions.publish(support, acting=ben.acting)
    actions.save_draft(support, PREMIUM, acting=ben.acting)
    assert actions.restore(support, 1, acting=ben.acting).number == 1
    assert selectors.router_of(acme, "support").policy == MID


def test_a_published_policy_cannot_be_changed_even_by_sql(ben: Person, support: Router) -> None:
    version = actions.publish(support, acting=ben.acting)
    version.content = {}
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        version.save()


def test_switching_off_and_on(acme: Tenant, ben: Person, support: Router) -> None:
    actions.publish(support, acting=ben.acting)
    assert actions.disable(support, acting=ben.acting)
    assert not actions.disable(support, acting=ben.acting)
    assert selectors.snapshots_of(acme)[0].enabled is False
    assert actions.enable(support, acting=ben.acting)
    assert verbs(acme)[-2:] == ["router.disabled", "router.enabled"]


def test_deleting_takes_the_versions_along(acme: Tenant, ben: Person, support: Router) -> None:
    actions.publish(support, acting=ben.acting)
    actions.delete(support, acting=ben.acting)
    assert not acme.routers.exists()
    assert not acme.policy_versions.exists()
    assert selectors.snapshots_of(acme) == ()
    assert is_stale(acme)
    assert verbs(acme)[-1] == "router.deleted"


def test_the_audit_trail_has_only_the_parts_that_changed(acme: Tenant, ben: Person, support: Router) -> None:
    actions.edit(support, lambda policy: editing.set_baseline(policy, "openai/gpt-5"), acting=ben.acting)
    entry = acme.audit_entries.order_by("-id").first()
    assert entry is not None
    assert entry.changes == {"baseline": {"from": None, "to": "openai/gpt-5"}}


def test_a_nul_or_a_monster_is_not_even_a_draft(ben: Person, support: Router) -> None:
    for policy in (Policy(baseline="\0"), Policy(whitelist=("x" * 300_000,))):
        with pytest.raises(ValidationError):
            actions.save_draft(support, policy, acting=ben.acting)


def test_the_contracts_example_becomes_a_draft(acme: Tenant, ben: Person) -> None:
    policy = text.read(POLICY)
    router = actions.create(acme, "contract", policy, acting=ben.acting)
    assert selectors.router_of(acme, "contract").policy == policy
    assert text.read(text.write(router.policy)) == policy
