"""What the component templates need: widgets with their classes, dialogs, lines of a diff, the navigation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django import template
from django.forms import BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode
from django.utils.safestring import SafeString

from console.interface import diffs, navigation

register = template.Library()

WIDGET_CLASSES = {
    "checkbox": "form-check-input",
    "select": "form-select",
    "selectmultiple": "form-select",
    "nullbooleanselect": "form-select",
    "radioselect": "",
    "checkboxselectmultiple": "",
}


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    own = field.field.widget.attrs.get("class", "")
    shared = WIDGET_CLASSES.get(field.widget_type, "form-control")
    wrong = "is-invalid" if field.errors else ""
    return field.as_widget(attrs={"class": " ".join(filter(None, (own, shared, wrong)))})


CHOICES = {"select", "radioselect"}


@register.simple_tag
def need(field: BoundField) -> str:
    """`optional` or `required`, whichever the fewer fields of the form are; nothing of the others.

    A choice always has a value, so that nobody need be told.
    """
    asked = [one.field.required for one in field.form.visible_fields() if one.widget_type != "checkbox"]
    mostly_required = 2 * sum(asked) >= len(asked)
    if field.field.required:
        return "" if mostly_required or field.widget_type in CHOICES else "required"
    return "optional" if mostly_required else ""


@register.simple_block_tag(end_name="enddialog")
def dialog(content: SafeString, id: str, title: str, size: str = "") -> SafeString:  # noqa: A002 - as in HTML
    parts = {"id": id, "title": title, "size": size, "content": content}
    return render_to_string("components/dialog.html", parts)


@register.simple_tag(takes_context=True)
def page_title(context: Context) -> str:
    """The block `title` once more, so that a page says its name once for the window and for its heading."""
    block: BlockNode = context.render_context[BLOCK_CONTEXT_KEY].get_block("title")
    return block.render(context)


@register.simple_tag
def diff_lines(before: str, after: str) -> list[diffs.Line]:
    return list(diffs.lines(before, after))


@register.simple_tag(takes_context=True)
def navigation_groups(context: Context) -> list[tuple[str, list[navigation.Link]]]:
    request = context.get("request")
    tenant = getattr(request, "tenant", None)
    if tenant is None:
        return []
    match = getattr(request, "resolver_match", None)
    return list(navigation.links(tenant.slug, current=(match and match.url_name) or ""))


@dataclass(frozen=True, slots=True)
class Part:
    label: str
    share: float
    start: float  # both in hundredths, for SVG
    width: float
    tone: str
    href: str


@register.simple_tag
def shares(parts: Iterable[Sequence[object]]) -> list[Part]:
    """Parts of a whole, `(label, number, tone, href)`, laid end to end on a bar of length 100."""
    given = [(*part, "", "")[:4] for part in parts]
    whole = sum(float(str(number)) for _, number, _, _ in given)
    return list(_laid_out(given, whole)) if whole else []


def _laid_out(given: Iterable[tuple[object, ...]], whole: float) -> Iterator[Part]:
    start = 0.0
    for label, number, tone, href in given:
        share = float(str(number)) / whole
        yield Part(str(label), share, round(start, 3), round(share * 100, 3), str(tone), str(href))
        start += share * 100


@register.simple_tag
def line_errors(errors: Iterable[tuple[int | None, str]]) -> str:
    """The numbers of the lines at fault, for the editor to mark."""
    return " ".join(str(line) for line, _ in errors or () if line)
