"""What people are to be told, kept once each: a threshold of a budget that was passed, and what else is raised here.

What lasts is an episode: told when it begins, and over when it has not been seen for a while. What happens at one
moment has no subject, and a key instead that says of when it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from console.tenancy import Owned
from gateway.core.money import usd

if TYPE_CHECKING:
    from billing.models import Budget
    from billing.standing import Standing
    from console.tenants.models import Tenant

MOST_KEY = 300


class Alert(Owned):
    """Something that people are to be told, once."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="alerts")
    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=32)  # budget | unpriced | anomaly | overkill | test
    key = models.CharField(max_length=300)
    subject = models.CharField(max_length=300, db_default="")  # of an episode: what it is about
    seen_at = models.DateTimeField(null=True)  # of an episode: the latest time that it was so
    ended_at = models.DateTimeField(null=True)
    title = models.TextField()
    text = models.TextField()
    facts = models.JSONField()  # what a program would want to know of it

    class Meta:
        indexes = (models.Index(fields=("tenant", "-at"), name="alerts_newest"),)
        constraints = (
            models.UniqueConstraint("tenant", "key", name="one_alert_a_key"),
            models.UniqueConstraint(
                fields=("tenant", "kind", "subject"),
                condition=Q(ended_at=None, seen_at__isnull=False),
                name="one_episode_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return self.title


def raise_alert(
    tenant: Tenant, *, kind: str, key: str, title: str, text: str, facts: Mapping[str, object]
) -> Alert | None:
    """None where it was raised before. Inside `within(tenant)`; the key says what it is about, and of when."""
    alert, is_new = tenant.alerts.get_or_create(
        key=f"{kind}:{key}"[:MOST_KEY],
        defaults={"kind": kind, "title": title, "text": text, "facts": dict(facts)},
    )
    return alert if is_new else None


def go_on(
    tenant: Tenant,
    *,
    kind: str,
    subject: str,
    now: datetime,
    title: str,
    text: str,
    facts: Mapping[str, object],
) -> Alert | None:
    """What is so now: begins an episode, or is seen again in the one that lasts; then None. Inside `within(tenant)`."""
    given = {"title": title, "text": text, "facts": dict(facts), "at": now, "seen_at": now}
    alert, is_new = tenant.alerts.get_or_create(
        kind=kind,
        subject=subject[:MOST_KEY],
        ended_at=None,
        seen_at__isnull=False,
        defaults={**given, "key": f"{kind}:{now.isoformat()}:{subject}"[:MOST_KEY]},
    )
    if not is_new:
        tenant.alerts.filter(pk=alert.pk).update(seen_at=now)
    return alert if is_new else None


def end(tenant: Tenant, kind: str, *, now: datetime, quiet: timedelta = timedelta()) -> int:
    """Episodes that have not been seen for so long are over; how many."""
    last = tenant.alerts.filter(kind=kind, ended_at=None, seen_at__lt=now - quiet)
    return last.update(ended_at=models.F("seen_at"))


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
