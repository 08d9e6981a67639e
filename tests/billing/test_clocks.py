"""Hours and days of zones whose clock is moved at midnight, or is off by less than an hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from billing import tasks
from billing.periods import Granularity, read_period
from billing.query import SpendQuery
from billing.spend import over_time, spend
from console.audit.actor import Actor
from console.tenants.actions import update_settings
from console.tenants.models import Tenant
from tests.billing.conftest import Book
from tests.billing.events import NANO, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Africa/Cairo", "2026-04-22", "2026-04-26"),  # midnight of the 24th does not exist
        ("America/Santiago", "2026-09-04", "2026-09-08"),  # nor that of the 6th
        ("America/Santiago", "2026-04-03", "2026-04-07"),  # 23:00 of the 4th comes twice
        ("Europe/Berlin", "2026-10-24", "2026-10-26"),  # 02:00 of the 25th comes twice
        ("Australia/Lord_Howe", "2026-10-03", "2026-10-05"),  # moved by half an hour
        ("Asia/Kathmandu", "2026-03-01", "2026-03-03"),  # off by 45 minutes
    ],
)
@pytest.mark.parametrize("granularity", Granularity)
def test_every_request_lands_in_its_own_bucket(
    book: Book, name: str, first: str, last: str, granularity: Granularity
) -> None:
    zone = ZoneInfo(name)
    tenant = Tenant.objects.create(slug="clock", name="Clock", time_zone=name)
    period = read_period({"from": first, "to": last}, zone=zone, now=datetime(2026, 12, 1, tzinfo=UTC))
    moments = [period.start]
    while moments[-1] + timedelta(minutes=20) < period.end:
        moments.append(moments[-1] + timedelta(minutes=20))
    book(*(settled(tenant.pk, attempt(NANO), at=moment) for moment in moments))

    answer = spend(tenant, SpendQuery(period=period, granularity=granularity))
    series = over_time(answer)[()]

    assert sum(one.requests for one in series) == answer.total.requests == len(moments)
    if granularity is Granularity.DAY:
        days = [moment.astimezone(zone).date() for moment in moments]
        assert [one.requests for one in series] == [days.count(day) for day in sorted(set(days))]


def test_rollups_follow_a_change_of_the_time_zone(acme: Tenant, book: Book) -> None:
    late = datetime(2026, 3, 9, 18, 20, tzinfo=UTC)  # the 10th in Kathmandu, from 18:15 on
    book(settled(acme.pk, attempt(NANO), at=late))
    acme.time_zone = "Asia/Kathmandu"
    acme.save()

    tasks.rebuild_rollups(str(acme.pk))

    tenth = read_period({"from": "2026-03-10", "to": "2026-03-10"}, zone=ZoneInfo("Asia/Kathmandu"), now=late)
    assert spend(acme, SpendQuery(period=tenth)).total.requests == 1


def test_a_tenant_that_moves_has_its_rollups_made_anew(
    acme: Tenant,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(tasks.rebuild_rollups, "delay", asked.append)

    with django_capture_on_commit_callbacks(execute=True):
        update_settings(acme, acting=Actor.system("test"), name="Acme & Co")
    assert asked == []

    with django_capture_on_commit_callbacks(execute=True):
        update_settings(acme, acting=Actor.system("test"), time_zone="Asia/Kathmandu")
    assert asked == [str(acme.pk)]
