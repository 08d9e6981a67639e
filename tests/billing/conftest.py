"""Two tenants whose spending is told apart, and a ledger to drain into."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from billing import ingest
from billing.stream import Stream
from console.tenancy import every_tenant
from console.tenants.models import Plan, Tenant
from gateway.core.events import Event
from tests.billing.events import send

type Book = Callable[..., ingest.Drained]


@pytest.fixture
def acme(db: None) -> Tenant:
    return Tenant.objects.create(
        slug="acme", name="Acme Inc", plan=Plan.PRO, tags=["team"], time_zone="Europe/Berlin"
    )


@pytest.fixture
def evil(db: None) -> Tenant:
    return Tenant.objects.create(slug="evil", name="Evil Corp", plan=Plan.PRO)


@pytest.fixture
def everywhere(db: None) -> Iterator[None]:
    """For a test that looks at rows of any tenant by `objects`."""
    with every_tenant():
        yield


@pytest.fixture
def book(redis: Redis, db: None) -> Book:
    """Sends events through the stream into the ledger."""

    def through(*events: Event | bytes, batch: int = ingest.BATCH) -> ingest.Drained:
        send(redis, events)
        return ingest.drain(Stream(redis), batch=batch)

    return through
