"""Prices of service tiers, regions and long prompts, as a tenant gives them: by file, by form, by sheet."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from console.catalogue import actions, builtin, price_actions, price_sheet, selectors
from console.catalogue.specs import ModelSpec, OtherPrice, PriceSpec, price_of, spec_of
from console.keys.actions import provider_keys
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.money import nano
from gateway.core.price import Price, Usage
from tests.console.browsing import form_in
from tests.console.conftest import Person

MODEL = "openai/gpt-5"
FLEX = OtherPrice(service_tier="flex", input="0.5", output=4)
LONG = OtherPrice(above=200_000, input=2, output=12)
EU = OtherPrice(region="eu", input=1.1, output=8.8)
EU_FLEX = OtherPrice(region="eu", service_tier="flex", input=0.55, output=4.4)
EU_LONG = OtherPrice(region="eu", above=200_000, input=2.2, output=13.2)
OWN = PriceSpec(input=1, output=8, cache_read=0.1, others=(FLEX, LONG, EU, EU_FLEX, EU_LONG))
SHEET = b"""model,input,output,service_tier,region,above,cache_read
openai/gpt-5,1,8,,,,0.1
openai/gpt-5,0.5,4,flex,,,
openai/gpt-5,2,12,,,200000,
openai/gpt-5,1.1,8.8,,eu,,
openai/gpt-5,0.55,4.4,flex,eu,,
openai/gpt-5,2.2,13.2,,eu,200000,
"""


@pytest.fixture(autouse=True)
def _inside(acme: Tenant) -> Iterator[None]:
    with within(acme):
        yield


def price(tenant: Tenant) -> Price:
    found = next(model for model in selectors.catalogue_of(tenant).models if model.id == MODEL)
    return found.prices[-1]


def test_a_price_is_read_back_as_it_was_given() -> None:
    kept = price_of(OWN, since=builtin.ALWAYS)
    assert [band.above for band in kept.bands] == [200_000]
    assert [(other.service_tier, other.region, len(other.bands)) for other in kept.others] == [
        ("", "eu", 1), ("flex", "", 0), ("flex", "eu", 0),
    ]  # fmt: skip
    assert price_of(spec_of(kept), since=builtin.ALWAYS) == kept


def test_a_sheet_says_the_same_and_is_written_back(acme: Tenant, ada: Person) -> None:
    sheet = price_sheet.read(SHEET)
    assert {name: price_of(spec, since=builtin.ALWAYS) for name, spec in sheet.items()} == {
        MODEL: price_of(OWN, since=builtin.ALWAYS)
    }
    assert price_actions.put_sheet(acme, sheet, acting=ada.acting) == (MODEL,)
    again = price_sheet.read(price_sheet.written(selectors.specs_of(acme)))
    assert price_actions.put_sheet(acme, again, acting=ada.acting) == ()
    assert acme.audit_entries.filter(verb="model.added", subject=MODEL).count() == 1


@pytest.mark.parametrize(
    ("region", "paid", "flex", "long"),
    [("", "1", "0.5", "2"), ("us-east-1", "1", "0.5", "2"), ("eu", "1.1", "0.55", "2.2")],
)
def test_a_key_is_priced_by_its_region(
    acme: Tenant, ada: Person, region: str, paid: str, flex: str, long: str
) -> None:
    actions.put_model(acme, ModelSpec(id=MODEL, price=OWN), acting=ada.acting)
    key = provider_keys.create(
        acme, name="main", provider="openai", secret="sk-0123456789abcdef", region=region, acting=ada.acting
    )
    found = price(acme)
    served = next(other for other in found.others if other.service_tier == "flex")
    assert (found.input, served.input, found.bands[0].input) == (nano(paid), nano(flex), nano(long))
    assert not provider_keys.set_region(key, region, acting=ada.acting)
    assert provider_keys.set_region(key, "elsewhere", acting=ada.acting)
    assert price(acme).input == nano(1)


@pytest.mark.parametrize(
    ("base_url", "secret", "region"),
    [
        (
            "https://bedrock-runtime.eu-central-1.amazonaws.com",
            "AKIAIOSFODNN7EXAMPLE:" + "x" * 40,
            "eu-central-1",
        ),
        ("", "us-gov-west-1/AKIAIOSFODNN7EXAMPLE:" + "x" * 40, "us-gov-west-1"),
        ("https://models-1.example.com", "us-east-1/AKIAIOSFODNN7EXAMPLE:" + "x" * 40, ""),
    ],
)
def test_the_address_or_the_key_says_the_region(
    acme: Tenant, ada: Person, base_url: str, secret: str, region: str
) -> None:
    key = provider_keys.create(
        acme, name="aws", provider="bedrock", secret=secret, base_url=base_url, acting=ada.acting
    )
    assert key.region == region


@pytest.mark.parametrize(
    ("others", "place"),
    [
        ((OtherPrice(input=1, output=1),), "price.others[0]"),
        ((FLEX, FLEX), "price.others[1]"),
        ((OtherPrice(service_tier="flex", above=9, input=1, output=1),), "price.others[0]"),
        ((OtherPrice(service_tier="Flex!", input=1, output=1),), "price.others[0].service_tier"),
        ((EU_FLEX,), "price.others[0]"),
        ((OtherPrice(service_tier="flex", input=-1, output=1),), "price.others[0].input"),
    ],
)
def test_what_could_not_be_billed_is_refused_with_its_place(
    acme: Tenant, ada: Person, others: tuple[OtherPrice, ...], place: str
) -> None:
    spec = ModelSpec(id=MODEL, price=PriceSpec(input=1, output=1, others=others))
    with pytest.raises(ValidationError) as refused:
        actions.put_model(acme, spec, acting=ada.acting)
    assert list(refused.value.message_dict) == [place]


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        (b"model,input\n", "The column output is missing."),
        (b"model,input,output,colour\n", "There is no column 'colour'"),
        (b"model,input,output\ngpt-5,1,2\n", "Line 2 names no model"),
        (b"model,input,output\nopenai/gpt-5,1,\n", "Line 2: a price says both"),
        (b"model,input,output,above\nopenai/gpt-5,1,2,lots\n", "Line 2: above is a number"),
        (
            b"model,input,output,region\nopenai/gpt-5,1,2,eu\n",
            "openai/gpt-5 has no row with its standard price",
        ),
        (b"model,input,output\nopenai/gpt-5,1,2\nopenai/gpt-5,1,3\n", "openai/gpt-5 has two standard prices"),
        (
            b"model,input,output\nopenai/gpt-5,1,cheap\n",
            "openai/gpt-5, price.output: 'cheap' is not an amount",
        ),
        (b"\xff\xfe", "This is no CSV"),
    ],
)
def test_a_sheet_that_cannot_be_read_changes_nothing(
    acme: Tenant, adam: Person, sheet: bytes, said: str
) -> None:
    answer = adam.client.post("/t/acme/prices/upload/", {"sheet": SimpleUploadedFile("p.csv", sheet)})
    assert answer.status_code == 422
    assert said in unescape(answer.content.decode())
    assert not acme.custom_models.exists()


def test_pages_take_and_show_them(acme: Tenant, adam: Person) -> None:
    answer = adam.client.post(
        "/t/acme/prices/upload/", {"sheet": SimpleUploadedFile("p.csv", SHEET)}, follow=True
    )
    assert f"Changed: {MODEL}." in answer.content.decode()
    assert "flex in eu" in " ".join(answer.content.decode().split())
    assert price_sheet.read(adam.client.get("/t/acme/prices/sheet/").content).keys() == {MODEL}

    here = f"/t/acme/model/{MODEL}/"
    form = form_in(adam.client.get(here).content)
    assert "service_tier=flex input=0.5 output=4" in form["price_others"]
    form["price_others"] = "service_tier=priority input=2 output=16 cache_read=0.2"
    assert adam.client.post(f"{here}save/", form).status_code == 302
    used = Usage(input=1, service_tier="priority")
    model = next(each for each in selectors.catalogue_of(acme).models if each.id == MODEL)
    found = model.price_of(used, model.prices[-1].since)
    assert found is not None
    assert (found.input, found.cache_read) == (nano(2), nano("0.2"))
    assert [other.service_tier for other in model.prices[-1].others] == ["priority"]

    form["price_others"] = "tier=flex input=1 output=2"
    refused = adam.client.post(f"{here}save/", form)
    assert (refused.status_code, "Line 1: there is no" in refused.content.decode()) == (422, True)
