"""Puts the company together: configuration, what was published when, and the weeks behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import batched, count
from pathlib import Path

from django.db.models import F
from django.utils import timezone

from billing.store import store
from console.audit.actions import dated_by
from console.audit.actor import Actor
from console.configuration.apply import apply
from console.configuration.document import Document, parse
from console.demo.traffic import CHANGE, DAYS, Company, Era, events
from console.publishing.actions import publish_tenant
from console.publishing.models import Publication
from console.tenancy import Role, every_tenant, within
from console.tenants.models import Tenant
from gateway.core.router import compile_router

HERE = Path(__file__).parent
BATCH = 1000
DEMO = Actor.system("demo")
COMPANY = "company.yaml"
PACE = timedelta(seconds=50)  # between two changes of one sitting


def make(*, now: datetime) -> Iterator[int]:
    """Yields the number of requests stored so far."""
    began = now - timedelta(days=DAYS + 1)
    tenant = _founded(began - timedelta(hours=2))
    ada = _owner(tenant)
    _configured(COMPANY, by=ada, at=began)
    first = _published(tenant, since=began)
    _configured("change.yaml", by=ada, at=now - CHANGE)
    second = _published(tenant, since=now - CHANGE)
    _backdate(tenant, began)
    done = 0
    for batch in batched(events(_company(tenant, first, second), now=now), BATCH):
        with every_tenant():
            store(batch)
        done += len(batch)
        yield done


def _founded(at: datetime) -> Tenant:
    """The company with its people alone; all else is then the doing of one of them."""
    document = parse((HERE / COMPANY).read_text())
    people = Document(
        tenant=document.tenant, name=document.name, plan=document.plan, members=document.members
    )
    with dated_by(_working_from(at)):
        return apply(people, acting=DEMO, at=at).tenant


def _configured(name: str, *, by: Actor, at: datetime) -> None:
    with dated_by(_working_from(at)):
        apply(parse((HERE / name).read_text()), acting=by, at=at)


def _owner(tenant: Tenant) -> Actor:
    with within(tenant):
        return tenant.memberships.select_related("user").get(role=Role.OWNER).actor


def _working_from(moment: datetime) -> Callable[[], datetime]:
    """As long as a person takes from one change to the next."""
    moments = (moment + step * PACE for step in count())
    return lambda: next(moments)


def _published(tenant: Tenant, *, since: datetime) -> Era:
    with every_tenant():
        version = publish_tenant(tenant.pk, at=since)
        snapshot = Publication.objects.get(tenant=tenant, version=version).snapshot
    return Era(
        since=since,
        version=version,
        routers={router.id: compile_router(router, snapshot) for router in snapshot.routers},
    )


def _company(tenant: Tenant, *eras: Era) -> Company:
    with within(tenant):
        keys = list(tenant.gateway_keys.all())
        troubled = tenant.provider_keys.earliest("created_at").provider
    return Company(
        tenant=str(tenant.pk),
        keys={key.name: str(key.pk) for key in keys},
        tags={key.name: key.tags for key in keys},
        eras=eras,
        troubled=troubled,
    )


def _backdate(tenant: Tenant, began: datetime) -> None:
    """The company has been here for six weeks, and so have its people, keys and routers, in their order."""
    earlier = F("created_at") - (timezone.now() - began)
    with within(tenant):
        for related in (tenant.gateway_keys, tenant.provider_keys, tenant.routers):
            related.update(created_at=earlier)
        tenant.memberships.update(joined_at=began)
        Tenant.objects.filter(pk=tenant.pk).update(created_at=began)
