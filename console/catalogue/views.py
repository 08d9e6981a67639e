"""The models page: which models may answer, what never goes below a tier, and the models themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.catalogue import actions, builtin, phrases, reach
from console.catalogue.condition_editor import reshape
from console.catalogue.floor_form import FloorEditor
from console.catalogue.forms import ModelFilter, ModelForm, WhitelistForm
from console.catalogue.selectors import catalogue_of, floors_of, provider_keys, spec_in, whitelist_of
from console.catalogue.specs import ModelSpec
from console.tenancy import Role, TenantRequest, member
from gateway.core.facts import Tier
from gateway.core.policy import Floor
from gateway.core.price import Price, price_on

NEW_FLOOR = Floor(name="", tier=Tier.MID)


@require_safe
@member(Role.VIEWER)
def models(request: TenantRequest) -> HttpResponse:
    whitelist = WhitelistForm.of(whitelist_of(request.tenant))
    return render(request, "catalogue/models.html", _context(request, whitelist))


@require_POST
@member(Role.ADMIN)
def models_whitelist(request: TenantRequest) -> HttpResponse:
    form = WhitelistForm(request.POST)
    if form.is_valid():
        try:
            changed = actions.set_whitelist(request.tenant, form.whitelist, acting=request.acting)
        except ValidationError as refused:
            form.add_error("patterns", refused.messages)
        else:
            done = "The whitelist is saved." if changed else "The whitelist was so already."
            messages.success(request, f"{done} Gateways have it within two seconds.")
            return redirect("models", request.tenant.slug)
    return render(request, "catalogue/models.html", _context(request, form), status=422)


@require_POST
@member(Role.VIEWER)
def models_preview(request: TenantRequest) -> HttpResponse:
    """What the whitelist would admit as it is typed; nothing is saved."""
    form = WhitelistForm(request.POST)
    patterns = form.whitelist if form.is_valid() else ()
    return render(request, "catalogue/preview.html", {"preview": reach.preview(request.tenant, patterns)})


@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
def models_floor(request: TenantRequest) -> HttpResponse:
    """A tenant-wide floor by its name; a new one where none is named."""
    name = request.GET.get("name", "")
    floor = next((floor for floor in floors_of(request.tenant) if floor.name == name), None)
    if name and floor is None:
        raise Http404("No such floor.")
    if request.method == "POST" and not request.POST.get("op"):
        editor = FloorEditor.read(request.POST)
        if editor.is_valid() and _put_floor(request, editor, name or None):
            return redirect("models", request.tenant.slug)
        return _floor(request, editor, floor, status=422)
    if request.method == "POST":
        shaped = FloorEditor.read(reshape(request.POST, request.POST["op"]), judged=False)
        return _floor(request, shaped, floor)
    return _floor(request, FloorEditor.of(floor or NEW_FLOOR), floor)


@require_POST
@member(Role.ADMIN)
def models_floor_remove(request: TenantRequest) -> HttpResponse:
    name = request.POST.get("name", "")
    if actions.remove_floor(request.tenant, name, acting=request.acting):
        messages.success(request, f"The floor {name} is gone.")
    return redirect("models", request.tenant.slug)


@require_http_methods(["GET", "POST"])
@member(Role.ADMIN)
def model_new(request: TenantRequest) -> HttpResponse:
    keys = list(provider_keys(request.tenant))
    form = ModelForm(request.POST or None, keys=keys)
    if request.method == "POST" and form.is_valid() and _put_model(request, form):
        return redirect("models", request.tenant.slug)
    return render(request, "catalogue/model_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_safe
@member(Role.VIEWER)
def model(request: TenantRequest, model_id: str) -> HttpResponse:
    """One model: what it costs and can, and what this tenant says differently of it."""
    catalogue = catalogue_of(request.tenant)
    found = next((model for model in catalogue.models if model.id == model_id), None)
    if found is None:
        raise Http404("No such model.")
    own = request.tenant.custom_models.filter(model_id=model_id).first()
    today = timezone.now().date()
    line = next(
        line
        for line in reach.lines(request.tenant, catalogue, own=frozenset(), day=today)
        if line.model.id == model_id
    )
    keys = list(provider_keys(request.tenant))
    spec = spec_in(own) if own else ModelSpec(id=model_id)
    context = {
        "line": line,
        "model": found,
        "own": own,
        "is_custom": model_id not in builtin.models(),
        "price_rows": list(_price_rows(found.prices, today)),
        "form": ModelForm.of(spec, keys=keys),
        "can_edit": request.membership.holds(Role.ADMIN),
    }
    return render(request, "catalogue/model.html", context)


def _price_rows(prices: Sequence[Price], today: date) -> Iterator[tuple[Price, bool]]:
    """The newest first, each with its long prompts and service tiers; whether another has taken its place."""
    held = price_on(prices, today)
    for price in reversed(prices):
        for row in (price, *price.bands, *(row for other in price.others for row in (other, *other.bands))):
            yield row, held is not None and price.since < held.since


@require_POST
@member(Role.ADMIN)
def model_save(request: TenantRequest, model_id: str) -> HttpResponse:
    known = builtin.models().get(model_id)
    if known is None and not request.tenant.custom_models.filter(model_id=model_id).exists():
        raise Http404("No such model.")
    data = request.POST.copy()
    data["id"] = model_id
    form = ModelForm(data, keys=list(provider_keys(request.tenant)), known=known)
    if form.is_valid() and _put_model(request, form):
        return redirect("model", request.tenant.slug, model_id)
    context = {"form": form, "known": known, "model_id": model_id}
    return render(request, "catalogue/model_new.html", context, status=422)


@require_POST
@member(Role.ADMIN)
def model_remove(request: TenantRequest, model_id: str) -> HttpResponse:
    if not actions.remove_model(request.tenant, model_id, acting=request.acting):
        raise Http404("No such model.")
    messages.success(request, f"{model_id} is as the catalogue has it again, or gone.")
    return redirect("models", request.tenant.slug)


def _context(request: TenantRequest, whitelist: WhitelistForm) -> dict[str, object]:
    tenant, form = request.tenant, ModelFilter(request.GET)
    own = frozenset(tenant.custom_models.values_list("model_id", flat=True))
    all_lines = reach.lines(tenant, catalogue_of(tenant), own=own, day=timezone.now().date())
    reached = frozenset(line.model.id for line in all_lines if not line.bar)
    shown = {model.id for model in form.select((line.model for line in all_lines), reached=reached, own=own)}
    patterns = whitelist_of(tenant)
    return {
        "lines": [line for line in all_lines if line.model.id in shown],
        "filters": form,
        "total": len(all_lines),
        "reached": len(reached),
        "whitelist": whitelist,
        "patterns": patterns,
        "preview": reach.preview(tenant, patterns),
        "floors": [(floor, phrases.clauses(floor.when)) for floor in floors_of(tenant)],
        "known_models": [line.model.id for line in all_lines],
        "can_edit": request.membership.holds(Role.ADMIN),
    }


def _floor(
    request: TenantRequest, editor: FloorEditor, floor: Floor | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "editor": editor,
        "floor": floor,
        "keys": request.tenant.gateway_keys.values_list("name", flat=True),
        "known_models": [model.id for model in catalogue_of(request.tenant).models],
    }
    part = "#editor" if request.htmx else ""
    return render(request, f"catalogue/floor.html{part}", context, status=status)


def _put_floor(request: TenantRequest, editor: FloorEditor, replacing: str | None) -> bool:
    try:
        actions.put_floor(request.tenant, editor.floor, replacing=replacing, acting=request.acting)
    except ValidationError as refused:
        editor.form.add_error("name", refused.messages)
        return False
    messages.success(request, f"The floor {editor.floor.name} is saved. Gateways have it within two seconds.")
    return True


def _put_model(request: TenantRequest, form: ModelForm) -> bool:
    try:
        actions.put_model(request.tenant, form.spec, acting=request.acting)
    except ValidationError as refused:
        form.refuse(refused)
        return False
    messages.success(request, f"{form.spec.id} is saved.")
    return True
