"""What `up` prints: who may sign in, and a key that works as long as nobody revoked it."""

import json
import stat
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from django.core.management import call_command
from django.test import Client
from redis import Redis

from console.audit.actor import Actor
from console.embedded.places import Places
from console.keys.actions import gateway_keys
from console.keys.selectors import live_gateway_keys
from console.management.commands import welcome as command
from console.publishing import delivery
from console.routers import actions as routers
from console.supervisor.welcome import Trial, Welcome
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.secrets import digest
from gateway.core.snapshot import TenantSnapshot
from tests.console.conftest import Person

SYSTEM = Actor.system("tests")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis")]


def welcome() -> Welcome:
    told = StringIO()
    call_command("welcome", stdout=told)
    return Welcome.read(told.getvalue())


@pytest.fixture
def places(var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("DEMO", "0")
    return Places(var_dir)


@pytest.fixture
def trial(places: Places, acme: Tenant, ada: Person) -> Trial:
    with within(acme):
        router = routers.create(acme, "support", Policy(otherwise=Otherwise(tier=Tier.MID)), acting=SYSTEM)
        routers.publish(router, acting=SYSTEM)
    command._make_trial(places)
    return Trial(**json.loads(places.trial.read_text()))


@pytest.mark.usefixtures("places")
def test_an_empty_installation_has_nobody_to_welcome() -> None:
    assert asdict(welcome()) == {"sign_in": None, "person": None, "trial": None}


@pytest.mark.usefixtures("places")
def test_the_link_lets_the_owner_in_once(ada: Person) -> None:
    told = welcome()
    assert told.person == ada.user.email
    assert told.sign_in is not None
    browser = Client()
    browser.get(told.sign_in)
    assert browser.session["_auth_user_id"] == str(ada.user.pk)
    again = Client()
    again.get(told.sign_in)
    assert "_auth_user_id" not in again.session


def test_the_key_is_told_at_every_start(trial: Trial, places: Places) -> None:
    assert trial.tenant == "acme"
    assert trial.router == "support"
    assert welcome().trial == welcome().trial == trial
    assert stat.S_IMODE(places.trial.stat().st_mode) == 0o600


def test_the_gateway_knows_the_key_before_it_is_told(trial: Trial, acme: Tenant, redis: Redis) -> None:
    welcome()
    content = redis.hget(delivery.SNAPSHOTS, str(acme.pk))
    assert isinstance(content, bytes)
    snapshot = msgspec.json.decode(content, type=TenantSnapshot)
    assert digest(trial.gateway_key) in {key.digest for key in snapshot.gateway_keys}


def test_a_revoked_key_is_told_no_more(trial: Trial, acme: Tenant) -> None:
    with within(acme):
        (key,) = live_gateway_keys(acme)
        gateway_keys.revoke(key, acting=SYSTEM)
    assert welcome().trial is None


def test_a_key_of_a_tenant_that_is_gone(trial: Trial, places: Places) -> None:
    places.trial.write_text(json.dumps({**asdict(trial), "tenant": "gone"}))
    assert welcome().trial is None
