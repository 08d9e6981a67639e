"""What a tenant can see of models: keys, custom models, overrides, whitelist and floors."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from msgspec import structs

from console.catalogue import actions, builtin, reach, selectors
from console.catalogue.specs import ModelSpec, PriceSpec
from console.outbox.selectors import is_stale
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.catalogue import Model
from gateway.core.conditions import Condition
from gateway.core.facts import ModelKind, Need, RequestClass, Tier
from gateway.core.money import nano
from gateway.core.policy import Floor
from gateway.core.price import Unpriced
from tests.console.conftest import Person

LLAMA = ModelSpec(
    id="local/llama-3.3-8b",
    provider_key="vllm",
    upstream_model="llama-3.3-8b",
    tier=Tier.LOCAL,
    context=131_072,
    can=(Need.TOOLS, Need.JSON_SCHEMA),
    price=PriceSpec(input=0.0001, output=0.0001),
)
LLAMA_CAN = frozenset({Need.TOOLS, Need.JSON_SCHEMA})
TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def _inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


def model(tenant: Tenant, name: str) -> Model:
    return next(model for model in selectors.catalogue_of(tenant).models if model.id == name)


def key(tenant: Tenant, name: str, provider: str) -> None:
    tenant.provider_keys.create(name=name, provider=provider)


def test_a_model_is_called_with_the_first_key_of_its_provider(acme: Tenant) -> None:
    assert model(acme, "openai/gpt-5").provider_key == ""
    key(acme, "z-first", "openai")
    key(acme, "a-second", "openai")
    assert model(acme, "openai/gpt-5").provider_key == "z-first"
    assert model(acme, "openai/gpt-5").keys == ("z-first", "a-second")
    assert model(acme, "anthropic/claude-haiku-4-5").provider_key == ""


def test_keys_of_one_provider_take_turns_where_they_are_alike(acme: Tenant, ada: Person) -> None:
    key(acme, "first", "openai")
    acme.provider_keys.create(name="elsewhere", provider="openai", base_url="https://proxy.acme.test/v1")
    assert model(acme, "openai/gpt-5").keys == ()
    key(acme, "second", "openai")
    assert model(acme, "openai/gpt-5").keys == ("first", "second")
    own = structs.replace(LLAMA, id="openai/gpt-5-mini", provider_key="second", upstream_model="")
    actions.put_model(acme, own, acting=ada.acting)
    assert (model(acme, "openai/gpt-5-mini").provider_key, model(acme, "openai/gpt-5-mini").keys) == (
        "second",
        (),
    )


def test_a_model_without_a_price_counts_as_the_dearest_of_its_tier_if_the_tenant_says_so(
    acme: Tenant, ada: Person
) -> None:
    for name, price in (
        ("a", PriceSpec(input=3, output=4)),
        ("b", PriceSpec(input=4, output=0.5)),
        ("c", None),
    ):
        actions.put_model(acme, structs.replace(LLAMA, id=f"local/{name}", price=price), acting=ada.acting)
    assert model(acme, "local/c").prices == ()

    acme.unpriced_models = Unpriced.ESTIMATE
    (guessed,) = model(acme, "local/c").prices
    assert guessed == structs.replace(model(acme, "local/a").prices[0], since=builtin.ALWAYS, estimated=True)
    assert not model(acme, "local/b").prices[0].estimated

    acme.unpriced_models = Unpriced.BLOCK
    assert model(acme, "local/c").prices == ()
    lines = {
        line.model.id: line
        for line in reach.lines(acme, selectors.catalogue_of(acme), own=frozenset(), day=TODAY)
    }
    assert lines["local/c"].bar == "its price is unknown, and the tenant blocks such models"
    assert "price" not in lines["local/b"].bar


def test_a_custom_model_as_the_contract_writes_it(acme: Tenant, ada: Person) -> None:
    key(acme, "vllm", "vllm")
    assert actions.put_model(acme, LLAMA, acting=ada.acting)
    own = model(acme, "local/llama-3.3-8b")
    assert (own.provider, own.provider_key, own.wire_name) == ("vllm", "vllm", "llama-3.3-8b")
    assert (own.tier, own.context, own.can) == (Tier.LOCAL, 131_072, LLAMA_CAN)
    assert [price.input for price in own.prices] == [nano("0.0001")]
    assert selectors.specs_of(acme) == (LLAMA,)
    assert "vllm" in {provider.id for provider in selectors.catalogue_of(acme).providers}


def test_none_stands_in_for_a_key_that_is_named_and_not_there(acme: Tenant, ada: Person) -> None:
    key(acme, "other", "local")
    actions.put_model(acme, LLAMA, acting=ada.acting)
    assert model(acme, LLAMA.id).provider_key == ""


def test_the_same_again_changes_nothing_and_leaves_no_trace(acme: Tenant, ada: Person) -> None:
    assert actions.put_model(acme, LLAMA, acting=ada.acting)
    same = structs.replace(LLAMA, price=PriceSpec(input="0.00010", output=1e-4))
    assert not actions.put_model(acme, same, acting=ada.acting)
    assert acme.audit_entries.count() == 1


def test_a_model_may_speak_another_protocol_than_its_provider(acme: Tenant, ada: Person) -> None:
    own = ModelSpec(id="vertex/own", tier=Tier.MID, dialect="vertex_anthropic")
    actions.put_model(acme, own, acting=ada.acting)
    assert model(acme, "vertex/own").dialect == "vertex_anthropic"
    assert selectors.specs_of(acme) == (own,)
    actions.put_model(acme, ModelSpec(id="vertex/claude-opus-4-5", tier=Tier.MID), acting=ada.acting)
    assert model(acme, "vertex/claude-opus-4-5").dialect == "vertex_anthropic"


def test_an_override_changes_what_it_names_and_nothing_else(acme: Tenant, ada: Person) -> None:
    before = model(acme, "openai/gpt-5")
    actions.put_model(acme, ModelSpec(id="openai/gpt-5", tier=Tier.MID), acting=ada.acting)
    after = model(acme, "openai/gpt-5")
    assert after.tier is Tier.MID
    assert (after.prices, after.context, after.can) == (before.prices, before.context, before.can)


def test_a_negotiated_price_begins_today_and_the_past_keeps_its_own(acme: Tenant, ada: Person) -> None:
    listed = builtin.models()["openai/gpt-5"].prices
    spec = ModelSpec(id="openai/gpt-5", price=PriceSpec(input=1, output=8))
    actions.put_model(acme, spec, acting=ada.acting)
    prices = model(acme, "openai/gpt-5").prices
    assert prices[:-1] == listed
    assert (prices[-1].since, prices[-1].output) == (TODAY, nano(8))


def test_a_price_is_corrected_on_its_day_and_never_overwritten_after(acme: Tenant, ada: Person) -> None:
    for amount in (1, 2):
        spec = ModelSpec(id="local/own", tier=Tier.LOCAL, price=PriceSpec(input=amount, output=amount))
        actions.put_model(acme, spec, acting=ada.acting)
    prices = model(acme, "local/own").prices
    assert [(price.since, price.input) for price in prices] == [(builtin.ALWAYS, nano(1)), (TODAY, nano(2))]
    corrected = ModelSpec(id="local/own", tier=Tier.LOCAL, price=PriceSpec(input=3, output=3))
    actions.put_model(acme, corrected, acting=ada.acting)
    assert [price.input for price in model(acme, "local/own").prices] == [nano(1), nano(3)]


def test_removing_an_override_brings_the_catalogue_back(acme: Tenant, ada: Person) -> None:
    before = model(acme, "openai/gpt-5")
    actions.put_model(acme, ModelSpec(id="openai/gpt-5", tier=Tier.MID), acting=ada.acting)
    assert actions.remove_model(acme, "openai/gpt-5", acting=ada.acting)
    assert model(acme, "openai/gpt-5") == before
    assert not actions.remove_model(acme, "openai/gpt-5", acting=ada.acting)


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (ModelSpec(id="no-provider", tier=Tier.MID), "id"),
        (ModelSpec(id="Local/upper", tier=Tier.MID), "id"),
        (ModelSpec(id="local/with space", tier=Tier.MID), "id"),
        (ModelSpec(id="local/*", tier=Tier.MID), "id"),
        (ModelSpec(id="local/a", tier=Tier.MID, dialect="telex"), "dialect"),
        (ModelSpec(id="local/untiered"), "tier"),
        (ModelSpec(id="local/a", tier=Tier.MID, context=0), "context"),
        (ModelSpec(id="local/a", tier=Tier.MID, max_output=-1), "max_output"),
        (ModelSpec(id="local/a", tier=Tier.MID, upstream_model="a\nb"), "upstream_model"),
        (ModelSpec(id="local/a", tier=Tier.MID, price=PriceSpec(input=-1, output=1)), "price.input"),
        (ModelSpec(id="local/a", tier=Tier.MID, price=PriceSpec(input=1, output="ten")), "price.output"),
        (ModelSpec(id="local/a", tier=Tier.MID, price=PriceSpec(input=1, output="NaN")), "price.output"),
        (ModelSpec(id="local/a", tier=Tier.MID, price=PriceSpec(input=1e18, output=1)), "price.input"),
    ],
)
def test_a_wrong_model_is_refused_by_field(acme: Tenant, ada: Person, spec: ModelSpec, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.put_model(acme, spec, acting=ada.acting)
    assert field in refused.value.message_dict
    assert not acme.custom_models.exists()
    assert not acme.audit_entries.exists()


def test_the_whitelist(acme: Tenant, ada: Person) -> None:
    assert selectors.whitelist_of(acme) is None
    assert actions.set_whitelist(acme, ["openai/*", "local/*", "openai/*"], acting=ada.acting)
    assert selectors.whitelist_of(acme) == ("openai/*", "local/*")
    assert is_stale(acme)
    assert not actions.set_whitelist(acme, ["openai/*", "local/*"], acting=ada.acting)
    entry = acme.audit_entries.get()
    assert (entry.verb, entry.changes) == (
        "whitelist.changed",
        {"models": {"from": None, "to": ["openai/*", "local/*"]}},
    )
    assert actions.set_whitelist(acme, [], acting=ada.acting)
    assert selectors.whitelist_of(acme) == ()
    assert actions.set_whitelist(acme, None, acting=ada.acting)
    assert selectors.whitelist_of(acme) is None


@pytest.mark.parametrize("pattern", ["", "a b", "openai/\0", "x" * 201, "<script>", "openai/[ab]"])
def test_what_is_no_pattern_is_refused(acme: Tenant, ada: Person, pattern: str) -> None:
    with pytest.raises(ValidationError):
        actions.set_whitelist(acme, ["openai/*", pattern], acting=ada.acting)
    assert selectors.whitelist_of(acme) is None


REGULATED = Floor(name="regulated", tier=Tier.PREMIUM, when=Condition(tag={"data": "regulated"}))
REASONING = Floor(name="reasoning", tier=Tier.MID, when=Condition(request_class=RequestClass.REASONING))


def test_floors_are_added_changed_and_removed_by_name(acme: Tenant, ada: Person) -> None:
    actions.put_floor(acme, REGULATED, acting=ada.acting)
    actions.put_floor(acme, REASONING, acting=ada.acting)
    assert selectors.floors_of(acme) == (REGULATED, REASONING)
    renamed = Floor(name="secret", tier=Tier.MID, when=REGULATED.when)
    actions.put_floor(acme, renamed, replacing="regulated", acting=ada.acting)
    assert selectors.floors_of(acme) == (renamed, REASONING)
    assert actions.remove_floor(acme, "secret", acting=ada.acting)
    assert not actions.remove_floor(acme, "secret", acting=ada.acting)
    assert selectors.floors_of(acme) == (REASONING,)
    assert acme.audit_entries.count() == 4


def test_two_floors_cannot_share_a_name(acme: Tenant, ada: Person) -> None:
    actions.put_floor(acme, REGULATED, acting=ada.acting)
    with pytest.raises(ValidationError):
        actions.put_floor(acme, Floor(name="regulated", tier=Tier.MID), acting=ada.acting)
    assert selectors.floors_of(acme) == (REGULATED,)


def test_a_model_of_the_tenants_own_may_make_embeddings(acme: Tenant, ada: Person) -> None:
    spec = ModelSpec(id="local/bge-m3", tier=Tier.LOCAL, kind=ModelKind.EMBEDDING)
    actions.put_model(acme, spec, acting=ada.acting)
    assert model(acme, "local/bge-m3").kind is ModelKind.EMBEDDING
    assert selectors.specs_of(acme) == (spec,)


def test_an_override_lets_a_model_be_chosen_that_is_used_only_where_it_is_named(
    acme: Tenant, ada: Person
) -> None:
    assert model(acme, "openai/gpt-4").named_only
    actions.put_model(acme, ModelSpec(id="openai/gpt-4", tier=Tier.MID), acting=ada.acting)
    assert not model(acme, "openai/gpt-4").named_only
