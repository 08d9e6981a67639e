"""How a change to a router is answered, whether it went through or not."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from console.routers.actions import Outdated
from console.routers.editing import NotThere
from console.routers.models import Router
from console.tenancy import TenantRequest

type RouterView[**P] = Callable[Concatenate[TenantRequest, P], HttpResponse]

OUTDATED = "Somebody saved this router while you were editing it. Load it again: your version is not saved."


def conflicts[**P](view: RouterView[P]) -> RouterView[P]:
    """Somebody else was first (409), or the draft cannot be kept (400)."""

    @wraps(view)
    def answered(request: TenantRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (Outdated, NotThere):
            return _refused(request, "routers/outdated.html", OUTDATED, 409)
        except Router.DoesNotExist:
            raise Http404("No such router.") from None
        except ValidationError as refused:
            return _refused(request, "routers/refused.html", " ".join(refused.messages), 400)

    return answered


def back(
    request: TenantRequest,
    router: Router,
    *,
    tab: str = "router",
    done: str = "",
    refused: str = "",
) -> HttpResponse:
    if done:
        messages.success(request, done)
    if refused:
        messages.error(request, refused)
    return redirect(tab, request.tenant.slug, router.slug)


def _refused(request: TenantRequest, template: str, message: str, status: int) -> HttpResponse:
    if request.htmx:
        toast = {"toast": {"level": "error", "text": message}}
        return HttpResponse(status=status, headers={"HX-Trigger": json.dumps(toast)})
    return render(request, template, {"message": message}, status=status)
