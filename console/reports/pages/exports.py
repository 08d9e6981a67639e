"""What the spend page shows, line by line and as a file."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from billing.exports import Form
from billing.periods import Misread, zone_of
from billing.query import ask
from console.reports.streaming import exported
from console.tenancy import Role, TenantRequest, member


@require_GET
@member(Role.VIEWER)
def spend_export(request: TenantRequest, form: str) -> HttpResponse:
    if form not in set(Form):
        raise Http404("No such form.")
    given = {name: list(values) for name, values in request.GET.lists()}
    if given.get("period") == ["custom"]:
        del given["period"]
    try:
        query = ask(given, zone=zone_of(request.tenant.time_zone), now=timezone.now())
    except Misread as misread:
        return HttpResponse(str(misread), status=400, content_type="text/plain; charset=utf-8")
    return cast("HttpResponse", exported(request, request.tenant, query, Form(form)))
