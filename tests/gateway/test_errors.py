"""What a caller is told, on each surface: the table of the charter."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from gateway import errors
from gateway.dialects import DIALECTS
from gateway.errors import GatewayError

OPENAI, ANTHROPIC = DIALECTS["openai_chat"], DIALECTS["anthropic"]


def provider_says(status: int) -> GatewayError:
    return errors.ProviderInvalidRequest("x", status=status)


# error, status, type and code on the one surface, status and type on the other, whether it says when to come again
TABLE: list[tuple[GatewayError, int, str, str, int, str, bool]] = [
    (errors.InvalidRequest("x", param="model"), 400, "invalid_request_error", "invalid_value", 400, "invalid_request_error", False),
    (errors.NoEligibleModel(), 400, "invalid_request_error", "no_eligible_model", 400, "invalid_request_error", False),
    (errors.ContextTooLong(), 400, "invalid_request_error", "context_length_exceeded", 400, "invalid_request_error", False),
    (errors.Untranslatable("x"), 400, "invalid_request_error", "untranslatable", 400, "invalid_request_error", False),
    (errors.ConflictingCredentials(), 400, "invalid_request_error", "conflicting_credentials", 400, "invalid_request_error", False),
    (errors.InvalidKey(), 401, "invalid_request_error", "invalid_api_key", 401, "authentication_error", False),
    (errors.ModelNotAllowed("m"), 403, "permission_error", "model_not_allowed", 403, "permission_error", False),
    (errors.RouterDisabled("r"), 403, "permission_error", "router_disabled", 403, "permission_error", False),
    (errors.TenantSuspended(), 403, "permission_error", "tenant_suspended", 403, "permission_error", False),
    (errors.NotFound(), 404, "invalid_request_error", "not_found", 404, "not_found_error", False),
    (errors.RouterNotFound("r"), 404, "invalid_request_error", "router_not_found", 404, "not_found_error", False),
    (errors.EmbeddingModelNotFound("m", ()), 404, "invalid_request_error", "model_not_found", 404, "not_found_error", False),
    (errors.ModelNotFound("m"), 404, "invalid_request_error", "model_not_found", 404, "not_found_error", False),
    (errors.MethodNotAllowed("PUT", "POST"), 405, "invalid_request_error", "method_not_allowed", 405, "invalid_request_error", False),
    (errors.RequestTimedOut(), 408, "invalid_request_error", "request_timeout", 408, "invalid_request_error", False),
    (errors.IdempotencyMismatch(), 409, "invalid_request_error", "idempotency_mismatch", 409, "invalid_request_error", False),
    (errors.IdempotencyInProgress(), 409, "invalid_request_error", "idempotency_in_progress", 409, "invalid_request_error", False),
    (errors.TooLarge(), 413, "invalid_request_error", "request_too_large", 413, "request_too_large", False),
    (errors.TargetTooLong(), 414, "invalid_request_error", "uri_too_long", 414, "invalid_request_error", False),
    (errors.UnsupportedMediaType(), 415, "invalid_request_error", "unsupported_media_type", 415, "invalid_request_error", False),
    (errors.UnsupportedEncoding(), 415, "invalid_request_error", "unsupported_content_encoding", 415, "invalid_request_error", False),
    (errors.ExpectationFailed(), 417, "invalid_request_error", "expectation_failed", 417, "invalid_request_error", False),
    (errors.UpgradeRefused(), 426, "invalid_request_error", "upgrade_refused", 426, "invalid_request_error", False),
    (errors.HeadersTooLarge(), 431, "invalid_request_error", "headers_too_large", 431, "invalid_request_error", False),
    (errors.BudgetExceeded(), 402, "insufficient_quota", "budget_exceeded", 402, "billing_error", False),
    (errors.BudgetReserved(), 429, "rate_limit_error", "budget_reserved", 429, "rate_limit_error", True),
    (errors.RateLimited(), 429, "rate_limit_error", "rate_limit_exceeded", 429, "rate_limit_error", True),
    (errors.Overloaded(), 503, "server_error", "overloaded", 529, "overloaded_error", True),
    (errors.Draining(), 503, "server_error", "draining", 503, "api_error", True),
    (errors.AccountingUnavailable(), 503, "server_error", "accounting_unavailable", 503, "api_error", True),
    (errors.ConfigUnavailable(), 503, "server_error", "config_unavailable", 503, "api_error", True),
    (errors.UpstreamError(), 502, "server_error", "upstream_error", 502, "api_error", False),
    (errors.UpstreamTimeout(), 504, "server_error", "upstream_timeout", 504, "timeout_error", False),
    (errors.UpstreamInvalidResponse(), 502, "server_error", "upstream_invalid_response", 502, "api_error", False),
    (errors.UpstreamRateLimited(), 429, "rate_limit_error", "upstream_rate_limited", 429, "rate_limit_error", True),
    (errors.ProviderQuotaExhausted(), 502, "server_error", "provider_quota_exhausted", 502, "api_error", False),
    (errors.ProviderInvalidRequest("x"), 400, "invalid_request_error", "provider_invalid_request", 400, "invalid_request_error", False),
    (provider_says(404), 404, "invalid_request_error", "provider_invalid_request", 404, "not_found_error", False),
    (provider_says(413), 413, "invalid_request_error", "provider_invalid_request", 413, "request_too_large", False),
    (provider_says(422), 422, "invalid_request_error", "provider_invalid_request", 422, "invalid_request_error", False),
    (errors.ProviderCredentialsInvalid(), 502, "server_error", "provider_credentials_invalid", 502, "api_error", False),
    (errors.CredentialUnavailable(), 502, "server_error", "credential_unavailable", 502, "api_error", False),
    (errors.UpstreamRedirectRefused(), 502, "server_error", "upstream_redirect_refused", 502, "api_error", False),
    (errors.InternalError(), 500, "server_error", "internal_error", 500, "api_error", False),
]  # fmt: skip

each = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{type(row[0]).__name__}-{row[1]}")


@each
def test_on_the_openai_surface(row: Any) -> None:
    error, status, kind, code, _, _, again = row
    rendered = OPENAI.render_error(error, "req_1")
    assert rendered.status == status
    assert json.loads(rendered.body) == {
        "error": {"message": error.message, "type": kind, "param": error.param, "code": code}
    }
    headers = dict(rendered.headers)
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"x-request-id"] == b"req_1"
    assert (b"retry-after" in headers) == again


@each
def test_on_the_anthropic_surface(row: Any) -> None:
    error, _, _, code, status, kind, again = row
    rendered = ANTHROPIC.render_error(error, "req_1")
    assert rendered.status == status
    told = json.loads(rendered.body)
    assert (told["type"], told["request_id"]) == ("error", "req_1")
    assert (told["error"]["type"], told["error"]["code"]) == (kind, code)
    assert told["error"]["message"].endswith(error.message)
    headers = dict(rendered.headers)
    assert headers[b"request-id"] == b"req_1"
    assert (b"retry-after" in headers) == again


def test_every_error_is_in_the_table_and_in_the_drawing() -> None:
    def leaves(kind: type[GatewayError]) -> set[type[GatewayError]]:
        return {kind} | {leaf for below in kind.__subclasses__() for leaf in leaves(below)}

    kinds = leaves(GatewayError)
    families = {"GatewayError", "CallerError", "Forbidden", "LimitReached", "Unavailable"}
    assert {kind.__name__ for kind in kinds} - families == {type(row[0]).__name__ for row in TABLE}
    drawn = re.findall(r"^[│ ]*(?:├── |└── |)([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    assert {kind.__name__ for kind in kinds} <= set(drawn)


def test_the_drawing_tells_status_and_code() -> None:
    for name, status, code in re.findall(r"── (\w+) +(\d{3}) +(\w+)", errors.__doc__ or ""):
        kind = getattr(errors, name)
        assert kind.status == int(status)
        assert kind.code == code or name == "InvalidRequest"


@each
def test_messages_are_for_callers(row: Any) -> None:
    assert re.fullmatch(r"[^\n]{1,200}", row[0].message)
    assert not re.search(r"Traceback|Exception|Error\b|None|\bself\b|/work|\.py", row[0].message)


@pytest.mark.parametrize("text", ["x" * 100_000, "\x00" * 5_000, "🌍" * 3_000, '"\\' * 3_000])
def test_a_body_stays_within_two_kibibytes(text: str) -> None:
    for surface in DIALECTS.values():
        for error in (errors.ProviderInvalidRequest(text), errors.InvalidRequest(text, param=text)):
            for written in (surface.render_error(error, "req_1").body, surface.stream_error(error)):
                assert len(written) <= 2_048
        assert json.loads(surface.render_error(errors.InvalidRequest(text, param=text), "r").body)


def test_echoes_are_short_and_on_one_line() -> None:
    shown = errors.RouterNotFound("x" * 500 + "\r\n").message
    assert len(shown) < 200
    assert "·" in errors.ModelNotFound("a\r\nb").message


@pytest.mark.parametrize(
    ("seconds", "header"),
    [
        (0.2, b"1"),
        (1.01, b"2"),
        (59, b"59"),
        (10_000, b"600"),
        (-5, b"1"),
        (float("inf"), None),
        (float("nan"), None),
    ],
)
def test_when_to_come_again_is_whole_seconds_within_reason(seconds: float, header: bytes | None) -> None:
    assert dict(errors.RateLimited(retry_after=seconds).headers).get(b"retry-after") == header


def test_a_wrong_method_is_told_the_right_one() -> None:
    assert (b"allow", b"POST") in OPENAI.render_error(errors.MethodNotAllowed("PUT", "POST"), "r").headers


def test_an_error_in_a_stream_has_the_surfaces_shape() -> None:
    (told,) = OPENAI.stream_error(errors.UpstreamTimeout(), reply_id="chatcmpl-1", model="m", now=5).split(
        b"\n\n"
    )[:-1]
    body = json.loads(told.removeprefix(b"data: "))
    assert body["choices"] == [{"index": 0, "delta": {}, "finish_reason": "error"}]
    assert (body["id"], body["object"], body["model"]) == ("chatcmpl-1", "chat.completion.chunk", "m")
    assert body["error"]["code"] == "upstream_timeout"
    name, data = ANTHROPIC.stream_error(errors.UpstreamTimeout()).rstrip().split(b"\n")
    assert name == b"event: error"
    assert json.loads(data.removeprefix(b"data: "))["error"]["type"] == "timeout_error"
