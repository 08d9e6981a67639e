"""Snapshots: what is in them, that versions only go up, and that Redis catches up after any loss."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import msgspec
import pytest
from django.db import connections
from redis import Redis

from console.catalogue import actions as catalogue
from console.keys.sealing import Secret, seal
from console.outbox import actions as outbox
from console.publishing import actions, delivery, selectors, tasks
from console.routers import actions as routers
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.catalogue import SPOKEN
from gateway.core.conditions import Condition
from gateway.core.decide import Route, decide
from gateway.core.facts import Tier
from gateway.core.policy import Floor, Otherwise, Policy
from gateway.core.router import compile_router
from gateway.core.secrets import digest
from gateway.core.snapshot import TenantSnapshot
from tests.console.conftest import Person
from tests.core.build import facts

MID = Policy(otherwise=Otherwise(tier=Tier.MID))
REGULATED = Floor(name="regulated", tier=Tier.PREMIUM, when=Condition(tag={"data": "regulated"}))
CANARY = "sk-CANARY-acme-0123456789abcdef"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _empty(redis: Redis) -> None:
    """Each test begins with nothing delivered."""


def served(redis: Redis, tenant: Tenant) -> TenantSnapshot:
    content = redis.hget(delivery.SNAPSHOTS, str(tenant.pk))
    assert isinstance(content, bytes)
    return msgspec.json.decode(content, type=TenantSnapshot)


def decided(snapshot: TenantSnapshot | None) -> Tier:
    assert snapshot is not None
    route = decide(facts(), compile_router(snapshot.routers[0], snapshot))
    assert isinstance(route, Route)
    return route.tier


def publish(tenant: Tenant) -> int:
    with every_tenant():
        return actions.publish_tenant(tenant.pk)


@pytest.fixture
def furnished(acme: Tenant, ada: Person) -> Tenant:
    """A key of each kind, a published router, a whitelist and a floor."""
    with within(acme):
        key = acme.provider_keys.create(name="openai-main", provider="openai")
        key.sealed = seal(Secret(CANARY), tenant=acme.pk, secret_id=key.pk)
        key.save()
        acme.gateway_keys.create(
            name="search-app",
            digest=digest("rw_secret"),
            prefix="rw_",
            last4="cret",
            routers=["support"],
            tags={"team": "search"},
            requests_per_minute=600,
        )
        catalogue.set_whitelist(acme, ["openai/*"], acting=ada.acting)
        catalogue.put_floor(acme, REGULATED, acting=ada.acting)
        routers.publish(routers.create(acme, "support", MID, acting=ada.acting), acting=ada.acting)
        routers.create(acme, "draft-only", MID, acting=ada.acting)
    return acme


def test_a_snapshot_holds_all_that_serving_needs(furnished: Tenant, redis: Redis) -> None:
    assert publish(furnished) == 1
    snapshot = served(redis, furnished)
    assert (snapshot.tenant, snapshot.slug, snapshot.version) == (str(furnished.pk), "acme", 1)
    assert snapshot.whitelist == ("openai/*",)
    assert snapshot.floors == (REGULATED,)
    assert [router.id for router in snapshot.routers] == ["support"]
    assert [provider.id for provider in snapshot.providers if provider.dialect in SPOKEN][:1] == ["openai"]
    gateway_key = snapshot.gateway_keys[0]
    assert (gateway_key.digest, gateway_key.routers) == (digest("rw_secret"), ("support",))
    assert (gateway_key.tags, gateway_key.limits.requests_per_minute) == ({"team": "search"}, 600)
    provider_key = snapshot.provider_keys[0]
    assert (provider_key.name, provider_key.base_url) == ("openai-main", "https://api.openai.com/v1")
    assert provider_key.sealed is not None
    assert {model.provider_key for model in snapshot.models if model.provider == "openai"} == {"openai-main"}


def test_the_gateway_can_decide_by_it(furnished: Tenant, redis: Redis) -> None:
    publish(furnished)
    snapshot = served(redis, furnished)
    router = compile_router(snapshot.routers[0], snapshot)
    route = decide(facts(tags={"data": "regulated"}), router)
    assert isinstance(route, Route)
    assert route.tier is Tier.PREMIUM
    assert route.model.startswith("openai/")


def test_no_secret_leaves_in_clear_and_none_is_kept(furnished: Tenant, redis: Redis) -> None:
    publish(furnished)
    sent = redis.hget(delivery.SNAPSHOTS, str(furnished.pk))
    assert isinstance(sent, bytes)
    assert CANARY.encode() not in sent
    assert b"rw_secret" not in sent
    with within(furnished):
        kept = selectors.publication(furnished, 1)
        assert kept is not None
        assert kept.provider_keys[0].sealed is None
        assert selectors.publication(furnished, 2) is None
        latest = selectors.latest(furnished)
    assert latest is not None
    assert latest.version == 1


def test_a_publication_can_be_decided_by_later(furnished: Tenant, ada: Person) -> None:
    publish(furnished)
    with within(furnished):
        router = furnished.routers.get(slug="support")
        routers.save_draft(router, Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT)), acting=ada.acting)
        routers.publish(router, acting=ada.acting)
    assert publish(furnished) == 2
    with within(furnished):
        kept = [selectors.publication(furnished, version) for version in (1, 2)]
    assert [decided(one) for one in kept] == [Tier.MID, Tier.LIGHTWEIGHT]


def test_those_who_listen_hear_of_it(furnished: Tenant, redis: Redis) -> None:
    with redis.pubsub(ignore_subscribe_messages=True) as ear:  # type: ignore[no-untyped-call]
        ear.subscribe(delivery.CHANNEL)
        ear.get_message(timeout=1)
        publish(furnished)
        heard = ear.get_message(timeout=2)
    assert heard["data"] == f"{furnished.pk}:1".encode()
    assert redis.hget(delivery.VERSIONS, str(furnished.pk)) == b"1"


def test_an_older_snapshot_never_replaces_a_newer_one(furnished: Tenant, redis: Redis) -> None:
    publish(furnished)
    old = served(redis, furnished)
    publish(furnished)
    assert not delivery.deliver(old)
    assert served(redis, furnished).version == 2


def test_many_publishers_at_once_make_one_row_of_versions(furnished: Tenant, redis: Redis) -> None:
    def one(_: int) -> int:
        try:
            return publish(furnished)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        versions = sorted(pool.map(one, range(8)))
    assert versions == list(range(1, 9))
    assert served(redis, furnished).version == 8


def test_a_change_is_drained_once(furnished: Tenant, redis: Redis) -> None:
    tasks.drain()
    assert served(redis, furnished).version == 1
    tasks.drain()
    assert served(redis, furnished).version == 1


def test_after_redis_lost_everything_the_sweep_brings_it_back(furnished: Tenant, redis: Redis) -> None:
    publish(furnished)
    publish(furnished)
    redis.flushdb()
    tasks.sweep()
    assert served(redis, furnished).version == 3
    tasks.sweep()
    assert served(redis, furnished).version == 3


def test_a_database_from_a_backup_does_not_go_back_in_time(furnished: Tenant, redis: Redis) -> None:
    redis.hset(delivery.VERSIONS, str(furnished.pk), 41)
    assert publish(furnished) == 42


def test_a_failed_delivery_is_caught_up(
    furnished: Tenant, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(delivery, "deliver", _fails)
        publish(furnished)
    assert redis.hget(delivery.SNAPSHOTS, str(furnished.pk)) is None
    assert actions.publish_those_behind() == 1
    assert served(redis, furnished).version == 2


def test_one_tenant_that_cannot_be_published_does_not_stop_the_others(
    furnished: Tenant, eve: Person, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = eve.membership.tenant
    with within(evil):
        outbox.mark(evil)

    def picky(tenant_id: UUID) -> int:
        if tenant_id == evil.pk:
            raise RuntimeError("broken tenant")
        return publish(furnished)

    outbox.drain(picky)
    assert served(redis, furnished).version == 1
    assert redis.hget(delivery.SNAPSHOTS, str(evil.pk)) is None


def test_no_row_of_another_tenant_is_in_a_snapshot(furnished: Tenant, eve: Person, redis: Redis) -> None:
    evil = eve.membership.tenant
    with within(evil):
        routers.publish(routers.create(evil, "theirs", MID, acting=eve.acting), acting=eve.acting)
    publish(evil)
    snapshot = served(redis, evil)
    assert [router.id for router in snapshot.routers] == ["theirs"]
    assert len(snapshot.gateway_keys) + len(snapshot.provider_keys) + len(snapshot.floors) == 0
    assert snapshot.whitelist is None


def _fails(_: TenantSnapshot) -> bool:
    raise ConnectionError("Redis is away")
