"""Invitations and one-time sign-in links: each counts once, for one person, for a while."""

from datetime import timedelta

import pytest
from django.utils import timezone

from console.tenancy import Role, every_tenant, within
from console.tenants import links
from console.tenants.errors import AlreadyMember, BeyondOwnRole, LinkSpent
from console.tenants.models import Invitation, SignInLink, Tenant, User
from tests.console.conftest import Person

pytestmark = pytest.mark.usefixtures("ada")


@pytest.fixture
def carl(db: None) -> User:
    return User.objects.create_user(email="carl@acme.test")


def invited(tenant: Tenant, by: Person, email: str = "carl@acme.test", role: Role = Role.EDITOR) -> str:
    with within(tenant):
        return links.invite(tenant, email=email, role=role, acting=by.acting)


class TestInvitation:
    def test_it_makes_a_member_once(self, acme: Tenant, ada: Person, carl: User) -> None:
        token = invited(acme, ada, email=" Carl@Acme.test")
        assert links.accept(token, user=carl).role == Role.EDITOR
        with pytest.raises(LinkSpent):
            links.accept(token, user=carl)

    def test_its_token_is_not_kept(self, acme: Tenant, ada: Person) -> None:
        token = invited(acme, ada)
        with every_tenant():
            assert token not in str(Invitation.objects.values().get())

    def test_a_second_replaces_the_first(self, acme: Tenant, ada: Person, carl: User) -> None:
        first, second = invited(acme, ada), invited(acme, ada, role=Role.VIEWER)
        with pytest.raises(LinkSpent):
            links.accept(first, user=carl)
        assert links.accept(second, user=carl).role == Role.VIEWER

    def test_it_is_for_the_invited_alone(self, acme: Tenant, ada: Person, eve: Person) -> None:
        token = invited(acme, ada)
        with pytest.raises(BeyondOwnRole, match=r"for carl@acme\.test; you are signed in as eve@evil\.test"):
            links.accept(token, user=eve.user)
        with every_tenant():
            assert Invitation.objects.count() == 1

    def test_a_withdrawn_or_expired_one_is_spent(self, acme: Tenant, ada: Person, carl: User) -> None:
        token = invited(acme, ada)
        with every_tenant():
            Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(LinkSpent):
            links.accept(token, user=carl)
        token = invited(acme, ada)
        with within(acme):
            links.withdraw(acme.invitations.get(), acting=ada.acting)
        with pytest.raises(LinkSpent):
            links.accept(token, user=carl)

    def test_nobody_invites_above_the_own_role(self, acme: Tenant, adam: Person, ben: Person) -> None:
        with pytest.raises(BeyondOwnRole):
            invited(acme, adam, role=Role.OWNER)
        with pytest.raises(BeyondOwnRole):
            invited(acme, ben, role=Role.VIEWER)
        with every_tenant():
            assert Invitation.objects.count() == 0

    def test_members_are_not_invited(self, acme: Tenant, ada: Person, ben: Person) -> None:
        with pytest.raises(AlreadyMember):
            invited(acme, ada, email=ben.user.email)

    @pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "ж\x00"])
    def test_nonsense_is_spent(self, carl: User, token: str) -> None:
        with pytest.raises(LinkSpent):
            links.accept(token, user=carl)


class TestSignInLink:
    def test_it_counts_once(self, carl: User) -> None:
        token = links.make_sign_in_link(carl)
        assert links.redeem_sign_in_link(token) == carl
        with pytest.raises(LinkSpent):
            links.redeem_sign_in_link(token)

    def test_it_expires(self, carl: User) -> None:
        token = links.make_sign_in_link(carl)
        SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(LinkSpent):
            links.redeem_sign_in_link(token)

    def test_a_closed_account_stays_closed(self, carl: User) -> None:
        token = links.make_sign_in_link(carl)
        User.objects.filter(pk=carl.pk).update(is_active=False)
        with pytest.raises(LinkSpent):
            links.redeem_sign_in_link(token)

    def test_its_token_is_not_kept(self, carl: User) -> None:
        token = links.make_sign_in_link(carl)
        assert token not in str(SignInLink.objects.values().get())
