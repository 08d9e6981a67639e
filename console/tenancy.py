"""No tenant meets another's rows: a guarded manager in Python, row-level security under it in PostgreSQL.

Start from a tenant (`request.tenant.routers`). `Router.objects` raises, unless `every_tenant()` says that
crossing tenants is meant. Both locks hold alone: raw SQL meets the policies, a forgotten policy the manager.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, Protocol, TypeVar, cast
from urllib.parse import quote
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.db import connection, models, transaction
from django.db.migrations.operations import RunSQL
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    # For the type checker alone: at run time this module knows no slice (see `member`).
    from console.audit.actor import Actor
    from console.tenants.models import Membership, Tenant, User

EVERY = "*"
Row = TypeVar("Row", bound=models.Model)

_scope: ContextVar[str] = ContextVar("tenancy_scope", default="")


class OutsideTenant(Exception):
    """A query over all tenants' rows where none was meant."""


class ByTenant(models.Manager[Row]):
    """Answers only as a related manager (`tenant.routers`) or inside `every_tenant()`."""

    def get_queryset(self) -> models.QuerySet[Row]:
        # The one door of every query method, so that none can be forgotten in a list of those to guard.
        if getattr(self, "instance", None) is None and _scope.get() != EVERY:
            name = self.model.__name__
            raise OutsideTenant(
                f"{name}.objects would read every tenant's rows: start from a tenant, or say every_tenant()."
            )
        return super().get_queryset()


class Owned(models.Model):
    """A row of one tenant. Its migration adds `TenantPolicy("<table>")`; a test misses it where it is not."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="%(class)ss")

    objects = ByTenant()

    class Meta:
        abstract = True


@contextmanager
def within(tenant: Tenant | UUID) -> Iterator[None]:
    """A transaction that sees this tenant's rows only."""
    tenant_id = tenant if isinstance(tenant, UUID) else tenant.pk
    with _scoped(str(tenant_id)):
        yield


@contextmanager
def every_tenant() -> Iterator[None]:
    """A transaction that sees all rows: for workers, commands, and what comes before a tenant is known."""
    with _scoped(EVERY):
        yield


@contextmanager
def _scoped(scope: str) -> Iterator[None]:
    outer = _scope.set(scope)
    try:
        with transaction.atomic():
            _tell_database(scope)
            yield
            # Only on success: a failure rolls the savepoint back, and the setting with it.
            _tell_database(outer.old_value if isinstance(outer.old_value, str) else "")
    finally:
        _scope.reset(outer)


def _tell_database(scope: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [scope])


class TenantPolicy(RunSQL):
    """Row-level security on one table, for its owner as well."""

    def __init__(self, table: str, *, column: str = "tenant_id") -> None:
        self.table, self.column = table, column
        # Scalar subqueries, so that the setting is read once a query and not once a row.
        mine = f"""
            (SELECT current_setting('app.tenant_id', true)) = '{EVERY}'
            OR {column} = (SELECT nullif(nullif(current_setting('app.tenant_id', true), ''), '{EVERY}')::uuid)
        """
        super().__init__(
            sql=[
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
                f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
                f"CREATE POLICY tenant ON {table} USING ({mine}) WITH CHECK ({mine})",
            ],
            reverse_sql=[
                f"DROP POLICY tenant ON {table}",
                f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
                f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            ],
        )

    def deconstruct(self) -> tuple[str, tuple[str], dict[str, str]]:
        return (type(self).__name__, (self.table,), {"column": self.column})

    def describe(self) -> str:
        return f"Row-level security on {self.table}"


class Role(models.TextChoices):
    """What a member may do; each role may do all that those before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    EDITOR = "editor"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Role(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Role(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Role(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Role(other).rank


class TenantRequest(HttpRequest):
    """What a view under `@member` is given."""

    user: User
    tenant: Tenant
    membership: Membership
    memberships: list[Membership]  # of this user, for the switcher; read when first used
    acting: Actor
    htmx: HtmxDetails


type TenantView[**P] = Callable[Concatenate[TenantRequest, P], HttpResponse]


class View(Protocol):
    """A view under /t/<slug>/; the roles are read by the test that walks every route."""

    reading: Role
    writing: Role

    def __call__(self, request: HttpRequest, *, tenant: str, **rest: object) -> HttpResponse: ...


def member[**P](role: Role, *, writing: Role | None = None) -> Callable[[TenantView[P]], View]:
    """Lets in members who hold the role. Strangers sign in, foreign tenants are 404, too low a role 403.

    `writing` is a higher role that a page which everybody may read needs for being posted to.
    """

    def decorate(view: TenantView[P]) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, tenant: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            needed = role if request.method in SAFE else writing or role
            inside = _enter(request, user=request.user, slug=tenant, role=needed)
            with within(inside.tenant):
                return view(inside, *args, **kwargs)

        guarded.reading, guarded.writing = role, writing or role  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def _enter(request: HttpRequest, *, user: User, slug: str, role: Role) -> TenantRequest:
    memberships = apps.get_model("tenants", "Membership")
    membership: Membership | None = memberships.find(user=user, slug=slug)
    if membership is None:
        raise Http404("No such tenant.")
    inside = cast("TenantRequest", request)
    inside.tenant = membership.tenant
    inside.membership = membership
    inside.memberships = cast("list[Membership]", SimpleLazyObject(lambda: memberships.all_of(user)))
    inside.acting = membership.actor
    if not membership.holds(role):
        raise PermissionDenied(f"This needs the role {role}; yours is {membership.role}.")
    if inside.session.get("tenant") != slug:
        inside.session["tenant"] = slug  # where the next sign-in leads
    return inside


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    back = quote(request.get_full_path(), safe="/")
    address = f"{resolve_url(settings.LOGIN_URL)}?{REDIRECT_FIELD_NAME}={back}"
    if cast("TenantRequest", request).htmx:
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)
