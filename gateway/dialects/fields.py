"""Checks of single request fields, for the tables of the dialects: `{"temperature": number(0, 2), …}`.

A check gets the field's place and its value, never null (null is "not said"), and raises `InvalidRequest`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from gateway.dialects.rendering import named
from gateway.errors import InvalidRequest, echo

Check = Callable[[str, Any], None]

MAX_MESSAGES = 2_048
MAX_TOOLS = 128
MAX_TOKENS = 2**31 - 1

_MODEL = re.compile(r"[\x21-\x7e]{1,256}")
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")

# Fields with which libraries and other gateways steer a call. What we send is decided by the tenant's
# configuration alone: where it goes, with which key and headers, and which models may stand in.
INTERNAL = frozenset(
    {
        "api_base",
        "api_key",
        "api_type",
        "api_version",
        "allowed_model_region",
        "azure_ad_token",
        "base_url",
        "cache",
        "caching",
        "client",
        "constructor",
        "context_window_fallbacks",
        "custom_llm_provider",
        "default_headers",
        "deployment_id",
        "extra_body",
        "extra_headers",
        "extra_query",
        "fallbacks",
        "headers",
        "max_retries",
        "mock_response",
        "model_info",
        "model_list",
        "models",
        "no-log",
        "num_retries",
        "organization",
        "prototype",
        "provider",
        "proxies",
        "proxy",
        "route",
        "user_config",
    }
)
INTERNAL_PREFIXES = ("_", "litellm", "mock_", "aws_", "vertex_", "rungway")


def is_internal(field: str, known: Collection[str]) -> bool:
    """Also a known field in other letters: a provider's parser may take it for the real one."""
    if not field.isascii():
        return True
    lower = field.lower()
    return lower in INTERNAL or lower.startswith(INTERNAL_PREFIXES) or (lower != field and lower in known)


def check_fields(raw: dict[str, Any], checks: Mapping[str, Check]) -> tuple[str, ...]:
    """Checks the fields of a body, takes out those that are never a caller's to say, and names them."""
    internal = []
    for field, value in raw.items():
        check = checks.get(field)
        if check is None:
            if is_internal(field, checks):
                internal.append(field)
        elif value is not None:
            check(field, value)
    for field in internal:
        del raw[field]
    return named(internal)


def wrong_type(place: str, expected: str) -> InvalidRequest:
    return InvalidRequest(f"'{echo(place)}' must be {expected}.", code="invalid_type", param=place)


def wrong(place: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"'{echo(place)}' {why}.", param=place)


def missing(place: str) -> InvalidRequest:
    return InvalidRequest(f"'{echo(place)}' is required.", code="missing_required_parameter", param=place)


def foreign(where: str) -> Check:
    """A field of another surface: whoever sends it has the wrong path."""

    def check(place: str, value: object) -> None:
        raise InvalidRequest(
            f"'{place}' is not a field of this API; say it as {where}.", code="unknown_parameter", param=place
        )

    return check


def anything(place: str, value: object) -> None:
    pass


def flag(place: str, value: object) -> None:
    if type(value) is not bool:
        raise wrong_type(place, "true or false")


def number(low: float, high: float) -> Check:
    def check(place: str, value: object) -> None:
        if type(value) is not float and type(value) is not int:
            raise wrong_type(place, "a number")
        if not low <= value <= high:
            raise wrong(place, f"must lie between {low:g} and {high:g}")

    return check


def whole(low: int, high: int) -> Check:
    def check(place: str, value: object) -> None:
        if type(value) is not int:
            raise wrong_type(place, "a whole number")
        if not low <= value <= high:
            raise wrong(place, f"must lie between {low} and {high}")

    return check


def text(limit: int) -> Check:
    def check(place: str, value: object) -> None:
        if type(value) is not str:
            raise wrong_type(place, "a string")
        if len(value) > limit or "\x00" in value:
            raise wrong(place, f"must be at most {limit} characters without NUL")

    return check


def one_of(*words: str) -> Check:
    def check(place: str, value: object) -> None:
        if type(value) is not str:
            raise wrong_type(place, "a string")
        if value not in words:
            raise wrong(place, f"must be one of {', '.join(words)}")

    return check


def strings(place: str, value: object) -> None:
    if type(value) is not list or not all(type(item) is str for item in value):
        raise wrong_type(place, "a list of strings")


def stops(most: int) -> Check:
    """Stop sequences."""

    def check(place: str, value: object) -> None:
        if type(value) is not list:
            raise wrong_type(place, "a list of strings")
        if len(value) > most:
            raise wrong(place, f"may have at most {most} items")
        for index, item in enumerate(value):
            stop(f"{place}[{index}]", item)

    return check


def stop(place: str, value: object) -> None:
    if type(value) is not str:
        raise wrong_type(place, "a string")
    if not 1 <= len(value) <= 1_000:
        raise wrong(place, "must have 1 to 1000 characters")


def model_of(raw: Mapping[str, Any]) -> str:
    model = raw.get("model")
    if model is None:
        raise missing("model")
    if type(model) is not str:
        raise wrong_type("model", "a string")
    if _MODEL.fullmatch(model) is None:
        raise wrong("model", "must be 1 to 256 visible ASCII characters")
    return model


def check_name(place: str, value: object) -> None:
    """The name of a tool."""
    if value is None:
        raise missing(place)
    if type(value) is not str:
        raise wrong_type(place, "a string")
    if _NAME.fullmatch(value) is None:
        raise wrong(place, "must be 1 to 128 letters, digits, dashes or underscores")


def messages_of(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = raw.get("messages")
    if messages is None:
        raise missing("messages")
    if type(messages) is not list:
        raise wrong_type("messages", "a list")
    if not 1 <= len(messages) <= MAX_MESSAGES:
        raise wrong("messages", f"must have 1 to {MAX_MESSAGES} items")
    for index, message in enumerate(messages):
        if type(message) is not dict:
            raise wrong_type(f"messages[{index}]", "an object")
    return messages
