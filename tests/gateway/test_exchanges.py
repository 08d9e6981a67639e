"""Every provider with a recorded exchange in data/exchanges/<provider>.jsonl is understood by its row alone.

To add one: record a request and its answer, and put them there as a line of `id`, `model`, `request`,
`response_kind` (`json`, or `text` for a stream) and `response`. Nothing here needs to be changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from msgspec import Struct, structs

from console.catalogue import builtin
from gateway.core.assemble import assemble
from gateway.core.catalogue import SPOKEN
from gateway.core.conversation import Reply
from gateway.core.naming import Models, named
from gateway.core.price import UsageSource, cost
from gateway.dialects import PROTOCOLS, SURFACES
from gateway.dialects import embeddings as vectors
from tests.gateway.usage_oracle import DAY

FOLDER = Path(__file__).parent / "data" / "exchanges"
CATALOGUE = Models({name: structs.replace(each, provider_key="k") for name, each in builtin.models().items()})
WITHOUT_TOOLS = "openai_completions"
ASKED = b'{"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}'


class Exchange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    vendor: str
    id: str
    model: str
    request: dict[str, Any]
    response_kind: str
    response: Any

    @property
    def answer(self) -> bytes:
        return self.response.encode() if self.response_kind == "text" else json.dumps(self.response).encode()

    @property
    def embeds(self) -> bool:
        return "messages" not in self.request and "contents" not in self.request


EXCHANGES = [
    Exchange(vendor=file.stem, **json.loads(line))
    for file in sorted(FOLDER.glob("*.jsonl"))
    for line in file.read_text(encoding="utf-8").splitlines()
]


def named_after(exchange: Exchange) -> str:
    return f"{exchange.vendor}-{exchange.id[:6]}"


each_exchange = pytest.mark.parametrize("exchange", EXCHANGES, ids=named_after)


def read(exchange: Exchange) -> Reply:
    dialect = PROTOCOLS[builtin.vendors()[exchange.vendor].dialect]
    if exchange.response_kind == "json":
        return dialect.parse_reply(exchange.answer)
    reader = dialect.stream_reader()
    deltas = [*reader.feed(exchange.answer), *reader.end()]
    assert reader.error is None
    assert reader.complete
    reply = assemble(deltas)
    return structs.replace(reply, usage=reader.usage, usage_source=reader.usage_source)


def test_there_are_recorded_exchanges_of_many_providers() -> None:
    assert len({exchange.vendor for exchange in EXCHANGES}) >= 15


@each_exchange
def test_its_provider_has_a_row_whose_protocol_is_spoken(exchange: Exchange) -> None:
    vendor = builtin.vendors()[exchange.vendor]
    assert vendor.dialect in SPOKEN
    assert not vendor.rejects & exchange.request.keys(), "it took a field that its row says it rejects"


@each_exchange
def test_its_answer_is_read_with_every_token_and_can_be_priced(exchange: Exchange) -> None:
    vendor = builtin.vendors()[exchange.vendor]
    if exchange.embeds:
        answer = vectors.PROTOCOLS[vendor.dialect].parse(exchange.answer, {}, len(exchange.response["data"]))
        assert answer.vectors
        usage, source = answer.usage, answer.usage_source
    else:
        reply = read(exchange)
        assert reply.text or reply.tool_calls
        usage, source = reply.usage, reply.usage_source
    assert source is UsageSource.PROVIDER_FINAL
    assert usage.prompt > 0
    model = named(CATALOGUE, f"{exchange.vendor}/{unquote(exchange.model)}")
    if model and model.prices:
        price = model.price(DAY)
        assert price is not None
        assert cost(price, usage) > 0 or price.input == price.output == 0


@pytest.mark.parametrize("exchange", [e for e in EXCHANGES if not e.embeds], ids=named_after)
@pytest.mark.parametrize("surface", SURFACES)
def test_its_answer_can_be_told_to_any_caller(exchange: Exchange, surface: str) -> None:
    reply = read(exchange)
    request = SURFACES["openai_chat"].parse_request(ASKED)
    told = json.loads(SURFACES[surface].render_reply(reply, request, now=0))
    said = json.dumps(told, ensure_ascii=False)
    for text in reply.text.split("\n"):
        assert json.dumps(text, ensure_ascii=False).strip('"') in said
    for call in reply.tool_calls if surface != WITHOUT_TOOLS else ():
        assert call.name in said
