"""However many writes, one publication; a tenant that cannot be published keeps nobody waiting."""

from collections.abc import Callable
from threading import Event, Thread
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now

from console.outbox import actions as outbox
from console.outbox.models import StaleTenant
from console.outbox.selectors import is_stale
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant


def mark(*tenants: Tenant) -> None:
    for tenant in tenants:
        with within(tenant):
            outbox.mark(tenant)


def test_marks_coalesce(acme: Tenant, evil: Tenant) -> None:
    mark(acme, evil, acme, acme)
    published: list[UUID] = []
    assert outbox.drain(published.append) == 2
    assert sorted(published) == sorted([acme.pk, evil.pk])
    assert outbox.drain(published.append) == 0


def test_a_tenant_is_stale_until_published(acme: Tenant) -> None:
    mark(acme)
    with within(acme):
        assert is_stale(acme)
    outbox.drain(lambda tenant_id: None)
    with within(acme):
        assert not is_stale(acme)


def test_a_failing_tenant_waits_and_the_others_do_not(acme: Tenant, evil: Tenant) -> None:
    mark(acme, evil)
    published: list[UUID] = []
    assert outbox.drain(_refusing(acme, published)) == 2
    assert published == [evil.pk]
    assert outbox.drain(published.append) == 0
    with every_tenant():
        stale = StaleTenant.objects.get()
        assert (stale.tenant_id, stale.failures) == (acme.pk, 1)


def test_a_new_write_ends_the_wait(acme: Tenant) -> None:
    mark(acme)
    published: list[UUID] = []
    outbox.drain(_refusing(acme, published))
    mark(acme)
    assert outbox.drain(published.append) == 1
    assert published == [acme.pk]


def test_what_the_publisher_wrote_before_failing_is_undone(acme: Tenant) -> None:
    mark(acme)

    def rename_and_fail(tenant_id: UUID) -> None:
        Tenant.objects.filter(pk=tenant_id).update(name="half done")
        raise RuntimeError("Redis is gone")

    outbox.drain(rename_and_fail)
    acme.refresh_from_db()
    assert acme.name == "Acme Inc"


@pytest.mark.django_db(transaction=True)
def test_a_write_during_publishing_is_published_after_it() -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    mark(tenant)
    publishing, started = Event(), Event()

    def write() -> None:
        publishing.wait(5)
        started.set()
        mark(tenant)
        connection.close()

    writer = Thread(target=write)
    writer.start()

    def publish(tenant_id: UUID) -> None:
        publishing.set()
        started.wait(5)

    assert outbox.drain(publish, at_most=1) == 1
    writer.join(5)
    with every_tenant():
        assert StaleTenant.objects.filter(due_at__lte=Now()).count() == 1


def _refusing(tenant: Tenant, published: list[UUID]) -> Callable[[UUID], None]:
    def publish(tenant_id: UUID) -> None:
        if tenant_id == tenant.pk:
            raise RuntimeError("its policy does not compile")
        published.append(tenant_id)

    return publish
