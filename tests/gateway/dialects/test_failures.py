"""What a provider's refusal means to us, and how much of its words the caller sees: B-56 to B-58, F-35, T-05."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from gateway.core.catalogue import Auth
from gateway.dialects import DIALECTS
from gateway.dialects.failures import Complaint, classify, redact, retry_after_of
from gateway.errors import (
    ProviderCredentialsInvalid,
    ProviderInvalidRequest,
    ProviderQuotaExhausted,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamRateLimited,
    UpstreamRedirectRefused,
    UpstreamTimeout,
)
from tests.gateway.dialects.samples import ANTHROPIC, OPENAI, SURFACES, parse

both = pytest.mark.parametrize("dialect", SURFACES)
SECRET = "sk-CANARY-acme-0123456789abcdef/+="


def error_of(dialect: str, status: int, body: Any = b"", **headers: str) -> UpstreamError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return DIALECTS[dialect].classify_error(status, told, raw, now=1_000_000_000.0, secret=SECRET)


@both
@pytest.mark.parametrize(
    ("status", "kind", "ours", "retryable"),
    [
        (400, ProviderInvalidRequest, 400, False),
        (404, ProviderInvalidRequest, 404, True),
        (413, ProviderInvalidRequest, 413, False),
        (422, ProviderInvalidRequest, 422, False),
        (401, ProviderCredentialsInvalid, 502, True),
        (403, ProviderCredentialsInvalid, 502, True),
        (402, ProviderQuotaExhausted, 502, True),
        (429, UpstreamRateLimited, 429, True),
        (408, UpstreamTimeout, 504, True),
        (504, UpstreamTimeout, 504, True),
        (500, UpstreamError, 502, True),
        (503, UpstreamError, 502, True),
        (529, UpstreamError, 502, True),
        (409, UpstreamError, 502, True),
        *[
            (status, UpstreamRedirectRefused, 502, True)
            for status in (300, 301, 302, 303, 304, 307, 308, 399)
        ],
        *[(status, UpstreamInvalidResponse, 502, True) for status in (0, 99, 101, 204, 206, 600, 999)],
    ],
)
def test_by_status(dialect: str, status: int, kind: type[UpstreamError], ours: int, retryable: bool) -> None:
    error = error_of(dialect, status, {"error": {"message": "policy violation", "type": "x"}})
    assert type(error) is kind
    assert (error.status, error.retryable, error.upstream_status) == (ours, retryable, status)


def test_an_empty_account_is_not_a_rate_limit() -> None:
    empty = {"error": {"message": "x", "type": "insufficient_quota", "code": "insufficient_quota"}}
    assert type(error_of(OPENAI, 429, empty)) is ProviderQuotaExhausted
    low = {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}}
    assert type(error_of(ANTHROPIC, 400, low)) is ProviderQuotaExhausted


@both
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b"<html>x</html>", b"\xff" * 100, b"[" * 100_000, b"x" * 10_000_000, b'{"error":5}']
)  # fmt: skip
def test_any_body_will_do(dialect: str, body: bytes) -> None:
    error = error_of(dialect, 400, body)
    assert type(error) is ProviderInvalidRequest
    rendered = DIALECTS[dialect].render_error(error, "req_1")
    assert len(rendered.body) <= 2_048
    assert b"<html" not in rendered.body
    assert json.loads(rendered.body)


@both
def test_a_prompt_too_long_for_one_model_may_fit_another(dialect: str) -> None:
    for error in (
        {"type": "invalid_request_error", "code": "context_length_exceeded", "message": "x"},
        {"type": "invalid_request_error", "message": "prompt is too long: 201 tokens > 200 maximum"},
    ):
        told = error_of(dialect, 400, {"error": error})
        assert told.retryable == (dialect == OPENAI or "code" not in error)


@both
def test_no_key_is_repeated_from_an_error_in_an_answer(dialect: str) -> None:
    secret = "a-key-like-no-other"
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": f"Wrong: {secret}"}}
    raw = json.dumps(body).encode()
    with pytest.raises(ProviderInvalidRequest) as caught:
        DIALECTS[dialect].parse_reply(raw, secret=secret)
    reader = DIALECTS[dialect].stream_reader(secret=secret)
    reader.feed(b"data: " + raw + b"\n\n")
    relay = DIALECTS[dialect].stream_relay(parse(dialect, stream=True), secret=secret)
    relay.feed(b"data: " + raw + b"\n\n")
    for error in (caught.value, reader.error, relay.error):
        assert error is not None
        assert error.message == "Wrong: [redacted]"


def test_the_providers_words_and_place_are_passed_on() -> None:
    error = error_of(OPENAI, 400, {"error": {"message": "Bad role.", "param": "messages[0].role"}})
    assert (error.message, error.param) == ("Bad role.", "messages[0].role")
    assert error_of(ANTHROPIC, 400, {"error": {"message": "Bad role."}}).message == "Bad role."


@both
def test_no_key_is_ever_repeated(dialect: str) -> None:
    spellings = [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()]
    for spelling in spellings:
        for status in (400, 401, 403, 429, 500):
            error = error_of(dialect, status, {"error": {"message": f"Wrong key {spelling}!"}})
            assert spelling not in error.message
    for foreign in (
        "sk-ant-api03-abcdefgh",
        "Incorrect API key provided: sk-abc***********xyz",
        "Bearer abc.def.ghi",
    ):
        assert "[redacted]" in redact(foreign, "")
    assert redact("nothing\nto hide", "") == "nothing to hide"


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry_after": "7"}, b"", 7.0),
        ({"retry_after": "0.5"}, b"", 0.5),
        ({"retry_after_ms": "1500"}, b"", 1.5),
        ({"retry_after_ms": "1500", "retry_after": "9"}, b"", 1.5),
        ({"retry_after": "Sun, 09 Sep 2001 01:46:50 GMT"}, b"", 10.0),
        ({"retry_after": "Sun, 09 Sep 2001 01:00:00 GMT"}, b"", 0.0),
        ({}, b'{"error":{"details":[{"retryDelay":"34s"}]}}', 34.0),
        ({}, b'{"retryDelay": "1.5s"}', 1.5),
        ({"retry_after": "3600"}, b"", 600.0),
        ({"retry_after": "-1"}, b"", None),
        ({"retry_after": "nan"}, b"", None),
        ({"retry_after": "inf"}, b"", None),
        ({"retry_after": "1e9"}, b"", None),
        ({"retry_after": "soon"}, b"", None),
        ({"retry_after": ""}, b"", None),
        ({}, b"", None),
    ],
)
def test_when_to_come_again(headers: dict[str, str], body: bytes, seconds: float | None) -> None:
    told = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    assert retry_after_of(told, body, now=1_000_000_000.0) == seconds
    error = error_of(OPENAI, 429, body, **headers)
    assert error.retry_after == (1.0 if seconds is None else seconds)


def test_a_status_without_words_still_says_something() -> None:
    assert classify(400, Complaint()).message == "The provider refused the request."


@both
@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (Auth.BEARER, [(b"authorization", b"Bearer k")]),
        (Auth.X_API_KEY, [(b"x-api-key", b"k")]),
        (Auth.API_KEY, [(b"api-key", b"k")]),
        (Auth.NONE, []),
    ],
)
def test_keys_are_shown_in_headers_only(dialect: str, auth: Auth, headers: list[tuple[bytes, bytes]]) -> None:
    assert DIALECTS[dialect].auth_headers(auth, "k") == headers
