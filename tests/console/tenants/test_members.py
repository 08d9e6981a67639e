"""Who may bring whom in, raise, lower and remove: the actions themselves, whoever calls them."""

from collections.abc import Iterator

import pytest

from console.audit.actor import Actor
from console.tenancy import Role, every_tenant, within
from console.tenants import actions
from console.tenants.errors import AlreadyMember, BeyondOwnRole, LastOwner
from console.tenants.models import Membership, Tenant, User
from tests.console.conftest import Person


@pytest.fixture(autouse=True)
def _inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


@pytest.fixture
def carl(db: None) -> User:
    return User.objects.create_user(email="carl@acme.test")


def test_an_owner_adds_a_member(acme: Tenant, ada: Person, carl: User) -> None:
    membership = actions.add_member(acme, user=carl, role=Role.EDITOR, acting=ada.acting)
    assert (membership.user, membership.role) == (carl, Role.EDITOR)
    assert _trail(acme) == [("ada@acme.test", "member.added", "carl@acme.test", {"role": "editor"})]


def test_nobody_is_added_twice(acme: Tenant, ada: Person, ben: Person) -> None:
    with pytest.raises(AlreadyMember, match=r"ben@acme\.test is a member already"):
        actions.add_member(acme, user=ben.user, role=Role.ADMIN, acting=ada.acting)
    assert _roles(acme)["ben@acme.test"] == Role.EDITOR
    assert _trail(acme) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.EDITOR])
def test_below_admin_nobody_adds_members(acme: Tenant, carl: User, role: Role) -> None:
    with pytest.raises(BeyondOwnRole):
        actions.add_member(acme, user=carl, role=Role.VIEWER, acting=Actor.token("ci", role=role))
    assert _roles(acme) == {}


def test_an_admin_makes_no_owner(acme: Tenant, adam: Person, ben: Person, carl: User) -> None:
    with pytest.raises(BeyondOwnRole):
        actions.add_member(acme, user=carl, role=Role.OWNER, acting=adam.acting)
    with pytest.raises(BeyondOwnRole):
        actions.change_role(ben.membership, role=Role.OWNER, acting=adam.acting)
    assert _roles(acme) == {"adam@acme.test": Role.ADMIN, "ben@acme.test": Role.EDITOR}
    assert _trail(acme) == []


def test_an_admin_touches_no_owner(acme: Tenant, ada: Person, adam: Person) -> None:
    with pytest.raises(BeyondOwnRole):
        actions.change_role(ada.membership, role=Role.VIEWER, acting=adam.acting)
    with pytest.raises(BeyondOwnRole):
        actions.remove_member(ada.membership, acting=adam.acting)
    assert _roles(acme)["ada@acme.test"] == Role.OWNER


def test_nobody_raises_oneself(acme: Tenant, adam: Person, ben: Person) -> None:
    for person in (adam, ben):
        with pytest.raises(BeyondOwnRole):
            actions.change_role(person.membership, role=Role.OWNER, acting=person.acting)
    assert _roles(acme) == {"adam@acme.test": Role.ADMIN, "ben@acme.test": Role.EDITOR}


def test_a_change_of_role_says_from_what_to_what(acme: Tenant, ada: Person, ben: Person) -> None:
    actions.change_role(ben.membership, role=Role.ADMIN, acting=ada.acting)
    assert _roles(acme)["ben@acme.test"] == Role.ADMIN
    changes = {"role": {"from": "editor", "to": "admin"}}
    assert _trail(acme) == [("ada@acme.test", "member.role_changed", "ben@acme.test", changes)]


def test_a_change_to_the_same_role_is_none(acme: Tenant, ada: Person, ben: Person) -> None:
    actions.change_role(ben.membership, role=Role.EDITOR, acting=ada.acting)
    assert _trail(acme) == []


def test_the_last_owner_stays(acme: Tenant, ada: Person, ben: Person) -> None:
    with pytest.raises(LastOwner):
        actions.change_role(ada.membership, role=Role.ADMIN, acting=ada.acting)
    with pytest.raises(LastOwner):
        actions.remove_member(ada.membership, acting=ada.acting)
    assert _roles(acme)["ada@acme.test"] == Role.OWNER


def test_one_of_two_owners_may_go(acme: Tenant, ada: Person, ben: Person) -> None:
    actions.change_role(ben.membership, role=Role.OWNER, acting=ada.acting)
    actions.remove_member(ada.membership, acting=ada.acting)
    assert _roles(acme) == {"ben@acme.test": Role.OWNER}


def test_a_stale_membership_is_read_again(acme: Tenant, ada: Person, adam: Person) -> None:
    """Two tabs: in one the admin has just become an owner, in the other still looks like an admin."""
    stale = acme.memberships.get(pk=adam.membership.pk)
    actions.change_role(adam.membership, role=Role.OWNER, acting=ada.acting)
    with pytest.raises(BeyondOwnRole):
        actions.remove_member(stale, acting=Actor.token("ci", role=Role.ADMIN))


def test_everybody_may_leave(acme: Tenant, ada: Person, vera: Person) -> None:
    actions.remove_member(vera.membership, acting=vera.acting)
    assert "vera@acme.test" not in _roles(acme)
    assert _trail(acme) == [("vera@acme.test", "member.removed", "vera@acme.test", {})]


def test_an_address_is_one_person_however_written(db: None) -> None:
    assert actions.person(email="Zoe@Acme.test ") == actions.person(email="zoe@acme.test")


def _roles(tenant: Tenant) -> dict[str, str]:
    with every_tenant():
        rows = Membership.objects.filter(tenant=tenant).values_list("user__email", "role")
        return dict(rows)


def _trail(tenant: Tenant) -> list[tuple[str, str, str, object]]:
    rows = tenant.audit_entries.order_by("id")
    return [(entry.actor, entry.verb, entry.subject, entry.changes) for entry in rows]
