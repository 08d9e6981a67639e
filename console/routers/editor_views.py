"""Editing a draft: a view reads a form, applies one pure edit, saves against the version that was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from console.catalogue.floor_form import FloorEditor
from console.routers import actions, editing, page, text
from console.routers.actions import Outdated
from console.routers.answers import conflicts
from console.routers.forms import BLANK, BasicsForm, OutcomeEditor, RuleEditor, reshaped
from console.routers.models import Router
from console.routers.sample_form import TestForm
from console.routers.selectors import router_of, surroundings
from console.routers.text import Unreadable
from console.tenancy import Role, TenantRequest, member
from gateway.core.facts import Tier
from gateway.core.policy import Expectation, Floor, Policy, PolicyTest, Sample

NEW_FLOOR = Floor(name="", tier=Tier.MID)
NEW_TEST = PolicyTest(name="", request=Sample(), expect=Expectation())


class Readable(Protocol):
    """A form, or several that stand together."""

    def is_valid(self) -> bool: ...


@dataclass(frozen=True)
class Editing[E: Readable]:
    """One form of the editor: how it opens, how it is read, and what saving it does to the policy."""

    view: str
    title: str
    opened: E
    read: Callable[[QueryDict, bool], E]
    edit: Callable[[Policy, E], Policy]
    tab: str = "router"
    place: int = 0
    is_new: bool = False


@require_http_methods(["GET", "POST"])
@member(Role.EDITOR)
@conflicts
def router_rule(request: TenantRequest, slug: str, place: int) -> HttpResponse:
    """Places count from 0; the one after the last is for a new rule."""
    router = router_of(request.tenant, slug)
    rule, is_new = _at(router.policy.rules, place, BLANK)

    def edit(policy: Policy, editor: RuleEditor) -> Policy:
        return (
            editing.add_rule(policy, editor.rule) if is_new else editing.put_rule(policy, place, editor.rule)
        )

    return _answer(
        request,
        router,
        Editing(
            view="router_rule",
            title="New rule" if is_new else f"Rule {place + 1}: {rule.name}",
            opened=RuleEditor.of(rule),
            read=lambda data, judged: RuleEditor.read(data, judged=judged),
            edit=edit,
            place=place,
            is_new=is_new,
        ),
    )


@require_http_methods(["GET", "POST"])
@member(Role.EDITOR)
@conflicts
def router_otherwise(request: TenantRequest, slug: str) -> HttpResponse:
    router = router_of(request.tenant, slug)

    def edit(policy: Policy, editor: OutcomeEditor) -> Policy:
        return editing.set_otherwise(policy, editor.put(policy.otherwise))

    return _answer(
        request,
        router,
        Editing(
            view="router_otherwise",
            title="Otherwise",
            opened=OutcomeEditor.of(router.policy.otherwise),
            read=lambda data, judged: OutcomeEditor.read(data, judged=judged),
            edit=edit,
        ),
    )


@require_http_methods(["GET", "POST"])
@member(Role.EDITOR)
@conflicts
def router_basics(request: TenantRequest, slug: str) -> HttpResponse:
    router = router_of(request.tenant, slug)
    policy = router.policy

    def edit(policy: Policy, form: BasicsForm) -> Policy:
        policy = editing.set_baseline(policy, form.chosen_baseline)
        policy = editing.set_unsure(policy, form.chosen_unsure)
        policy = editing.set_whitelist(policy, form.chosen_whitelist)
        policy = editing.set_strategy(policy, form.chosen_strategy)
        policy = editing.set_limit(policy, form.cleaned_data["max_output_tokens"])
        return editing.set_failover(
            policy, timeouts=form.chosen_timeouts, retries=form.chosen_retries, hedge=form.chosen_hedge
        )

    return _answer(
        request,
        router,
        Editing(
            view="router_basics",
            title="For every request",
            opened=BasicsForm.of(policy),
            read=lambda data, judged: BasicsForm(data),
            edit=edit,
        ),
    )


@require_http_methods(["GET", "POST"])
@member(Role.EDITOR)
@conflicts
def router_floor(request: TenantRequest, slug: str, place: int) -> HttpResponse:
    router = router_of(request.tenant, slug)
    floor, is_new = _at(router.policy.floors, place, NEW_FLOOR)

    def edit(policy: Policy, editor: FloorEditor) -> Policy:
        if is_new:
            return editing.add_floor(policy, editor.floor)
        return editing.put_floor(policy, place, editor.floor)

    return _answer(
        request,
        router,
        Editing(
            view="router_floor",
            title="New floor" if is_new else f"Floor: {floor.name}",
            opened=FloorEditor.of(floor),
            read=lambda data, judged: FloorEditor.read(data, judged=judged),
            edit=edit,
            tab="router_floors",
            place=place,
            is_new=is_new,
        ),
    )


@require_http_methods(["GET", "POST"])
@member(Role.EDITOR)
@conflicts
def router_test(request: TenantRequest, slug: str, place: int) -> HttpResponse:
    router = router_of(request.tenant, slug)
    test, is_new = _at(router.policy.tests, place, NEW_TEST)

    def edit(policy: Policy, form: TestForm) -> Policy:
        return editing.add_test(policy, form.test) if is_new else editing.put_test(policy, place, form.test)

    return _answer(
        request,
        router,
        Editing(
            view="router_test",
            title="New test" if is_new else f"Test: {test.name}",
            opened=TestForm.of(test),
            read=lambda data, judged: TestForm(data),
            edit=edit,
            tab="router_floors",
            place=place,
            is_new=is_new,
        ),
    )


@require_POST
@member(Role.EDITOR)
@conflicts
def router_arrange(request: TenantRequest, slug: str) -> HttpResponse:
    """The buttons beside rules, floors and tests: `up 2`, `copy 0`, `remove-floor 1`; or a dragged order."""
    router = router_of(request.tenant, slug)
    op, _, place = request.POST.get("op", "").partition(" ")
    tab = "router_floors" if op in ("remove-floor", "remove-test") else "router"
    _save(request, router, _arrangement(op, place, request.POST.get("order", "")))
    return redirect(tab, request.tenant.slug, router.slug)


@require_POST
@member(Role.EDITOR)
@conflicts
def router_yaml(request: TenantRequest, slug: str) -> HttpResponse:
    router = router_of(request.tenant, slug)
    written = request.POST.get("yaml", "")
    try:
        policy = text.read(written)
    except Unreadable:
        shown = page.page_of(request, router)
        checked = page.check_text(written, shown.tenant, router=router.slug)
        context = {"page": replace(shown, yaml=written, checked=checked)}
        return render(request, _template(request, "router"), context, status=422)
    _save(request, router, lambda _: policy)
    if not request.htmx:
        messages.success(request, "The draft is saved.")
    return redirect("router", request.tenant.slug, router.slug)


@require_POST
@member(Role.VIEWER)
def router_check(request: TenantRequest, slug: str) -> HttpResponse:
    """What is wrong with a text as it is typed; nothing is saved."""
    router = router_of(request.tenant, slug)
    checked = page.check_text(request.POST.get("yaml", ""), surroundings(request.tenant), router=router.slug)
    return render(request, "routers/inspection.html", {"checked": checked})


def _answer[E: Readable](request: TenantRequest, router: Router, form: Editing[E]) -> HttpResponse:
    if request.method != "POST":
        return _show(request, router, form, form.opened)
    if request.POST.get("op"):
        return _show(request, router, form, form.read(reshaped(request.POST), False))
    editor = form.read(request.POST, True)
    if "preview" in request.GET:
        return _preview(request, router, form, editor)
    if not editor.is_valid():
        return _show(request, router, form, editor, status=422)
    _save(request, router, lambda policy: form.edit(policy, editor))
    return redirect(form.tab, request.tenant.slug, router.slug)


def _show[E: Readable](
    request: TenantRequest, router: Router, form: Editing[E], editor: E, *, status: int = 200
) -> HttpResponse:
    context = {"page": page.page_of(request, router, tab=form.tab), "form": form, "editor": editor}
    return render(request, _template(request, form.view), context, status=status)


def _preview[E: Readable](
    request: TenantRequest, router: Router, form: Editing[E], editor: E
) -> HttpResponse:
    """The YAML and what is wrong with it, as they would be if the form were saved now."""
    if not editor.is_valid():
        return HttpResponse(status=204)
    policy = form.edit(router.policy, editor)
    written = text.write(policy)
    checked = page.check_policy(policy, surroundings(request.tenant), router=router.slug, written=written)
    return render(
        request, "routers/preview.html", {"checked": checked, "yaml": written, "page": {"router": router}}
    )


def _save(request: TenantRequest, router: Router, edit: Callable[[Policy], Policy]) -> None:
    version = request.POST.get("version", "")
    if not version.isdecimal():
        raise Outdated(router)
    actions.edit(router, edit, version=int(version), acting=request.acting)


def _arrangement(op: str, place: str, order: str) -> Callable[[Policy], Policy]:
    """What a button asks for; nothing at all where it asks for nothing known."""
    at = int(place) if place.isdecimal() and len(place) < 6 else -1
    edits: dict[str, Callable[[Policy], Policy]] = {
        "up": lambda policy: editing.move_rule(policy, at, at - 1),
        "down": lambda policy: editing.move_rule(policy, at, at + 1),
        "copy": lambda policy: editing.copy_rule(policy, at),
        "remove": lambda policy: editing.remove_rule(policy, at),
        "remove-floor": lambda policy: editing.remove_floor(policy, at),
        "remove-test": lambda policy: editing.remove_test(policy, at),
    }
    if op in edits:
        return edits[op]
    return lambda policy: editing.order_rules(policy, page.places(order))


def _at[T](items: tuple[T, ...], place: int, blank: T) -> tuple[T, bool]:
    """The item to edit, or a blank one at the place after the last."""
    if place > len(items):
        raise Http404("There is nothing at this place.")
    return (items[place], False) if place < len(items) else (blank, True)


def _template(request: TenantRequest, name: str) -> str:
    return f"routers/{name}.html#editor" if request.htmx else f"routers/{name}.html"
