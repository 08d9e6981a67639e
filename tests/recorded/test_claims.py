"""Every claim holds for every exchange kept here; `python -m tests.bench.recorded` asks the same of a folder of them."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.dialects import DIALECTS, PROTOCOLS
from tests.recorded.claims import REFUSED, Finding, answer_says_the_same, difference, findings
from tests.recorded.exchanges import DIALECTS as PROTOCOL_OF
from tests.recorded.exchanges import Exchange, exchanges
from tests.recorded.reading import WHOLE

DATA = Path(__file__).parents[1] / "gateway" / "data"


@cache
def kept() -> tuple[Exchange, ...]:
    return tuple(exchanges(DATA))


@cache
def found() -> tuple[Finding, ...]:
    return tuple(finding for row in kept() for finding in findings(row))


@pytest.mark.parametrize("protocol", PROTOCOL_OF)
def test_every_claim_holds(protocol: str) -> None:
    of_it = [finding for finding in found() if finding.row.protocol == protocol]
    broken = [f"{f.row.id} {f.claim} {f.other}: {f.problem}" for f in of_it if f.problem not in {"", REFUSED}]
    assert of_it
    assert not broken


def test_claims_are_made_of_every_pair() -> None:
    pairs = {(f.row.dialect, f.other) for f in found() if f.claim == "answer in another shape"}
    assert pairs == {(one, other) for one in WHOLE for other in DIALECTS if one != other}
    said = {(f.row.dialect, f.other) for f in found() if f.claim == "request in another shape"}
    assert said == {(one, other) for one in DIALECTS for other in PROTOCOLS if one != other}


def test_most_of_what_callers_said_can_be_said_elsewhere() -> None:
    """What is refused asks for tools that its provider runs, or for files that it keeps."""
    asked = [f for f in found() if f.claim == "request in another shape"]
    refused = Counter(f.row.dialect for f in asked if f.problem == REFUSED)
    assert refused["openai_chat"] < 0.1 * sum(f.row.dialect == "openai_chat" for f in asked)
    assert sum(refused.values()) < 0.35 * len(asked)


def test_what_is_lost_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readings tell a text, a call, an end and a count apart."""
    row = next(row for row in kept() if row.dialect == "bedrock" and "toolUse" in json.dumps(row.response))
    said = WHOLE["bedrock"](row.response)
    for change in ({"text": "x"}, {"calls": ()}, {"finish": "length"}, {"tokens": 0}):
        assert difference(said, said._replace(**change)).startswith(next(iter(change)))
    assert answer_says_the_same(row, "anthropic") == ""
    protocol: Any = type(PROTOCOLS["bedrock"])
    parse = protocol.parse_reply
    monkeypatch.setattr(protocol, "parse_reply", lambda *a, **k: replace(parse(*a, **k), parts=()))
    assert answer_says_the_same(row, "anthropic") != ""
