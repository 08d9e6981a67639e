"""`manage.py check_catalogue`: our rows are right, and whatever could be wrong with a row is found."""

from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from msgspec.structs import replace

from console.catalogue import builtin, check, prices
from console.catalogue.builtin import Entry, Rows, Vendor
from gateway.core.facts import Tier

TODAY = date(2026, 11, 24)
RIGHT = builtin.rows()


def provider(which: str, /, **change: object) -> Rows:
    vendors = tuple(replace(v, **change) if v.id == which else v for v in RIGHT.vendors)
    return replace(RIGHT, vendors=vendors)


def model(which: str, /, **change: object) -> Rows:
    vendor = which.partition("/")[0]
    entries = tuple(replace(e, **change) if e.id == which else e for e in RIGHT.entries[vendor])
    return replace(RIGHT, entries={**RIGHT.entries, vendor: entries})


def test_nothing_is_wrong_with_our_rows() -> None:
    said = StringIO()
    call_command("check_catalogue", stdout=said, stderr=said)
    assert (
        said.getvalue()
        == f"{len(RIGHT.vendors)} providers and {len(builtin.models())} models: nothing to mend.\n"
    )


WRONG: tuple[tuple[Rows, str], ...] = (
    (provider("groq", dialect="groqish"), "providers.toml groq: nobody speaks groqish."),
    (provider("groq", source=""), "providers.toml groq: its source is no public page."),
    (provider("groq", source="http://groq.test"), "providers.toml groq: its source is no public page."),
    (provider("groq", checked=date(2027, 1, 1)), "providers.toml groq: checked on 2027-01-01."),
    (
        provider("groq", base_url="https://api.groq.com/openai/v1/"),
        "https://api.groq.com/openai/v1/ is no base URL.",
    ),
    (provider("groq", base_url="https://api.grok.com/v1"), "https://api.grok.com/v1 is not where groq is."),
    (provider("groq", prices=("groq", "grok")), "providers.toml groq: genai-prices has no list grok."),
    (provider("arcee", prices=()), "providers.toml: genai-prices prices arcee, and no row does."),
    (replace(RIGHT, vendors=(*RIGHT.vendors, RIGHT.vendors[0])), "providers.toml: openai is there 2 times."),
    (replace(RIGHT, unspoken={**RIGHT.unspoken, "telex": "…"}), "[unspoken] telex: no provider speaks it."),
    (replace(RIGHT, entries={"nobody": ()}), "models/nobody.toml: no provider has this id."),
    (model("openai/gpt-5-nano", id="openai/gpt-5"), "models/openai.toml: openai/gpt-5 is there 2 times."),
    (model("openai/gpt-5-nano", aliases=frozenset({"gpt-5"})), "models/openai.toml: gpt-5 is there 2 times."),
    (model("openai/gpt-5-nano", id="groq/gpt-5-nano"), "its id does not begin with openai/."),
    (model("openai/gpt-5-nano", upstream_model="gpt-5-femto"), "openai/gpt-5-nano: in no price list."),
    (model("openai/gpt-5-nano", unpriced_because="new"), "openai/gpt-5-nano: priced after all."),
    (model("openai/gpt-4o", upstream_model="tts-1"), "openai/gpt-4o: billed for input_mchars."),
    (model("openai/gpt-5-nano", tier_because=""), "openai/gpt-5-nano: lightweight, and by the rule small."),
    (model("openai/gpt-4o", tier=Tier.SMALL), "openai/gpt-4o: small, and by the rule mid."),
    (model("openai/gpt-4o", tier_because="old"), "openai/gpt-4o: mid by the rule too."),
    (model("openai/gpt-4o", context=200_000), "context of 200,000 tokens, and the list says 128,000."),
    (model("openai/gpt-4o", max_output=200_000), "openai/gpt-4o: answers longer than its context."),
    (model("openai/gpt-4o", dialect="telex"), "openai/gpt-4o: nobody speaks telex."),
    (
        model("openai/gpt-4o-2024-05-13", id="openai/x", upstream_model="o1-mini"),
        "gpt-4o-2024-05-13 is taken for",
    ),
    (provider("openai", checked=date(2026, 10, 13)), "openai/o3: its price changed on 2026-10-14."),
)


@pytest.mark.parametrize(("rows", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_found_with_its_place_and_a_remedy(rows: Rows, said: str) -> None:
    found = [finding for finding in check.findings(rows, today=TODAY) if said in str(finding)]
    assert len(found) == 1
    assert found[0].remedy.endswith(".")


def test_a_price_that_is_read_wrongly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "BUCKETS", prices.BUCKETS | {"cache_read_mtok": "audio_input"})
    found = map(str, check.findings(RIGHT, today=TODAY))
    assert any("openai/gpt-4o: 1,000 tokens cost" in finding for finding in found)


def test_a_model_of_the_tenants_own_servers_is_local() -> None:
    vllm = Entry(id="vllm/llama", tier=Tier.MID, context=8_192)
    found = check.findings(replace(RIGHT, entries={"vllm": (vllm,)}), today=TODAY)
    assert "models/vllm.toml vllm/llama: hosted by the tenant, and mid. Make it local." in map(str, found)


def test_files_that_cannot_be_read_say_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "providers.toml").write_text('[unspoken]\n[[provider]]\nid = "acme"\n')
    monkeypatch.setattr(builtin, "folder", lambda: tmp_path)
    monkeypatch.setattr(builtin, "rows", builtin.rows.__wrapped__)
    with pytest.raises(CommandError, match=r"providers.toml: .*`name` - at `\$.provider\[0\]`"):
        call_command("check_catalogue")


def test_the_row_of_a_provider_needs_its_source_and_the_day_it_was_checked() -> None:
    with pytest.raises(TypeError, match="checked"):
        Vendor(id="a", name="A", dialect="openai_chat", base_url="", source="https://a.test")  # type: ignore[call-arg]
