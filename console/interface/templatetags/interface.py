"""Small marks used in running text and table cells: icons, badges, money, times, addresses in the tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from console.interface import formatting, navigation
from gateway.core.facts import Tier

register = template.Library()

OUTCOMES = {
    "answered": ("ok", "check"),
    "cached": ("ok", "bolt"),
    "escalated": ("info", "stairs-up"),
    "fell_back": ("warn", "corner-down-right"),
    "rejected": ("warn", "ban"),
    "failed": ("bad", "x"),
    "cancelled": ("idle", "minus"),
    "interrupted": ("warn", "plug-x"),
}


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def money(nano: int | None, tone: str = "") -> SafeString:
    """An amount with the exact one in its title. With `tone="saving"` a gain is green and a loss red."""
    if nano is None:
        return mark_safe(
            '<span class="money unknown" title="No price is known for part of this">unknown</span>'
        )
    sign = "+" if tone == "saving" and nano > 0 else ""
    side = {True: "gain", False: "loss"}.get(nano > 0) if tone == "saving" and nano else ""
    return format_html(
        '<span class="money {}" title="{}">{}{}</span>',
        side,
        formatting.usd_exact(nano),
        sign,
        formatting.usd(nano),
    )


@register.simple_tag
def tier(name: str) -> SafeString:
    return format_html(
        '<span class="tier" data-tier="{}">{}{}</span>', name, tier_rungs(name), formatting.words(name)
    )


@register.simple_tag
def tier_rungs(name: str) -> SafeString:
    """A ladder of five rungs, filled up to the tier: told apart without its colour too."""
    reached = Tier(name).rank
    rungs = format_html_join(
        "",
        '<path d="M1.5 {}h9"{}/>',
        (
            (f"{10.6 - 2.3 * rung:.1f}", mark_safe(' class="off"') if rung > reached else "")
            for rung in range(5)
        ),
    )
    return format_html(
        '<svg class="rungs" data-tier="{}" viewBox="0 0 12 12" aria-hidden="true">{}</svg>', name, rungs
    )


@register.simple_tag
def outcome(name: str) -> SafeString:
    tone, sign = OUTCOMES.get(str(name), ("idle", "point"))
    return format_html(
        '<span class="badge" data-tone="{}">{}{}</span>', tone, icon(sign), formatting.words(name)
    )


@register.simple_tag
def request_class(name: str) -> SafeString:
    return format_html('<span class="class-badge" data-class="{}">{}</span>', name, formatting.words(name))


@register.simple_tag
def status(tone: str, text: str) -> SafeString:
    """A dot and a word. Tones: ok, warn, bad, info, idle, busy."""
    return format_html('<span class="state" data-tone="{}">{}</span>', tone, text)


@register.simple_tag
def plan(name: str) -> SafeString:
    return format_html('<span class="plan" data-plan="{}">{}</span>', name, formatting.words(name))


@register.simple_tag
def role(name: str) -> SafeString:
    return format_html('<span class="role" data-role="{}">{}</span>', name, formatting.words(name))


@register.simple_tag
def model(name: str | None) -> SafeString:
    if not name:
        return mark_safe('<span class="muted">–</span>')
    provider, slash, own = name.rpartition("/")
    return format_html(
        '<span class="model"><span class="model-provider">{}{}</span>{}</span>', provider, slash, own
    )


@register.simple_tag
def baseline(basis: str) -> SafeString:
    return model(basis) if "/" in basis else format_html("{}", formatting.baseline(basis))


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    if moment is None:
        return mark_safe('<span class="muted">never</span>')
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        local.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S}",
        formatting.ago(moment, now=timezone.now()),
    )


@register.simple_tag
def delta(share: float | None, good: str = "up") -> SafeString:
    """A change against the period before; `good` says which direction is welcome: up, down or neither."""
    if share is None:
        return mark_safe('<span class="delta" data-side="flat">no comparison</span>')
    flat = abs(share) < 0.0005
    direction = "up" if share > 0 else "down"
    side = "flat" if flat or good == "neither" else "good" if direction == good else "bad"
    sign = mark_safe("") if flat else icon(f"arrow-narrow-{direction}")
    return format_html(
        '<span class="delta" data-side="{}">{}{}</span>', side, sign, formatting.signed_percent(share, 1)
    )


@register.simple_tag
def tags(pairs: Mapping[str, str]) -> SafeString:
    return format_html_join(
        " ", '<span class="chip"><span class="chip-name">{}</span>{}</span>', sorted(pairs.items())
    )


@register.simple_tag
def sparkline(values: Sequence[float | None], tone: str = "") -> SafeString:
    """The run of a figure, drawn without script. Missing values are left out."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return mark_safe("")
    low, high = min(v for _, v in known), max(v for _, v in known)
    across, up = 100 / (len(values) - 1), 20 / ((high - low) or 1)
    points = " ".join(f"{place * across:.1f},{22 - (value - low) * up:.1f}" for place, value in known)
    return format_html(
        '<svg class="sparkline" data-tone="{}" viewBox="0 0 100 24" preserveAspectRatio="none" '
        'aria-hidden="true"><polyline points="{}"/></svg>',
        tone,
        points,
    )


@register.simple_tag(takes_context=True)
def tenant_url(context: Context, view: str, *path: object, **query: object) -> str:
    """The address of a view of this tenant; keywords become its query string, without those that are None."""
    address = reverse(view, args=(context["request"].tenant.slug, *path))
    given = {name: value for name, value in query.items() if value is not None and value != ""}
    return f"{address}?{urlencode(given, doseq=True)}" if given else address


@register.simple_tag(takes_context=True)
def nav_url(context: Context, view: str, *path: object) -> str:
    """As `tenant_url`, but empty where there is no such view, so that its link can be left out."""
    tenant = getattr(context.get("request"), "tenant", None)
    return navigation.address(view, tenant.slug, *path) if tenant else ""


@register.simple_tag
def account_url(view: str) -> str:
    return navigation.address(view)
