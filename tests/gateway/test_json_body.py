"""The strict reader against the standard library's: what it takes means the same, what it refuses is ambiguous."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.json_body import LARGEST, SMALLEST, read

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ['":', '\\":', ' ":', "\\", '"']
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(SMALLEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=5)
layouts = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), ("\n,", "\t:"), (",\r\n", "\n:\n")])


@settings(max_examples=400, deadline=None)
@given(body=objects, layout=layouts, ascii_only=st.booleans())
@example(body={'":': '":', "\\": '\\":'}, layout=(",", " :"), ascii_only=True)
def test_what_is_right_is_taken_as_it_is(
    body: dict[str, Any], layout: tuple[str, str], ascii_only: bool
) -> None:
    raw = json.dumps(body, separators=layout, ensure_ascii=ascii_only).encode()
    assert read(raw) == body
    msgspec.json.encode(read(raw))


@settings(max_examples=400, deadline=None)
@given(
    pairs=st.lists(st.tuples(texts, values), min_size=1, max_size=4), layout=layouts, ascii_only=st.booleans()
)
def test_a_key_given_twice_is_always_found(
    pairs: list[tuple[str, Any]], layout: tuple[str, str], ascii_only: bool
) -> None:
    comma, colon = layout
    written = [
        json.dumps(key, ensure_ascii=ascii_only)
        + colon
        + json.dumps(value, separators=layout, ensure_ascii=ascii_only)
        for key, value in [*pairs, pairs[0]]
    ]
    for raw in ("{" + comma.join(written) + "}", '{"x"' + colon + "[{" + comma.join(written) + "}]}"):
        with_error = None
        try:
            read(raw.encode())
        except InvalidRequest as error:
            with_error = error
        assert with_error is not None
        assert with_error.code == "duplicate_key"


@settings(max_examples=600, deadline=None)
@given(raw=st.binary(max_size=60) | st.text('{}[]":,\\u0d8 \n1eE+-.nulltrue', max_size=40).map(str.encode))
def test_no_bytes_whatever_do_more_than_be_refused(raw: bytes) -> None:
    with suppress(InvalidRequest):
        assert read(raw) == json.loads(raw)
