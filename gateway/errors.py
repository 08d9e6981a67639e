"""Everything that can go wrong with a request, and what the caller is told.

GatewayError                              status   code
├── CallerError                                    the caller can mend it; no provider was called
│   ├── InvalidRequest                    400      invalid_json, invalid_type, invalid_value, duplicate_key, …
│   │   ├── NoEligibleModel               400      no_eligible_model
│   │   ├── ContextTooLong                400      context_length_exceeded
│   │   └── Untranslatable                400      untranslatable: this provider's dialect cannot say it
│   ├── ConflictingCredentials            400      conflicting_credentials
│   ├── InvalidKey                        401      invalid_api_key
│   ├── Forbidden                         403
│   │   ├── ModelNotAllowed               403      model_not_allowed
│   │   ├── RouterDisabled                403      router_disabled
│   │   └── TenantSuspended               403      tenant_suspended
│   ├── NotFound                          404      not_found
│   │   ├── RouterNotFound                404      router_not_found
│   │   └── ModelNotFound                 404      model_not_found
│   │       └── EmbeddingModelNotFound    404      model_not_found: and no other will do
│   ├── MethodNotAllowed                  405      method_not_allowed
│   ├── RequestTimedOut                   408      request_timeout
│   ├── IdempotencyMismatch               409      idempotency_mismatch
│   ├── IdempotencyInProgress             409      idempotency_in_progress
│   ├── TooLarge                          413      request_too_large
│   ├── TargetTooLong                     414      uri_too_long
│   ├── UnsupportedMediaType              415      unsupported_media_type
│   ├── UnsupportedEncoding               415      unsupported_content_encoding
│   ├── ExpectationFailed                 417      expectation_failed
│   ├── UpgradeRefused                    426      upgrade_refused
│   └── HeadersTooLarge                   431      headers_too_large
├── LimitReached
│   ├── BudgetExceeded                    402      budget_exceeded: spent; waiting a moment does not help
│   ├── BudgetReserved                    429      budget_reserved: filled by requests in flight
│   └── RateLimited                       429      rate_limit_exceeded
├── Unavailable                           503
│   ├── Overloaded                        503      overloaded (529 where the surface has it)
│   ├── Draining                          503      draining
│   ├── AccountingUnavailable             503      accounting_unavailable
│   └── ConfigUnavailable                 503      config_unavailable
├── UpstreamError                         502      upstream_error; `retryable`: ask another model
│   ├── UpstreamTimeout                   504      upstream_timeout
│   ├── UpstreamInvalidResponse           502      upstream_invalid_response
│   ├── UpstreamRateLimited               429      upstream_rate_limited
│   ├── ProviderQuotaExhausted            502      provider_quota_exhausted
│   ├── ProviderInvalidRequest         as it said  provider_invalid_request
│   ├── ProviderCredentialsInvalid        502      provider_credentials_invalid
│   ├── CredentialUnavailable             502      credential_unavailable
│   └── UpstreamRedirectRefused           502      upstream_redirect_refused
└── InternalError                         500      internal_error

Each says what kind of thing it is (`Kind`); a dialect knows what its surface calls that kind and in which
shape it says so. A message never holds a secret, a host, or more than 100 characters of the caller's input.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from math import ceil, isfinite


class Kind(Enum):
    """What a surface's error types are chosen by."""

    INVALID = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    CONFLICT = auto()
    TOO_LARGE = auto()
    RATE_LIMIT = auto()
    PAYMENT = auto()
    OVERLOADED = auto()
    TIMEOUT = auto()
    SERVER = auto()


MAX_RETRY_AFTER_S = 600
MAX_ECHO = 100
MAX_PARAM = 200


def echo(text: object) -> str:
    """A piece of the caller's input, fit to be shown back."""
    shown = str(text)
    shown = shown if len(shown) <= MAX_ECHO else shown[: MAX_ECHO - 1] + "…"
    return "".join(char if char.isprintable() else "·" for char in shown)


class GatewayError(Exception):
    status: int = 500
    kind: Kind = Kind.SERVER
    code: str = "internal_error"
    message: str = "The gateway failed to answer."
    param: str | None = None
    retry_after: float | None = None  # seconds
    routed: tuple[tuple[bytes, bytes], ...] = ()  # headers that tell what had been decided by then

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message or self.message
        self.code = code or self.code
        self.param = None if param is None else param[:MAX_PARAM]
        self.retry_after = self.retry_after if retry_after is None else retry_after
        super().__init__(self.message)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Those that belong to this error on every surface."""
        if self.retry_after is None or not isfinite(self.retry_after):
            return []
        seconds = min(max(1, ceil(self.retry_after)), MAX_RETRY_AFTER_S)
        return [(b"retry-after", b"%d" % seconds)]


class CallerError(GatewayError):
    status = 400
    kind = Kind.INVALID
    code = "invalid_request"
    message = "The request is not valid."


class InvalidRequest(CallerError):
    code = "invalid_value"


class NoEligibleModel(InvalidRequest):
    code = "no_eligible_model"
    message = "The router's policy leaves no model that can serve this request."


class ContextTooLong(InvalidRequest):
    code = "context_length_exceeded"
    message = "The prompt is longer than the context of every allowed model."
    param = "messages"


class Untranslatable(InvalidRequest):
    """The provider's dialect has no words for it; a model of the caller's own dialect may still serve it."""

    code = "untranslatable"


class ConflictingCredentials(CallerError):
    code = "conflicting_credentials"
    message = "The request carries two different keys; send one."


class InvalidKey(CallerError):
    status = 401
    kind = Kind.UNAUTHENTICATED
    code = "invalid_api_key"
    message = "The gateway key is missing, malformed, unknown, expired or revoked."


class Forbidden(CallerError):
    status = 403
    kind = Kind.FORBIDDEN
    code = "forbidden"
    message = "This key may not do that."


class ModelNotAllowed(Forbidden):
    code = "model_not_allowed"

    def __init__(self, model: str) -> None:
        super().__init__(f"The whitelist does not allow the model '{echo(model)}'.", param="model")


class RouterDisabled(Forbidden):
    code = "router_disabled"

    def __init__(self, router: str) -> None:
        super().__init__(f"The router '{echo(router)}' is disabled.")


class TenantSuspended(Forbidden):
    code = "tenant_suspended"
    message = "This account is suspended."


class NotFound(CallerError):
    status = 404
    kind = Kind.NOT_FOUND
    code = "not_found"
    message = "There is nothing at this path."


class RouterNotFound(NotFound):
    code = "router_not_found"

    def __init__(self, router: str) -> None:
        super().__init__(f"No router '{echo(router)}' that this key may use.")


class ModelNotFound(NotFound):
    code = "model_not_found"

    def __init__(self, model: str) -> None:
        super().__init__(f"No provider of this account serves a model '{echo(model)}'.", param="model")


class EmbeddingModelNotFound(ModelNotFound):
    def __init__(self, model: str, served: Sequence[str]) -> None:
        super().__init__(model)
        known = ", ".join(served[:5]) or "none yet; add a provider key that has some"
        self.message = (
            f"'{echo(model)}' is no embedding model of this account. Vectors of two models do not compare, so that "
            f"none is chosen for you: name one ({known})."
        )


class MethodNotAllowed(CallerError):
    status = 405
    code = "method_not_allowed"

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(f"{echo(method)} is not allowed here; use {allow}.")
        self.allow = allow

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"allow", self.allow.encode("ascii"))]


class RequestTimedOut(CallerError):
    status = 408
    code = "request_timeout"
    message = "The request did not arrive in time."


class IdempotencyMismatch(CallerError):
    status = 409
    kind = Kind.CONFLICT
    code = "idempotency_mismatch"
    message = "This idempotency key was used with another body."


class IdempotencyInProgress(CallerError):
    status = 409
    kind = Kind.CONFLICT
    code = "idempotency_in_progress"
    message = "A request with this idempotency key is still being answered."


class TooLarge(CallerError):
    status = 413
    kind = Kind.TOO_LARGE
    code = "request_too_large"
    message = "The request body is too large."


class TargetTooLong(CallerError):
    status = 414
    code = "uri_too_long"
    message = "The request target is too long."


class UnsupportedMediaType(CallerError):
    status = 415
    code = "unsupported_media_type"
    message = "Send the body as application/json in UTF-8."


class UnsupportedEncoding(CallerError):
    status = 415
    code = "unsupported_content_encoding"
    message = "Send the body without a content encoding."


class ExpectationFailed(CallerError):
    status = 417
    code = "expectation_failed"
    message = "Only '100-continue' can be expected."


class UpgradeRefused(CallerError):
    status = 426
    code = "upgrade_refused"
    message = "The connection cannot be upgraded; speak HTTP/1.1."


class HeadersTooLarge(CallerError):
    status = 431
    code = "headers_too_large"
    message = "The header block is too large."


class LimitReached(GatewayError):
    status = 429
    kind = Kind.RATE_LIMIT
    retry_after: float | None = 1.0
    budget: tuple[str, str] | None = None  # its name, and when it begins anew

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        if self.budget is None:
            return super().headers
        name, resets = self.budget
        shown = "".join(char if " " <= char <= "~" else "?" for char in name)
        told = ((b"x-rungway-budget", shown), (b"x-rungway-budget-resets-at", resets))
        return [*super().headers, *((header, value.encode()) for header, value in told)]


class BudgetExceeded(LimitReached):
    status = 402
    kind = Kind.PAYMENT
    code = "budget_exceeded"
    message = "The budget for this request is spent."
    retry_after = None


class BudgetReserved(LimitReached):
    code = "budget_reserved"
    message = "Requests in flight have reserved what is left of the budget; try again."


class RateLimited(LimitReached):
    code = "rate_limit_exceeded"
    message = "The rate limit of this key is reached."


class Unavailable(GatewayError):
    status = 503
    code = "unavailable"
    message = "The gateway cannot take requests just now."
    retry_after = 1.0


class Overloaded(Unavailable):
    kind = Kind.OVERLOADED
    code = "overloaded"
    message = "The gateway has too much to do; try again."


class Draining(Unavailable):
    code = "draining"
    message = "This gateway is shutting down; try again."


class AccountingUnavailable(Unavailable):
    code = "accounting_unavailable"
    message = "Usage cannot be recorded just now, so no request is taken."
    retry_after = 5.0


class ConfigUnavailable(Unavailable):
    code = "config_unavailable"
    message = "The gateway has no configuration yet."
    retry_after = 2.0


class UpstreamError(GatewayError):
    """A provider failed. `retryable`: another model, or this one later, may do better; `passing`: this one, at once.

    `asked`: the provider itself said after how long.
    """

    status = 502
    code = "upstream_error"
    message = "The provider failed to answer."
    retryable: bool = True
    passing: bool = True

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
        upstream_status: int = 0,
    ) -> None:
        super().__init__(message, code=code, retry_after=retry_after)
        self.asked = retry_after is not None
        self.retryable = self.retryable if retryable is None else retryable
        self.upstream_status = upstream_status


class UpstreamTimeout(UpstreamError):
    status = 504
    kind = Kind.TIMEOUT
    code = "upstream_timeout"
    message = "The provider did not answer in time."
    passing = False


class UpstreamInvalidResponse(UpstreamError):
    code = "upstream_invalid_response"
    message = "The provider's answer cannot be read."


class UpstreamRateLimited(UpstreamError):
    status = 429
    kind = Kind.RATE_LIMIT
    code = "upstream_rate_limited"
    message = "The provider's rate limit is reached."
    passing = False
    retry_after = 1.0


class ProviderQuotaExhausted(UpstreamError):
    """The tenant's account at the provider is empty: asking again does not help, another provider does."""

    code = "provider_quota_exhausted"
    message = "The account at the provider has no credit or quota left."
    passing = False


class ProviderInvalidRequest(UpstreamError):
    """The provider says that the request is wrong, with the status it chose."""

    status = 400
    kind = Kind.INVALID
    code = "provider_invalid_request"
    message = "The provider refused the request."
    passing = False
    retryable = False

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 400,
        retryable: bool | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message, retryable=retryable, upstream_status=status)
        self.status = status
        self.kind = {404: Kind.NOT_FOUND, 413: Kind.TOO_LARGE}.get(status, Kind.INVALID)
        self.param = None if param is None else param[:MAX_PARAM]


class ProviderCredentialsInvalid(UpstreamError):
    code = "provider_credentials_invalid"
    message = "The provider refused the key that this account has stored for it."
    passing = False


class CredentialUnavailable(UpstreamError):
    code = "credential_unavailable"
    message = "The provider key cannot be opened."
    passing = False


class UpstreamRedirectRefused(UpstreamError):
    code = "upstream_redirect_refused"
    message = "The provider answered with a redirect, which is never followed."
    passing = False


class InternalError(GatewayError):
    pass
