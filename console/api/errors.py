"""Refusals in one shape: `{"field": ["…"]}` where a field is at fault, else `{"detail": "…", "code": "…"}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from django.core import exceptions as django
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions as rest
from rest_framework.response import Response
from rest_framework.views import set_rollback

from billing.periods import Misread
from console.configuration.document import WrongDocument
from console.refusals import Refused
from console.routers.actions import Blocked, Outdated

ECHOED = 300  # characters of a message, which may repeat what was sent

type Body = dict[str, Any]


class PlanRequired(rest.APIException):
    status_code = 403
    default_code = "plan_required"
    default_detail = "This is part of AI Inside: it needs the plan pro or more."


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """None lets an error of ours be an error: it is logged with its traceback, and answered without."""
    told = _told(error, context)
    if told is None:
        return None
    set_rollback()
    status, body = told
    return Response(body, status=status, headers=_headers(error))


def server_error(request: HttpRequest) -> HttpResponse:
    """For what `answer` let through: in this interface's shape under its addresses, as a page elsewhere."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    body = _detail(
        "Something went wrong on our side. Nothing was changed; it is in the log.", "internal_error"
    )
    return JsonResponse(body, status=500, headers={"Cache-Control": "no-store"})


def invalid(field: str, message: str) -> rest.ValidationError:
    return rest.ValidationError({field: [message[:ECHOED]]})


def misfit(error: msgspec.ValidationError) -> rest.ValidationError:
    """The body's field, and where inside it: `{"policy": ["$.rules[2].when.clas: There is no such field."]}`."""
    said, _, at = str(error).partition(" - at ")
    place = at.strip("`")
    if unknown := re.search(r"unknown field `(.*)`", said):
        place, said = f"{place or '$'}.{unknown[1]}", "Unknown or read-only field"
    elif missing := re.search(r"missing required field `(.*)`", said):
        place, said = f"{place or '$'}.{missing[1]}", "This field is required"
    inside = re.fullmatch(r"\$\.([^.\[]+)(.*)", place, re.DOTALL)
    if inside is None:
        return invalid("body", f"{said}.")
    return invalid(inside[1][:100], f"${inside[2]}: {said}." if inside[2] else f"{said}.")


def _told(error: Exception, context: Mapping[str, Any]) -> tuple[int, Body] | None:
    match error:
        case rest.APIException():
            return error.status_code, _of_rest(error)
        case Http404() | django.ObjectDoesNotExist():
            return 404, _detail("There is no such thing here.", "not_found")
        case django.PermissionDenied():
            return 403, _detail(str(error), "permission_denied")
        case django.ValidationError():
            return 400, _of_django(error)
        case Misread():
            return 400, {error.field: [error.message]}
        case WrongDocument():
            field = re.match(r"\$\.(\w+)", error.place)
            return 400, {field[1] if field else "body": [str(error)[:ECHOED]]}
        case Blocked():
            return 400, _blocked(error)
        case Outdated():
            is_conditional = "If-Match" in context["request"].headers
            return 412 if is_conditional else 409, _detail(str(error), "outdated")
        case Refused():
            return 409, _detail(str(error), "refused")
        case _:
            return None


def _of_rest(error: rest.APIException) -> Body:
    detail = error.detail
    if isinstance(detail, dict):
        return {str(field): [str(message) for message in told] for field, told in detail.items()}
    if isinstance(detail, list):
        return _detail(" ".join(map(str, detail)), error.default_code)
    return _detail(str(detail), detail.code)


def _of_django(error: django.ValidationError) -> Body:
    if not hasattr(error, "error_dict"):
        return _detail(" ".join(error.messages), "invalid")
    return {field: list(messages) for field, messages in error.message_dict.items()}


def _blocked(error: Blocked) -> Body:
    failing = [{"name": test.name, "failure": test.failure} for test in error.inspection.failing]
    return {
        **_detail("Something is wrong with this policy: it was not published.", "not_publishable"),
        "findings": [msgspec.to_builtins(finding) for finding in error.inspection.findings],
        "tests": failing,
    }


def _detail(message: str, code: str | None) -> Body:
    return {"detail": message, "code": code or "invalid"}


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if scheme := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = scheme
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers
