"""The demo company is put together by the product itself, tells its story, and its figures hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Sum

from billing.models import LedgerEntry, RequestRecord
from console.audit.models import AuditEntry
from console.demo.traffic import CHANGE, DAYS, INCIDENT
from console.tenancy import every_tenant

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def simulated(settings: pytest.FixtureRequest) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:8090"  # type: ignore[attr-defined]


def share_saved(since: datetime, until: datetime) -> float:
    records = RequestRecord.objects.filter(
        router="support", at__gte=since, at__lt=until, saved_nano__isnull=False
    )
    sums = records.aggregate(saved=Sum("saved_nano"), baseline=Sum("baseline_nano"))
    return float(sums["saved"]) / float(sums["baseline"])


def test_six_weeks_with_weekends_an_incident_and_a_change_that_bends_the_curve() -> None:
    call_command("demo", now=NOW, verbosity=0)
    with every_tenant():
        records = RequestRecord.objects
        assert records.count() > 20_000
        assert set(records.values_list("router", flat=True).distinct()) == {
            "support", "search", "coding", "back-office",
        }  # fmt: skip
        changed = NOW - CHANGE
        assert share_saved(changed - timedelta(days=14), changed) < 0.2
        assert share_saved(changed, NOW) > 0.6
        coding = dict(
            records.filter(router="coding").values_list("at__week_day").annotate(n=Count("pk")).order_by()
        )
        assert coding[1] + coding[7] < coding[3] / 2  # Sunday and Saturday against Tuesday
        trouble = records.filter(at__date=(NOW - INCIDENT).date(), outcome="fell_back").count()
        usual = records.filter(
            at__date=(NOW - INCIDENT).date() + timedelta(days=1), outcome="fell_back"
        ).count()
        assert trouble > 5 * usual
        assert set(records.values_list("tags__team", flat=True).distinct()) == {"care", "search", "platform"}
        trail = AuditEntry.objects.order_by("pk")
        moments = list(trail.values_list("at", flat=True))
        assert moments == sorted(moments)
        assert moments[0] == NOW - timedelta(days=DAYS + 1, hours=2)
        assert moments[-1] < changed + timedelta(hours=1)
        by = {(entry.actor, entry.at.date()) for entry in trail.filter(verb="router.published")}
        assert by == {
            ("ada@halcyon.example", (NOW - timedelta(days=DAYS + 1)).date()),
            ("ada@halcyon.example", changed.date()),
        }
        lines = LedgerEntry.objects.aggregate(cost=Sum("cost_nano"), baseline=Sum("baseline_nano"))
        assert lines == records.aggregate(cost=Sum("cost_nano"), baseline=Sum("baseline_nano"))
    with pytest.raises(CommandError, match="there already"):
        call_command("demo", now=NOW, verbosity=0)
