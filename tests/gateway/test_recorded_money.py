"""Every recorded answer of a real provider costs, to the nano-dollar, what genai-prices says that it does.

The model is found by the very name that was asked for, the usage is read by our dialects, and priced with the
catalogue's prices; the oracle has its own names, extractors and arithmetic.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from genai_prices.types import ModelInfo
from genai_prices.types import Usage as OracleUsage
from msgspec import Struct, structs

from console.catalogue import builtin
from gateway.core.catalogue import Model
from gateway.core.naming import Models, named
from gateway.core.price import Usage, UsageSource, cost
from gateway.dialects import PROTOCOLS
from gateway.dialects import embeddings as vectors
from tests.gateway import usage_oracle as oracle

FILE = Path(__file__).parent / "data" / "usage.jsonl.gz"
CATALOGUE = Models(
    {model.id: structs.replace(model, provider_key="k") for model in builtin.models().values()}
)
VENDORS = {"google": "gemini"}  # as recorded → as in the catalogue
DIALECTS = {
    "anthropic.messages": "anthropic",
    "bedrock.converse": "bedrock",
    "bedrock.converse_stream": "bedrock",
    "cohere.chat": "cohere",
    "gemini.generate": "gemini",
    "gemini.stream": "gemini",
    "openai.chat": "openai_chat",
    "openai.responses": "openai_responses",
}
EMBEDDINGS = {"cohere.embed": "cohere", "gemini.embed": "gemini", "openai.embeddings": "openai_chat"}


class Recorded(Struct, frozen=True):
    id: str
    provider: str
    protocol: str
    path: str
    model: str
    kind: str
    response: Any
    headers: dict[str, str] = {}

    @property
    def vendor(self) -> str:
        return VENDORS.get(self.provider, self.provider)

    @property
    def body(self) -> bytes:
        if self.kind == "base64":
            return base64.b64decode(self.response)
        return self.response.encode() if self.kind == "text" else json.dumps(self.response).encode()

    @property
    def found(self) -> Model | None:
        return named(CATALOGUE, f"{self.vendor}/{unquote(self.model)}")


@cache
def recordings() -> tuple[Recorded, ...]:
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return tuple(Recorded(**json.loads(line)) for line in lines)


def readable() -> Iterator[Recorded]:
    """Those of protocols that we speak with providers; Bedrock's older InvokeModel we do not."""
    return (row for row in recordings() if row.protocol in DIALECTS or row.protocol in EMBEDDINGS)


def read(row: Recorded) -> tuple[Usage, UsageSource]:
    if row.protocol in EMBEDDINGS:
        answer = vectors.PROTOCOLS[EMBEDDINGS[row.protocol]].parse(row.body, {}, _vectors(row.response))
        return answer.usage, answer.usage_source
    dialect = PROTOCOLS[DIALECTS[row.protocol]]
    if row.kind == "json":
        reply = dialect.parse_reply(row.body)
        return reply.usage, reply.usage_source
    reader = dialect.stream_reader()
    reader.feed(row.body)
    reader.end()
    return reader.usage, reader.usage_source


def _vectors(response: Any) -> int:
    rows = response.get("data") or response.get("embeddings") or [response["embedding"]]
    return len(next(iter(rows.values())) if isinstance(rows, dict) else rows)


def listed(row: Recorded) -> ModelInfo | None:
    """What the price list means by the name. Where a vendor has several lists, the host that answered decides."""
    lists = builtin.vendors()[row.vendor].prices
    if not lists or (len(lists) > 1 and row.found is None):
        return None
    return oracle.model_in(lists[0], unquote(row.model))


def told(row: Recorded) -> OracleUsage | None:
    source = next(iter(builtin.vendors()[row.vendor].prices), "openai")
    return oracle.usage_in(source, row.protocol, row.kind, row.response)


def test_every_recorded_answer_costs_what_genai_prices_says() -> None:
    """Let off are those that tell no usage or an impossible one, and names that no price list has: counted."""
    wrong, outcomes = [], Counter[str]()
    for row in readable():
        known, said_usage = listed(row), told(row)
        if known is None or said_usage is None:
            outcomes["no price" if known is None else "no usage"] += 1
            continue
        usage, _ = read(row)
        price = row.found.price_of(usage, oracle.DAY) if row.found else None
        booked = cost(price, usage) if price else None
        if usage.service_tier and booked is None:  # unknown; the price list would say its standard price
            outcomes[f"{usage.service_tier} without a price"] += 1
            continue
        try:
            said = oracle.price(
                known, said_usage, usage.searches if price and price.per_search else 0, usage.service_tier
            )
        except ValueError:  # parts that exceed their whole
            outcomes["impossible"] += 1
            continue
        outcomes["exact" if booked == said else "wrong"] += 1
        if booked != said:
            wrong.append((row.id, row.protocol, row.model, booked, said, usage, said_usage))
    assert not wrong, wrong
    assert outcomes == {
        "exact": 948,
        "flex without a price": 2,
        "no price": 23,
        "no usage": 7,
        "impossible": 1,
    }


@pytest.mark.parametrize("protocol", [*DIALECTS, *EMBEDDINGS])
def test_buckets_are_disjoint(protocol: str) -> None:
    """Ours sum to the provider's own totals: no token is counted twice, and none is lost."""
    rows = [row for row in readable() if row.protocol == protocol]
    assert rows
    for row in rows:
        usage, source = read(row)
        said = told(row)
        if said is not None and source is UsageSource.PROVIDER_FINAL:
            assert usage.prompt == said.reported_value("input_tokens"), (row.id, usage, said)
            assert usage.completion == said.reported_value("output_tokens"), (row.id, usage, said)
            assert usage.reasoning <= usage.output, row.id


def test_an_answer_without_usage_says_that_it_has_none() -> None:
    silent = [row for row in readable() if told(row) is None]
    assert silent
    assert {read(row)[1] for row in silent} == {UsageSource.NONE}
