"""How people come in: by invitation, slowly where they guess, and again before what grants access."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.utils import perform_login
from allauth.core.exceptions import ImmediateHttpResponse
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from console.tenancy import TenantRequest
from console.tenants.models import User


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's decisions, where ours differ."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            raise ImmediateHttpResponse(render(request, "429.html", status=429))


def let_in(request: HttpRequest, user: User, *, by: str, to: str) -> HttpResponse:
    """For who proved to be that person otherwise than by a password. A second factor is still asked for."""
    record_authentication(request, user, method=by)
    response: HttpResponse = perform_login(request, user, redirect_url=to)
    return response


type TenantView[**P] = Callable[Concatenate[TenantRequest, P], HttpResponse]


def recently_signed_in[**P](view: TenantView[P]) -> TenantView[P]:
    """For what grants access: whoever finds a browser left open must not find the keys in it."""

    @wraps(view)
    def guarded(request: TenantRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if _is_recent(request):
            return view(request, *args, **kwargs)
        # What was posted is not kept until afterwards: it may be a secret, and sessions lie in the database.
        back = urlencode({"next": _page_of(request)})
        return redirect(f"{reverse('account_reauthenticate')}?{back}")

    return guarded


def _is_recent(request: TenantRequest) -> bool:
    if not get_reauthentication_flows(request.user):
        return True  # came by a link, and has nothing else to prove it with
    moments = [record["at"] for record in get_authentication_records(request, request.user)]
    return bool(moments) and time.time() - max(moments) < app_settings.REAUTHENTICATION_TIMEOUT


def _page_of(request: TenantRequest) -> str:
    if request.method == "GET":
        return request.get_full_path()
    referer = request.headers.get("referer", "")
    known = url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()})
    return referer if known else "/"
