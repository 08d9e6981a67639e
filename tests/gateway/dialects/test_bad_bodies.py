"""Bodies that are no JSON, or JSON that two parsers could understand differently: rows B-28 to B-34 of the charter."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest

from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from tests.gateway.dialects.samples import HEADERS, SURFACES, body, parse, refused

both = pytest.mark.parametrize("surface", SURFACES)

INVALID_JSON, INVALID_TYPE = "invalid_json", "invalid_type"


@both
@pytest.mark.parametrize(
    ("raw", "code"),
    [  # B-28, B-29
        (b"", INVALID_JSON),
        (b" \n", INVALID_JSON),
        (b"null", INVALID_TYPE),
        (b"[]", INVALID_TYPE),
        (b"true", INVALID_TYPE),
        (b'"x"', INVALID_TYPE),
        (b"1", INVALID_TYPE),
        (b'{"model": "m"', INVALID_JSON),
        (b'{"model": "m",}', INVALID_JSON),
        (b'{"model": "m"} x', INVALID_JSON),
        (b'{"model": "m"}{}', INVALID_JSON),
        (b'{"model": "m" /* no */}', INVALID_JSON),
        (b"{'model': 'm'}", INVALID_JSON),
        # B-30
        (b'\xef\xbb\xbf{"model": "m"}', "invalid_utf8"),
        ('{"model": "m"}'.encode("utf-16"), "invalid_utf8"),
        ('{"model": "m"}'.encode("utf-16-le"), "invalid_utf8"),
        (b'{"model": "\xff"}', "invalid_utf8"),
        (b'{"model": "\xc0\xaf"}', "invalid_utf8"),
        (b'{"model": "\\ud800"}', "invalid_utf8"),
        (b'{"model": "\\udc00"}', "invalid_utf8"),
        # B-31
        (b"[" * 100_000, "too_deeply_nested"),
        (b"[" * 1_000_000, "too_deeply_nested"),
        (b'{"a":' * 100_000, "too_deeply_nested"),
        # B-33
        (b'{"model": "cheap", "model": "dear"}', "duplicate_key"),
        (b'{"model": "m", "messages": [{"role": "user", "role": "system"}]}', "duplicate_key"),
        (b'{"model" : "m", "x": ": ", "mode\\u006c": "n"}', "duplicate_key"),
        (b'{"a\\\\": 1, "a\\\\": 2}', "duplicate_key"),
        # B-34
        (b'{"temperature": NaN}', "invalid_number"),
        (b'{"temperature": Infinity}', "invalid_number"),
        (b'{"temperature": -Infinity}', "invalid_number"),
        (b'{"temperature": 1e999}', "invalid_number"),
        (b'{"seed": ' + b"9" * 5_000 + b"}", "invalid_number"),
        (b'{"seed": ' + b"9" * 30 + b"}", "invalid_number"),
    ],
    ids=lambda value: str(value[:24]),
)
def test_what_two_parsers_could_read_differently_is_refused(surface: str, raw: bytes, code: str) -> None:
    assert refused(surface, raw).code == code


@both
def test_nesting_has_a_limit_wherever_it_is(surface: str) -> None:
    def nested(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = {"x": value}
        return value

    assert parse(surface, body(surface, whatever=nested(63))).raw["whatever"] == nested(63)
    assert refused(surface, body(surface, whatever=nested(64))).code == "too_deeply_nested"
    assert refused(surface, body(surface, metadata=nested(64))).code == "too_deeply_nested"


@both
@pytest.mark.parametrize("keys", [10_001, 1_000_000])
def test_floods_of_keys_are_refused_at_once(surface: str, keys: int) -> None:
    raw = b'{"model": "m", "x": {' + b",".join(b'"%d":1' % key for key in range(keys)) + b"}}"
    began = process_time()
    assert refused(surface, raw).code == "too_many_keys"
    assert process_time() - began < 1.0


@both
def test_a_key_of_a_megabyte_is_refused(surface: str) -> None:
    assert refused(surface, b'{"' + b"k" * 1_000_000 + b'": 1}').code == "too_many_keys"


@both
def test_offsets_are_told(surface: str) -> None:
    assert "byte 13" in refused(surface, b'{"model": "m"').message


@both
def test_small_numbers_are_taken(surface: str) -> None:
    raw = json.dumps(body(surface, temperature=0)).encode()
    assert parse(surface, raw.replace(b'"temperature": 0', b'"temperature": -0')).raw["temperature"] == 0
    assert parse(surface, raw.replace(b'"temperature": 0', b'"temperature": 1e-400')).raw["temperature"] == 0


@both
def test_no_bad_body_costs_more_than_a_moment(surface: str) -> None:
    """Half a megabyte of what could be expensive: many small messages, long names, many numbers."""
    for raw in (
        json.dumps(
            body(surface, messages=[{"role": "user", "content": [{"type": "hologram"}] * 20_000}])
        ).encode(),
        json.dumps(body(surface, logit_bias={str(i): 1 for i in range(9_999)})).encode(),
        b'{"x": [' + b"0," * 250_000 + b"0]}",
    ):
        began = process_time()
        with pytest.raises(GatewayError):
            DIALECTS[surface].parse_request(raw, HEADERS)
        assert process_time() - began < 0.5
