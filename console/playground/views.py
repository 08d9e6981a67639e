"""Try a request on a router's draft before anything is published. No model is called, nothing is kept."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from console.playground.answer import Answer, answer
from console.playground.forms import QuestionForm
from console.routers.selectors import router_of, routers_of, surroundings
from console.tenancy import Role, TenantRequest, member


@require_http_methods(["GET", "POST"])
@member(Role.VIEWER)
def playground(request: TenantRequest) -> HttpResponse:
    """The prompt comes by POST: it belongs into no address and no log."""
    slugs = list(routers_of(request.tenant).values_list("slug", flat=True))
    initial = {"router": request.GET.get("router", slugs[0] if slugs else "")}
    form = QuestionForm(request.POST or None, routers=slugs, initial=initial)
    told = _answer(request, form) if request.method == "POST" and form.is_valid() else None
    context = {
        "form": form,
        "answer": told,
        "routers": slugs,
        "keys": request.tenant.gateway_keys.values_list("name", flat=True),
        "known_models": [model.id for model in surroundings(request.tenant).models if model.provider_key],
    }
    part = "#answer" if request.htmx else ""
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, f"playground/playground.html{part}", context, status=status)


def _answer(request: TenantRequest, form: QuestionForm) -> Answer | None:
    if not form.says_something:
        return None
    router = router_of(request.tenant, form.cleaned_data["router"])
    return answer(form, router, surroundings(request.tenant), at=timezone.now())
