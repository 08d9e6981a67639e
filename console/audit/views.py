"""The audit trail as a page: filtered by who and what, newest first."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console.audit import selectors
from console.tenancy import Role, TenantRequest, member


class Filters(forms.Form):
    actor = forms.ChoiceField(label="Who", required=False, choices=[])
    verb = forms.ChoiceField(label="What", required=False, choices=[])
    cursor = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


@require_GET
@member(Role.VIEWER)
def audit(request: TenantRequest) -> HttpResponse:
    filters = _filters(request)
    chosen = filters.cleaned_data if filters.is_valid() else {}
    page = selectors.entries(
        request.tenant,
        actor=chosen.get("actor", ""),
        verb=chosen.get("verb", ""),
        before=chosen.get("cursor"),
    )
    template = "audit/audit.html#results" if request.htmx else "audit/audit.html"
    return render(request, template, {"filters": filters, "page": page})


def _filters(request: TenantRequest) -> Filters:
    filters = Filters(request.GET)
    actors, verbs = selectors.actors(request.tenant), selectors.verbs(request.tenant)
    filters.fields["actor"] = _choice("Who", "Everybody", actors)
    filters.fields["verb"] = _choice("What", "Everything", verbs)
    return filters


def _choice(label: str, everything: str, values: list[str]) -> forms.ChoiceField:
    choices = [("", everything), *((value, value) for value in values)]
    return forms.ChoiceField(label=label, required=False, choices=choices)
