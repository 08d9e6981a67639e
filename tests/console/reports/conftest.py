"""Acme's traffic in the books, and what was published when it came."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from redis import Redis

from billing import ingest
from billing.stream import Stream
from console.publishing.models import Publication
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.catalogue import Provider
from gateway.core.conditions import Condition
from gateway.core.events import RequestSettled
from gateway.core.facts import RequestClass, Tier
from gateway.core.ladder import AttemptOutcome, Kind
from gateway.core.policy import Otherwise, Policy, Rule
from gateway.core.snapshot import SCHEMA, RouterSnapshot, TenantSnapshot
from tests.billing.events import GPT_5, HAIKU, MINI, MODELS, MYSTERY, NANO, attempt, send, settled

type Book = Callable[..., None]

TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
POLICY = Policy(
    baseline=GPT_5.id,
    rules=(
        Rule(
            name="routine",
            when=Condition(request_class=(RequestClass.CLASSIFICATION, RequestClass.EXTRACTION)),
            tier=Tier.LIGHTWEIGHT,
        ),
    ),
    otherwise=Otherwise(tier=Tier.PREMIUM),
)


@pytest.fixture
def book(redis: Redis, db: None) -> Book:
    def through(*events: RequestSettled) -> None:
        send(redis, events)
        ingest.drain(Stream(redis))

    return through


@pytest.fixture
def traffic(acme: Tenant, book: Book) -> Tenant:
    rejected = attempt(NANO, outcome=AttemptOutcome.REJECTED, because="json_valid", total_ms=400)
    book(
        settled(acme.pk, attempt(NANO), request_id="r1", at=TODAY),
        settled(acme.pk, rejected, attempt(GPT_5), outcome="escalated", request_id="r2", at=TODAY),
        settled(acme.pk, attempt(MYSTERY), request_id="r3", router="search", at=TODAY),
        settled(acme.pk, attempt(GPT_5), request_id="r4", rule="otherwise", at=TODAY),
        settled(
            acme.pk,
            attempt(NANO, kind=Kind.JUDGE),
            attempt(HAIKU),
            request_id="r5",
            at=TODAY - timedelta(days=3),
            about={"tags": {"team": "<b>ads</b>", "env": "prod"}},
        ),
        settled(
            acme.pk,
            attempt(MINI, outcome=AttemptOutcome.FAILED, because="upstream_5xx"),
            outcome="failed",
            request_id="r6",
            error="upstream_error",
            at=TODAY,
        ),
    )
    return acme


@pytest.fixture
def published(acme: Tenant) -> TenantSnapshot:
    """Version 7, under which all events of the tests were decided."""
    snapshot = TenantSnapshot(
        schema=SCHEMA,
        version=7,
        tenant=str(acme.pk),
        slug=acme.slug,
        plan=acme.plan,
        published_at=TODAY - timedelta(days=5),
        providers=tuple(
            Provider(id=name, name=name, dialect="openai_chat", base_url="https://example.com")
            for name in ("openai", "anthropic", "acme")
        ),
        models=tuple(replace(model, provider_key="main") for model in MODELS.values()),
        routers=(RouterSnapshot(id="support", policy=POLICY, policy_version=3),),
    )
    with within(acme):
        Publication.of(snapshot).save()
    return snapshot
