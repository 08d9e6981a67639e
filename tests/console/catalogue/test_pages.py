"""The models page: whitelist, floors and models through its forms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.catalogue import actions, selectors
from console.catalogue.specs import ModelSpec, PriceSpec
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.conditions import Condition
from gateway.core.facts import Need, RequestClass, Tier
from gateway.core.policy import Floor
from tests.console.browsing import encoded, form_in
from tests.console.conftest import Person

HERE = "/t/acme/models/"
REGULATED = Floor(name="regulated", tier=Tier.PREMIUM, when=Condition(tag={"data": "regulated"}))


@pytest.fixture(autouse=True)
def _keyed(acme: Tenant) -> None:
    with within(acme):
        acme.provider_keys.create(name="main", provider="openai")


@pytest.fixture
def inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


def whitelist(acme: Tenant) -> tuple[str, ...] | None:
    with within(acme):
        return selectors.whitelist_of(acme)


def floors(acme: Tenant) -> tuple[Floor, ...]:
    with within(acme):
        return selectors.floors_of(acme)


def test_the_table_shows_what_is_within_reach_and_on_demand_all(vera: Person) -> None:
    page = vera.client.get(HERE).content.decode()
    assert "gpt-5-nano" in page
    assert "</span>claude-haiku-4-5</span>" not in page
    everything = vera.client.get(HERE, {"reach": "all"}).content.decode()
    assert "no provider key for anthropic" in everything
    found = vera.client.get(HERE, {"q": "NANO", "tier": "lightweight"}).content.decode()
    assert "gpt-5-nano" in found
    assert ">gpt-5-mini</span>" not in found


@pytest.mark.parametrize("query", ["tier=huge", "reach=moon", "q=%00", "q=" + "x" * 300, "page=-1"])
def test_no_filter_breaks_the_table(vera: Person, query: str) -> None:
    assert vera.client.get(f"{HERE}?{query}").status_code == 200


def test_the_whitelist_is_saved_and_shut_again(acme: Tenant, adam: Person) -> None:
    adam.client.post(f"{HERE}whitelist/", {"kind": "listed", "patterns": "openai/gpt-5*, local/*"})
    assert whitelist(acme) == ("openai/gpt-5*", "local/*")
    page = adam.client.get(HERE).content.decode()
    assert "Closed list" in page
    assert "Matches no model: local/*" in page
    adam.client.post(f"{HERE}whitelist/", {"kind": "any", "patterns": "openai/gpt-5*"})
    assert whitelist(acme) is None


def test_a_closed_list_of_nothing_is_said_loudly(acme: Tenant, adam: Person) -> None:
    adam.client.post(f"{HERE}whitelist/", {"kind": "listed", "patterns": ""})
    assert whitelist(acme) == ()
    assert "No model at all" in adam.client.get(HERE).content.decode()


def test_what_is_no_pattern_is_said_at_the_field(acme: Tenant, adam: Person) -> None:
    response = adam.client.post(f"{HERE}whitelist/", {"kind": "listed", "patterns": "openai/*, <b>"})
    assert response.status_code == 422
    assert "Entry 2 is no pattern" in response.content.decode()
    assert whitelist(acme) is None


def test_a_whitelist_is_previewed_as_one_types(acme: Tenant, vera: Person) -> None:
    page = vera.client.post(
        f"{HERE}preview/", {"kind": "listed", "patterns": "openai/gpt-5-*, x/*"}
    ).content.decode()
    assert "gpt-5-nano" in page
    assert "Matches no model: x/*" in page
    assert "<html" not in page
    assert whitelist(acme) is None


def test_floors_are_added_edited_and_removed_by_form(acme: Tenant, adam: Person) -> None:
    data = form_in(adam.client.get(f"{HERE}floor/").content, "editor")
    data["name"], data["tier"] = "hard", "premium"
    data.setlist("when-classes", ["reasoning"])
    adam.client.post(f"{HERE}floor/", encoded(data), content_type="application/x-www-form-urlencoded")
    reasoning = Condition(request_class=RequestClass.REASONING)
    assert floors(acme) == (Floor(name="hard", tier=Tier.PREMIUM, when=reasoning),)
    data = form_in(adam.client.get(f"{HERE}floor/?name=hard").content, "editor")
    data["name"] = "harder"
    adam.client.post(
        f"{HERE}floor/?name=hard", encoded(data), content_type="application/x-www-form-urlencoded"
    )
    assert [floor.name for floor in floors(acme)] == ["harder"]
    adam.client.post(f"{HERE}floor/remove/", {"name": "harder"})
    assert floors(acme) == ()


def test_a_floors_form_is_shaped_by_its_buttons(acme: Tenant, adam: Person) -> None:
    response = adam.client.post(f"{HERE}floor/", {"op": "show when share", "name": "x", "tier": "mid"})
    assert 'name="when-share"' in response.content.decode()
    assert floors(acme) == ()


def test_two_floors_of_one_name_are_refused_at_the_field(acme: Tenant, adam: Person) -> None:
    with within(acme):
        actions.put_floor(acme, REGULATED, acting=adam.acting)
    response = adam.client.post(f"{HERE}floor/", {"name": "regulated", "tier": "mid"})
    assert response.status_code == 422
    assert "Two floors are named regulated" in response.content.decode()
    assert adam.client.get(f"{HERE}floor/?name=none").status_code == 404


LLAMA = {
    "id": "local/llama-3.3-8b", "provider_key": "vllm", "upstream_model": "llama-3.3-8b", "tier": "local", "dialect": "ollama",
    "context": "131072", "can": ["tools", "json_schema"], "price_input": "0.0001", "price_output": "0.0001",
}  # fmt: skip


def test_a_model_of_ones_own(acme: Tenant, adam: Person) -> None:
    with within(acme):
        acme.provider_keys.create(name="vllm", provider="vllm")
    response = adam.client.post("/t/acme/new-model/", LLAMA)
    assert response.status_code == 302, response.content.decode()
    with within(acme):
        assert selectors.specs_of(acme) == (
            ModelSpec(
                id="local/llama-3.3-8b",
                provider_key="vllm",
                upstream_model="llama-3.3-8b",
                dialect="ollama",
                tier=Tier.LOCAL,
                context=131_072,
                can=(Need.TOOLS, Need.JSON_SCHEMA),
                price=PriceSpec(input=0.0001, output=0.0001),
            ),
        )
    page = adam.client.get("/t/acme/model/local/llama-3.3-8b/")
    data = form_in(page.content)
    assert (data["price_input"], data["tier"], data.getlist("can")) == (
        "0.0001",
        "local",
        ["tools", "json_schema"],
    )
    adam.client.post("/t/acme/model/local/llama-3.3-8b/remove/")
    with within(acme):
        assert selectors.specs_of(acme) == ()


def test_an_override_says_only_what_is_different(acme: Tenant, adam: Person) -> None:
    adam.client.post("/t/acme/model/openai/gpt-5/save/", {"tier": "mid", "can": ["audio"]})
    with within(acme):
        assert selectors.specs_of(acme) == (ModelSpec(id="openai/gpt-5", tier=Tier.MID),)
    assert "yours" in adam.client.get(HERE).content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "none"}, "Write it as provider/model"),
        ({"id": ""}, "This field is required."),
        ({"tier": ""}, "needs a tier"),
        ({"price_output": ""}, "A price says both input and output."),
        ({"price_input": "-1"}, "A price lies between 0"),
        ({"price_input": "NaN"}, "not an amount"),
        ({"price_input": "0.0000000001"}, "finer than a nano-dollar"),
        ({"provider_key": "nobody"}, "Select a valid choice"),
        ({"context": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_with_a_model_is_said_at_its_field(
    acme: Tenant, adam: Person, change: dict[str, str], said: str
) -> None:
    with within(acme):
        acme.provider_keys.create(name="vllm", provider="vllm")
    response = adam.client.post("/t/acme/new-model/", LLAMA | change)
    assert response.status_code == 422
    assert said in response.content.decode().replace("&#x27;", "'")
    with within(acme):
        assert not acme.custom_models.exists()


def test_a_models_page_tells_its_prices_and_what_bars_it(vera: Person) -> None:
    page = vera.client.get("/t/acme/model/openai/o3/").content.decode()
    assert "2025-06-10" in page
    assert "Save" not in page
    barred = vera.client.get("/t/acme/model/anthropic/claude-haiku-4-5/").content.decode()
    assert "No request reaches it" in barred
    assert vera.client.get("/t/acme/model/no/such/").status_code == 404


def test_models_of_others_are_not_there(acme: Tenant, adam: Person, eve: Person) -> None:
    with within(acme):
        actions.put_model(acme, ModelSpec(id="local/secret", tier=Tier.LOCAL), acting=adam.acting)
    assert eve.client.get("/t/evil/model/local/secret/").status_code == 404
    assert eve.client.post("/t/evil/model/local/secret/remove/").status_code == 404
    assert "local/secret" not in eve.client.get("/t/evil/models/?reach=all").content.decode()
