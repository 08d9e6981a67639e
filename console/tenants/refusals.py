"""Whoever tries to change what the own role does not allow leaves a line in the audit trail.

The request's transaction is rolled back with the refusal, so the line is written after it, in one of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from console.audit import actions as audit
from console.tenancy import SAFE, TenantRequest, within


class RefusalsAreRecorded:
    """Middleware. Looking at a page that is not for one's role is no attempt to change anything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: TenantRequest, exception: Exception) -> None:
        is_member = getattr(request, "membership", None) is not None
        if is_member and isinstance(exception, PermissionDenied) and request.method not in SAFE:
            _record(request, str(exception))


def _record(request: TenantRequest, because: str) -> None:
    assert request.resolver_match is not None
    with within(request.tenant):
        audit.record(
            request.tenant,
            acting=request.acting,
            verb="access.refused",
            subject=request.resolver_match.view_name,
            changes={"because": because},
        )
