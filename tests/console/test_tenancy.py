"""Both locks on a tenant's rows, each tried alone."""

import inspect
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models

from console.audit.actions import record
from console.audit.models import AuditEntry
from console.tenancy import ByTenant, OutsideTenant, Owned, Role, every_tenant, within
from console.tenants.models import Membership, Tenant
from tests.console.conftest import Person

ARGUMENTS: dict[str, tuple[object, ...]] = {
    "bulk_create": ([],),
    "bulk_update": ([], ["role"]),
    "dates": ("joined_at", "day"),
    "datetimes": ("joined_at", "day"),
    "raw": ("SELECT 1",),
    "using": ("default",),
}
QUERIES = sorted(
    name
    for name, value in inspect.getmembers(ByTenant)
    if callable(value) and not name.startswith("_") and name in dir(models.QuerySet)
    if not inspect.iscoroutinefunction(value)  # each is its plain namesake in a thread
)
WRITES = ["UPDATE audit_auditentry SET verb = verb", "DELETE FROM audit_auditentry"]
OWNED = sorted(
    (model for model in apps.get_models() if issubclass(model, Owned)), key=lambda model: model._meta.db_table
)


@pytest.mark.parametrize(
    "query", [name for name in QUERIES if not name.startswith("a")] + ["all", "aggregate"]
)
def test_no_query_method_works_without_a_tenant(db: None, query: str) -> None:
    method: Callable[..., object] = getattr(Membership.objects, query)
    with pytest.raises(OutsideTenant, match="start from a tenant"):
        method(*ARGUMENTS.get(query, ()))


def test_exists_and_iteration_are_guarded(db: None) -> None:
    with pytest.raises(OutsideTenant):
        Membership.objects.exists()
    with pytest.raises(OutsideTenant):
        list(Membership.objects.all())


def test_one_tenants_scope_does_not_open_the_manager(acme: Tenant) -> None:
    with within(acme), pytest.raises(OutsideTenant):
        Membership.objects.count()


def test_a_tenant_sees_its_own_rows_through_itself(acme: Tenant, ada: Person, eve: Person) -> None:
    with within(acme):
        assert [membership.user for membership in acme.memberships.all()] == [ada.user]


def test_all_rows_are_seen_on_purpose(ada: Person, eve: Person) -> None:
    with every_tenant():
        assert Membership.objects.count() == 2


class TestRowLevelSecurity:
    """With raw SQL, as the role the product connects with."""

    def test_the_role_is_bound_by_policies(self, db: None) -> None:
        [(superuser, bypasses)] = _sql(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert (superuser, bypasses) == (False, False)

    def test_nothing_is_seen_outside(self, ada: Person, eve: Person) -> None:
        assert _count_memberships() == 0

    def test_one_tenant_sees_its_own(self, acme: Tenant, ada: Person, ben: Person, eve: Person) -> None:
        with within(acme):
            assert _count_memberships() == 2
        assert _count_memberships() == 0

    def test_an_unknown_tenant_sees_nothing(self, ada: Person) -> None:
        with within(uuid4()):
            assert _count_memberships() == 0

    def test_a_foreign_row_cannot_be_written(self, acme: Tenant, evil: Tenant, eve: Person) -> None:
        with pytest.raises(DatabaseError, match="row-level security"), within(acme):
            evil.memberships.create(user=eve.user, role=Role.OWNER)

    def test_a_foreign_row_is_neither_changed_nor_deleted(self, acme: Tenant, eve: Person) -> None:
        with within(acme):
            assert _touched("UPDATE tenants_membership SET role = 'viewer'") == 0
            assert _touched("DELETE FROM tenants_membership") == 0
        with every_tenant():
            assert Membership.objects.get().role == Role.OWNER

    def test_a_row_cannot_be_moved_to_another_tenant(self, acme: Tenant, evil: Tenant, ada: Person) -> None:
        with pytest.raises(DatabaseError, match="row-level security"), within(acme):
            _touched(f"UPDATE tenants_membership SET tenant_id = '{evil.pk}'")

    @pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.db_table)
    def test_every_owned_table_has_the_policy(self, db: None, model: type[Owned]) -> None:
        found = _sql(
            """
            SELECT relrowsecurity, relforcerowsecurity, count(policyname)
            FROM pg_class LEFT JOIN pg_policies ON tablename = relname
            WHERE relname = %s GROUP BY 1, 2
            """,
            model._meta.db_table,
        )
        assert found == [(True, True, 1)]


class TestScopes:
    def test_an_inner_scope_ends_where_it_ends(
        self, acme: Tenant, evil: Tenant, ada: Person, eve: Person
    ) -> None:
        with within(acme):
            with every_tenant():
                assert _count_memberships() == 2
            assert _count_memberships() == 1
            with within(evil):
                assert _sql("SELECT tenant_id FROM tenants_membership") == [(evil.pk,)]
            assert _sql("SELECT tenant_id FROM tenants_membership") == [(acme.pk,)]

    def test_a_failure_inside_gives_the_outer_scope_back(
        self, acme: Tenant, ada: Person, eve: Person
    ) -> None:
        with within(acme):
            with pytest.raises(ZeroDivisionError), every_tenant():
                _ = 1 / 0
            assert _count_memberships() == 1
            with pytest.raises(OutsideTenant):
                Membership.objects.count()


class TestAuditTrail:
    @pytest.mark.parametrize(
        "write", ["UPDATE audit_auditentry SET verb = ''", "DELETE FROM audit_auditentry"]
    )
    def test_it_is_never_changed(self, acme: Tenant, ada: Person, write: str) -> None:
        with within(acme):
            record(acme, acting=ada.acting, verb="tenant.renamed", subject="acme")
        with pytest.raises(DatabaseError, match="append-only"), within(acme):
            _touched(write)

    def test_it_says_who_did_what(self, acme: Tenant, ada: Person) -> None:
        with every_tenant():
            record(acme, acting=ada.acting, verb="tenant.renamed", subject="acme", changes={"name": "Acme"})
            entry = AuditEntry.objects.get()
        assert (entry.actor_kind, entry.actor, entry.user) == ("user", "ada@acme.test", ada.user)
        assert (entry.verb, entry.subject, entry.changes) == ("tenant.renamed", "acme", {"name": "Acme"})


def test_roles_are_ordered() -> None:
    shuffled = [Role.OWNER, Role.VIEWER, Role.EDITOR, Role.ADMIN, Role.ANALYST]
    assert sorted(shuffled) == [Role.VIEWER, Role.ANALYST, Role.EDITOR, Role.ADMIN, Role.OWNER]


def _sql(query: str, *parameters: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def _touched(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def _count_memberships() -> object:
    return _sql("SELECT count(*) FROM tenants_membership")[0][0]
