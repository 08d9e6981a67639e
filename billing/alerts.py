"""What people are to be told, kept once each: a threshold of a budget that was passed, and what else is raised here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from billing.models import Alert, Budget
from billing.standing import Standing
from gateway.core.money import usd

if TYPE_CHECKING:
    from console.tenants.models import Tenant

MOST_KEY = 300


def raise_alert(
    tenant: Tenant, *, kind: str, key: str, title: str, text: str, facts: Mapping[str, object]
) -> Alert | None:
    """None where it was raised before. Inside `within(tenant)`; the key says what it is about, and of when."""
    alert, is_new = tenant.alerts.get_or_create(
        key=f"{kind}:{key}"[:MOST_KEY],
        defaults={"kind": kind, "title": title, "text": text, "facts": dict(facts)},
    )
    return alert if is_new else None


def watch(row: Budget, found: Iterable[Standing]) -> list[Alert]:
    """Of each standing the highest threshold that it has passed, once a period; a changed amount is watched anew."""
    raised = []
    for each in found:
        passed = [percent for percent in row.alert_at if each.spent * 100 >= percent * each.limit]
        if passed and each.limit:
            raised.append(_tell(row, each, max(passed)))
    return [alert for alert in raised if alert is not None]


def _tell(row: Budget, found: Standing, percent: int) -> Alert | None:
    whose = f"{row.name} ({found.value})" if found.value else row.name
    amounts = f"{usd(found.spent)} of {usd(found.limit)} USD are spent"
    return raise_alert(
        row.tenant,
        kind="budget",
        key=f"{row.pk}:{found.window.name}:{found.limit}:{percent}:{found.value}",
        title=f"The budget {whose} is {'spent' if percent >= 100 else f'spent to {percent} %'}",
        text=f"{amounts} in the {row.per} from {found.window.name}. {_AT_LIMIT[row.at_limit]}",
        facts={
            "budget": row.name,
            "value": found.value,
            "percent": percent,
            "spent_usd": usd(found.spent),
            "limit_usd": usd(found.limit),
            "per": row.per,
            "period": found.window.name,
            "at_limit": row.at_limit,
            "resets_at": found.window.end.isoformat(),
        },
    )


_AT_LIMIT = {
    "block": "When it is spent, calls are answered 402 until the period ends.",
    "downgrade": "When it is spent, calls go to the cheapest models that the floors allow.",
    "skip": "When it is spent, such calls are not made until the period ends; answers go out without those checks.",
    "climb": "When it is spent, such calls are not made until the period ends; answers are asked for a rung higher.",
    "alert": "Calls go on as they are.",
}
