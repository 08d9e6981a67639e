"""The first page: what was spent, what was saved, and what changed; before the first request, how to send it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from billing import savings, selectors, standing
from billing.latency import latency
from billing.query import SpendQuery
from billing.spend import EMPTY, Measures, Row, spend
from console.reports import charts
from console.reports.asking import Asked, asked
from console.reports.links import Trail
from console.tenancy import Role, TenantRequest, member

if TYPE_CHECKING:
    from console.tenants.models import Tenant

MOST = 5

type Part = tuple[str, int, str, str]  # of a share bar: label, size, tone, link


@dataclass(frozen=True)
class Ranked:
    """A row of a short list, with the way down."""

    name: str
    href: str
    measures: Measures
    share: float | None


@dataclass(frozen=True)
class Moved:
    """How much more or less was spent on something than in the period before."""

    router: str
    model: str
    href: str
    before: int
    now: int

    @property
    def change(self) -> int:
        return self.now - self.before


@dataclass(frozen=True)
class Step:
    """Of the way to the first request."""

    done: bool
    title: str
    text: str
    href: str
    action: str


@require_GET
@member(Role.VIEWER)
def overview(request: TenantRequest) -> HttpResponse:
    if not selectors.has_any(request.tenant):
        if request.htmx:
            return HttpResponse(status=204)
        return render(request, "reports/first_request.html", first_request(request.tenant))
    page = asked(request)
    return render(request, "reports/overview.html", {"page": page, **figures(request.tenant, page)})


def figures(tenant: Tenant, page: Asked) -> dict[str, object]:
    query, trail = page.query, page.trail
    total = spend(tenant, query.told_apart()).total
    comparable = selectors.has_before(tenant, page.period.before)
    before = spend(tenant, query.told_apart().over(page.period.before)).total if comparable else EMPTY
    tiers = savings.still_on(tenant, query)
    return {
        "total": total,
        "spend_change": change(total.known_cost, before.known_cost),
        "requests_change": change(total.requests, before.requests),
        "latency": latency(tenant, page.period),
        "tiers": tiers,
        "tier_parts": parts_of(tiers, trail),
        "outcome_parts": outcomes(total, trail),
        "chart": charts.paid_and_baseline(tenant, query, trail),
        "routers": ranked(tenant, page, "router", total),
        "models": ranked(tenant, page, "model", total),
        "moved": moved(tenant, page) if comparable else [],
        "budgets": standing.fullest(tenant, now=timezone.now()),
        "latest": selectors.requests(tenant, query, limit=6).rows,
        "requests_href": trail.requests(),
        "unknown_href": trail.requests(known="false"),
    }


def parts_of(tiers: Sequence[savings.TierShare], trail: Trail) -> list[Part]:
    return [
        (share.tier.title(), share.measures.known_cost, share.tier, trail.requests(tier=share.tier))
        for share in tiers
        if share.measures.known_cost
    ]


def outcomes(total: Measures, trail: Trail) -> list[Part]:
    """How requests ended."""
    plain = total.requests - total.escalated - total.fell_back - total.rejected - total.failed
    ended = (
        ("Answered at once", plain, "saving", trail.requests(outcome="answered")),
        ("Escalated", total.escalated, "s2", trail.requests(outcome="escalated")),
        ("Fell back", total.fell_back, "s5", trail.requests(outcome="fell_back")),
        ("Rejected", total.rejected, "waste", trail.requests(outcome="rejected")),
        ("Failed", total.failed, "loss", trail.requests(outcome="failed")),
    )
    return [part for part in ended if part[1]]


def change(now: int, before: int) -> float | None:
    return (now - before) / before if before else None


def ranked(tenant: Tenant, page: Asked, by: str, total: Measures) -> list[Ranked]:
    rows = [row for row in spend(tenant, page.query.told_apart(by)).rows if row.key[0] or by == "router"]
    whole = total.known_cost
    return [
        Ranked(
            name=row.key[0],
            href=page.trail.narrowed("requests", {by: row.key[0]}),
            measures=row.measures,
            share=row.measures.known_cost / whole if whole else None,
        )
        for row in rows[:MOST]
    ]


def moved(tenant: Tenant, page: Asked) -> list[Moved]:
    """Router and model whose spend changed most since the period before."""
    query = page.query.told_apart("router", "model")
    now, before = _by_key(tenant, query), _by_key(tenant, query.over(page.period.before))
    if not before:
        return []
    rows = [
        Moved(
            router=router,
            model=model,
            href=page.trail.requests(router=router, model=model),
            before=before.get((router, model), EMPTY).known_cost,
            now=now.get((router, model), EMPTY).known_cost,
        )
        for router, model in {*now, *before}
    ]
    rows.sort(key=lambda row: (-abs(row.change), row.router, row.model))
    return [row for row in rows if row.change][:MOST]


def _by_key(tenant: Tenant, query: SpendQuery) -> dict[tuple[str, ...], Measures]:
    rows: Sequence[Row] = spend(tenant, query).rows
    return {row.key: row.measures for row in rows}


def first_request(tenant: Tenant) -> dict[str, object]:
    router = tenant.routers.exclude(current=None).order_by("slug").first()
    steps = (
        Step(
            done=tenant.provider_keys.exists(),
            title="Connect a provider",
            text="Your own key at any provider of the catalogue. It is sealed and never shown again.",
            href=reverse("provider_keys", args=[tenant.slug]),
            action="Add a provider key",
        ),
        Step(
            done=router is not None,
            title="Publish a router",
            text="A base URL with a policy behind it: which work goes to which tier.",
            href=reverse("routers", args=[tenant.slug]),
            action="Go to routers",
        ),
        Step(
            done=tenant.gateway_keys.filter(revoked_at=None).exists(),
            title="Make a gateway key",
            text="What your application shows us instead of a provider's key.",
            href=reverse("gateway_keys", args=[tenant.slug]),
            action="Make a gateway key",
        ),
    )
    slug = router.slug if router else "your-router"
    base = f"{settings.GATEWAY_URL}/router/{slug}/v1"
    return {"steps": steps, "base_url": base, "curl": curl(base), "ready": all(step.done for step in steps)}


def curl(base: str) -> str:
    body = (
        '{"model": "auto", "messages": [{"role": "user", "content": '
        '"Is this review positive or negative? I love it."}]}'
    )
    return f"""curl -i {base}/chat/completions \\
  -H "Authorization: Bearer $RUNGWAY_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{body}'"""
