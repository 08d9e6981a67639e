"""Judged requests on their way round: the ledger's side keeps them, an hour later the gateway decides by them."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from redis import Redis

from billing import evidence
from billing.models import Judged
from billing.store import store
from console.catalogue import quality
from console.outbox.selectors import is_stale
from console.publishing import actions, delivery, learning, tasks
from console.publishing.selectors import publication
from console.routers import actions as routers
from console.routers.explaining import explained
from console.routers.selectors import surroundings
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.decide import Route, decide
from gateway.core.demand import Quality
from gateway.core.events import Evidence, RequestSettled
from gateway.core.facts import RequestClass, Tier
from gateway.core.foresee import foresee
from gateway.core.policy import Otherwise, Policy, Unsure
from gateway.core.prompt import Prompt, Turn
from gateway.core.quality.keep import pack_sketch
from gateway.core.quality.sketch import sketch
from gateway.core.router import compile_router
from gateway.core.samples import Asked, prompt_of
from gateway.core.snapshot import TenantSnapshot
from gateway.expecting import expects_of
from tests.billing.events import settled
from tests.console.conftest import Person
from tests.core.build import facts

STRONG, CHEAP = "openai/gpt-5", "openai/gpt-5-nano"
NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
POLICY = Policy(
    baseline=STRONG,
    whitelist=(STRONG, CHEAP),
    otherwise=Otherwise(quality=Quality(at_least="0.9 of baseline")),
    unsure=Unsure(tier=Tier.PREMIUM, confidence_below=0.0),
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def furnished(acme: Tenant, ada: Person, redis: Redis) -> Tenant:
    with within(acme):
        acme.provider_keys.create(name="openai-main", provider="openai")
        routers.publish(routers.create(acme, "support", POLICY, acting=ada.acting), acting=ada.acting)
    return acme


def judged(tenant: Tenant, number: int) -> RequestSettled:
    """The cheap model does what team search asks, and fails at what team legal asks; the strong one does both."""
    team = "search" if number % 2 else "legal"
    of = Evidence(
        sketch=pack_sketch(sketch(f"Please do the usual for case {number}.")),
        keys=("class:extraction", f"tag:team={team}"),
        scores={STRONG: 1.0, CHEAP: 1.0 if team == "search" else 0.0, "gone/model": 1.0},
    )
    return settled(
        tenant.pk,
        request_id=f"req-{number}",
        at=NOON + timedelta(seconds=number),
        outcome="failed",
        evidence=of,
    )


def keep(tenant: Tenant, count: int, *, start: int = 0) -> None:
    with every_tenant():
        store([judged(tenant, number) for number in range(start, start + count)])


def served(redis: Redis, tenant: Tenant) -> TenantSnapshot:
    content = redis.hget(delivery.SNAPSHOTS, str(tenant.pk))
    assert isinstance(content, bytes)
    return msgspec.json.decode(content, type=TenantSnapshot)


def publish(tenant: Tenant) -> None:
    with every_tenant():
        actions.publish_tenant(tenant.pk)


def answers(snapshot: TenantSnapshot, team: str) -> str:
    """What the gateway decides."""
    router = compile_router(snapshot.routers[0], snapshot, expects=expects_of(snapshot))
    prompt = Prompt(turns=(Turn("user", "Please do the usual for case 1001."),))
    asked, made = foresee(facts(request_class=RequestClass.EXTRACTION, tags={"team": team}), prompt, router)
    assert made
    decision = decide(asked, router)
    assert isinstance(decision, Route)
    return decision.model


def test_what_was_judged_is_decided_by(furnished: Tenant, redis: Redis) -> None:
    publish(furnished)
    before = served(redis, furnished)
    assert (answers(before, "search"), answers(before, "legal"), before.known) == (STRONG, STRONG, b"")
    keep(furnished, 300)
    tasks.learn_quality()
    with within(furnished):
        assert is_stale(furnished)
    tasks.drain()
    after = served(redis, furnished)
    assert after.version == before.version + 1
    assert (answers(after, "search"), answers(after, "legal")) == (CHEAP, STRONG)


def test_the_playground_expects_what_the_gateway_does(furnished: Tenant, redis: Redis) -> None:
    keep(furnished, 300)
    learning.learn()
    publish(furnished)
    snapshot = served(redis, furnished)
    asked = Asked(turns=(Turn("user", "Please do the usual for case 1001."),), tags={"team": "search"})
    with within(furnished):
        told = explained(asked, POLICY, surroundings(furnished), router="support", at=NOON)
    router = compile_router(snapshot.routers[0], snapshot, expects=expects_of(snapshot))
    there, _ = foresee(msgspec.structs.replace(told.facts, expected={}), prompt_of(asked), router)
    assert sorted(there.expected) == [STRONG, CHEAP]
    assert there == told.facts


def test_only_what_is_new_is_learnt_again(furnished: Tenant) -> None:
    keep(furnished, 10)
    assert [learning.learn(), learning.learn()] == [1, 0]
    keep(furnished, 1, start=10)
    assert learning.learn() == 1
    with within(furnished):
        assert furnished.known_quality.outcomes == 11


def test_an_event_that_comes_twice_is_kept_once(furnished: Tenant) -> None:
    keep(furnished, 3)
    keep(furnished, 3)
    with within(furnished):
        assert furnished.judged.count() == 3


def test_the_newest_are_kept(furnished: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST", 5)
    keep(furnished, 8)
    learning.learn()
    with within(furnished):
        assert sorted(furnished.judged.values_list("request_id", flat=True)) == [
            f"req-{n}" for n in range(3, 8)
        ]


def test_what_no_gateway_would_send_is_left_out(furnished: Tenant) -> None:
    sound = judged(furnished, 1)
    assert sound.evidence is not None
    for wrong in (
        {"sketch": b""},
        {"sketch": b"x" * 20_000},
        {"scores": {STRONG: 2.0}},
        {"scores": {STRONG: float("nan")}},
    ):
        with every_tenant():
            event = msgspec.structs.replace(sound, evidence=msgspec.structs.replace(sound.evidence, **wrong))
            store([event])
            assert not Judged.objects.exists()


def test_a_sketch_that_cannot_be_read_teaches_nothing(furnished: Tenant) -> None:
    event = judged(furnished, 1)
    assert event.evidence is not None
    with every_tenant():
        store(
            [msgspec.structs.replace(event, evidence=msgspec.structs.replace(event.evidence, sketch=b"\xc1"))]
        )
    assert learning.learn() == 1
    with within(furnished):
        assert (furnished.known_quality.outcomes, evidence.published(furnished)) == (0, b"")


def test_what_is_kept_of_a_publication_needs_no_knowledge(furnished: Tenant, redis: Redis) -> None:
    keep(furnished, 20)
    learning.learn()
    publish(furnished)
    snapshot = served(redis, furnished)
    assert snapshot.known
    with within(furnished):
        kept = publication(furnished, snapshot.version)
    assert kept is not None
    assert kept.known == b""


def test_a_tenant_without_such_a_rule_is_sent_nothing(furnished: Tenant, redis: Redis, ada: Person) -> None:
    keep(furnished, 20)
    learning.learn()
    with within(furnished):
        router = furnished.routers.get(slug="support")
        router = routers.save_draft(router, Policy(otherwise=Otherwise(tier=Tier.MID)), acting=ada.acting)
        routers.publish(router, acting=ada.acting)
    publish(furnished)
    assert served(redis, furnished).known == b""


def test_the_book_is_read_alike_on_both_sides() -> None:
    assert quality.reader().book.version
    assert quality.expects(b"not readable") is not None
