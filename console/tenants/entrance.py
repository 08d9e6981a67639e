"""The views before a tenant is chosen: where to go, a one-time sign-in link, an invitation."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from console.refusals import Refused
from console.tenants import links, sign_in
from console.tenants.errors import LinkSpent
from console.tenants.forms import NewPersonForm
from console.tenants.models import Invitation, User
from console.tenants.selectors import invitation_by_token, tenants_of


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The tenant seen last, else the first of them."""
    assert isinstance(request.user, User)
    tenants = tenants_of(request.user)
    if not tenants:
        return render(request, "tenants/none.html")
    last = request.session.get("tenant")
    slug = next((tenant.slug for tenant in tenants if tenant.slug == last), tenants[0].slug)
    return redirect("overview", slug)


@never_cache
@require_GET
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """GET, because it is clicked in a terminal or a mail. HEAD and prefetches of others do not use it up."""
    if request.headers.get("sec-purpose", "").startswith("prefetch"):
        return HttpResponse(status=204)
    try:
        user = links.redeem_sign_in_link(token)
    except Refused as refused:
        return render(request, "tenants/spent.html", {"reason": refused}, status=400)
    return sign_in.let_in(request, user, by="link", to=reverse("home"))


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = invitation_by_token(token)
    if found is None:
        return render(request, "tenants/spent.html", {"reason": LinkSpent()}, status=400)
    if isinstance(request.user, User):
        return _accept(request, found, token, user=request.user)
    if User.objects.filter(email=found.email).exists():
        return render(request, "tenants/invitation.html", {"invitation": found, "known": True})
    return _join(request, found, token)


def _accept(request: HttpRequest, found: Invitation, token: str, *, user: User) -> HttpResponse:
    if request.method == "GET" or user.email != found.email:
        return render(request, "tenants/invitation.html", {"invitation": found})
    membership = links.accept(token, user=user)
    return redirect("overview", membership.tenant.slug)


def _join(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    """The link proves the address, so the account begins here."""
    form = NewPersonForm(request.POST or None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "tenants/invitation.html", {"invitation": found, "form": form}, status=status)
    user = User.objects.create_user(
        email=found.email, name=form.cleaned_data["name"], password=form.cleaned_data["password"]
    )
    membership = links.accept(token, user=user)
    overview = reverse("overview", args=[membership.tenant.slug])
    return sign_in.let_in(request, user, by="invitation", to=overview)
