"""Recorded exchanges from files, one JSON object a line."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

DIALECTS: Mapping[str, str] = {  # the recordings' name of a protocol → ours
    "anthropic.messages": "anthropic",
    "bedrock.converse": "bedrock",
    "bedrock.converse_stream": "bedrock",
    "cohere.chat": "cohere",
    "gemini.generate": "gemini",
    "gemini.stream": "gemini",
    "openai.chat": "openai_chat",
    "openai.responses": "openai_responses",
}


class Exchange(Struct, frozen=True):
    id: str
    protocol: str
    provider: str
    path: str
    model: str
    request: dict[str, Any]
    status: int
    response_kind: str
    response: Any

    @property
    def dialect(self) -> str:
        return DIALECTS[self.protocol]

    @property
    def body(self) -> bytes:
        return json.dumps(self.request).encode()

    @property
    def streamed(self) -> bool:
        return self.response_kind != "json"

    @property
    def answer(self) -> bytes:
        if self.response_kind == "base64":
            return b64decode(self.response)
        return self.response.encode() if self.streamed else json.dumps(self.response).encode()


def exchanges(folder: Path) -> Iterator[Exchange]:
    """Those of conversations: embeddings and counts have tests of their own."""
    for path in sorted(folder.iterdir()):
        protocol = path.name.removesuffix(".gz").removesuffix(".jsonl")
        if protocol in DIALECTS:
            whole = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            yield from (_exchange(protocol, json.loads(line)) for line in whole.splitlines())


def _exchange(protocol: str, row: dict[str, Any]) -> Exchange:
    values = {name: row.get(name, "") for name in Exchange.__struct_fields__}
    return Exchange(**values | {"protocol": protocol})
