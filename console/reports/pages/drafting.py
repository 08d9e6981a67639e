"""One click: the rule that would mend a finding stands in the router's draft. Nothing is served by it yet."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from console.routers import actions
from console.routers.editing import NotThere
from console.routers.selectors import router_of
from console.tenancy import TenantRequest
from gateway.core.policy import Policy


def draft(request: TenantRequest, slug: str, mend: Callable[[Policy], tuple[Policy, int]]) -> HttpResponse:
    """`mend` gives the policy with the rule, and its place; it raises `NotThere` when what it mends is gone."""
    router, place = router_of(request.tenant, slug), 0

    def edit(policy: Policy) -> Policy:
        nonlocal place
        mended, place = mend(policy)
        return mended

    try:
        edited = actions.edit(router, edit, acting=request.acting)
    except NotThere as gone:
        messages.error(request, f"{gone} It was changed since: look at the router.")
        return redirect("router", request.tenant.slug, router.slug)
    name = edited.policy.rules[place].name
    messages.success(
        request, f"The draft has the rule “{name}” now. Nobody is served by it until you publish."
    )
    return redirect("router_rule", request.tenant.slug, router.slug, place)
