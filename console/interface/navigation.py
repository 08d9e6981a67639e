"""The navigation as a table. An item whose URL name does not exist is not shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Item:
    label: str
    view: str
    icon: str
    below: tuple[str, ...] = ()  # first words of the views under this one

    def lies_over(self, current: str) -> bool:
        return any(current == word or current.startswith(f"{word}_") for word in (self.view, *self.below))


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    icon: str
    href: str
    current: bool


NAVIGATION = (
    Group("", (Item("Overview", "overview", "layout-dashboard"),)),
    Group(
        "Savings",
        (
            Item("Route Optimization", "savings", "trending-down"),
            Item("Model overkill", "overkill", "scale"),
            Item("Model underkill", "underkill", "stairs-up"),
            Item("Spend", "spend", "chart-bar"),
            Item("Budgets", "budgets", "wallet", ("budget",)),
            Item("Statements", "statements", "receipt", ("statement",)),
            Item("Provider invoices", "provider_invoices", "receipt-2", ("provider_invoice",)),
            Item("Alerts", "alerts", "bell", ("alert",)),
        ),
    ),
    Group("Traffic", (Item("Requests", "requests", "list-details", ("request",)),)),
    Group(
        "Routing",
        (
            Item("Routers", "routers", "route", ("router",)),
            Item("Playground", "playground", "flask"),
            Item("Models", "models", "stack-2", ("model",)),
        ),
    ),
    Group(
        "Access",
        (
            Item("Provider keys", "provider_keys", "plug-connected", ("provider_key",)),
            Item("Gateway keys", "gateway_keys", "key", ("gateway_key", "admin_tokens", "admin_token")),
            Item("Members", "members", "users", ("member",)),
        ),
    ),
    Group(
        "",
        (
            Item("Audit", "audit", "history"),
            Item("Settings", "settings", "settings", ("dead_letters", "dead_letter")),
        ),
    ),
)


def links(tenant: str, *, current: str) -> Iterator[tuple[str, list[Link]]]:
    """The groups of a tenant's navigation, without those that would be empty."""
    for group in NAVIGATION:
        shown = [link for item in group.items if (link := _link(item, tenant, current))]
        if shown:
            yield group.label, shown


def address(view: str, *path: object) -> str:
    """The address of a view, or nothing where the installation has no such view."""
    try:
        return reverse(view, args=path)
    except NoReverseMatch:
        return ""


def _link(item: Item, tenant: str, current: str) -> Link | None:
    href = address(item.view, tenant)
    return Link(item.label, item.icon, href, item.lies_over(current)) if href else None
