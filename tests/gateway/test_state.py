"""The world is swapped whole, and what cannot be compiled leaves it as it was."""

from __future__ import annotations

from uuid import uuid4

import pytest
from msgspec.structs import replace

from gateway.core.catalogue import Provider
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.secrets import digest
from gateway.egress import UrlNotAllowed
from gateway.state import MAX_DIRECT, State, url_for
from tests.gateway.world import KEY, OTHER_KEY, SECRET, id_of, snapshot

LIGHT = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
MINE = snapshot(("support", LIGHT))
THEIRS = snapshot(("theirs", LIGHT), tenant="tenant-2", key=OTHER_KEY)


@pytest.fixture
def state() -> State:
    made = State({"tests": bytes(range(32))}, "http://127.0.0.1:8090")
    made.accept([MINE, THEIRS])
    return made


def test_a_request_keeps_the_world_it_began_in(state: State) -> None:
    before = state.world
    state.accept([replace(MINE, version=2, gateway_keys=())])
    assert digest(KEY) in before.keys
    assert digest(KEY) not in state.world.keys
    assert digest(OTHER_KEY) in state.world.keys


def test_what_fails_to_compile_changes_nothing(state: State) -> None:
    before = state.world
    broken = replace(MINE, version=2, routers=(object(),))
    with pytest.raises(AttributeError):
        state.accept([replace(THEIRS, version=2), broken])
    assert state.world is before


def test_a_tenant_that_is_gone_takes_its_keys_with_it(state: State) -> None:
    state.accept([], gone=frozenset({id_of("tenant-2")}))
    assert list(state.world.tenants) == [id_of("tenant-1")]
    assert digest(OTHER_KEY) not in state.world.keys


def test_keys_are_opened_once_and_kept_as_headers(state: State) -> None:
    connections = state.world.tenants[MINE.tenant].connections
    assert connections["openai-main"].headers == ((b"authorization", f"Bearer {SECRET}-openai".encode()),)
    assert connections["openai-main"].base_url == "http://127.0.0.1:8090/openai/v1"


def test_a_key_that_cannot_be_opened_is_a_problem_of_its_own(state: State) -> None:
    keys = [replace(key, id=str(uuid4())) if key.provider == "openai" else key for key in MINE.provider_keys]
    runtime = state.compile(replace(MINE, provider_keys=tuple(keys)))
    assert "does not belong here" in runtime.connections["openai-main"].problem
    assert runtime.connections["openai-main"].headers == ()
    assert runtime.connections["anthropic-main"].problem == ""


def test_a_protocol_nobody_speaks_is_a_problem_of_its_own(state: State) -> None:
    odd = tuple(replace(each, dialect="telex") for each in MINE.providers if each.id == "openai")
    runtime = state.compile(replace(MINE, providers=(*odd, *MINE.providers[1:])))
    assert runtime.connections["openai-main"].problem == "protocol not spoken"


def test_routers_for_calls_without_one_are_made_once_and_not_without_bound(state: State) -> None:
    runtime = state.world.tenants[MINE.tenant]
    model = runtime.models["openai/gpt-5"]
    assert runtime.direct(model) is runtime.direct(model)
    for number in range(2 * MAX_DIRECT):
        runtime.direct(replace(model, upstream_model=f"gpt-5-{number}"))
    assert len(runtime._direct) <= MAX_DIRECT


def test_a_key_without_a_base_url_calls_nobody(state: State) -> None:
    nowhere = Provider(id="openai", name="OpenAI", dialect="openai_chat", base_url="")
    keys = tuple(replace(key, base_url="") for key in MINE.provider_keys)
    runtime = state.compile(replace(MINE, providers=(nowhere,), provider_keys=keys))
    with pytest.raises(UrlNotAllowed):
        url_for(runtime, runtime.connections["openai-main"], "/chat/completions")
