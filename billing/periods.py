"""Spans of time as people mean them: in the tenant's own zone, whole days unless an hour is given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

LONGEST = timedelta(days=732)
MOST_BUCKETS = 800
DEFAULT = "30d"


class Granularity(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


class Misread(ValueError):
    """A question that cannot be asked; the field says where, the message what would do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


class Period(Struct, frozen=True, kw_only=True):
    """From `start` up to but not including `end`."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    name: str = ""  # of a preset

    @property
    def before(self) -> Period:
        """The span of the same length that ended where this one begins."""
        return Period(start=self.start - (self.end - self.start), end=self.start, zone=self.zone)

    @property
    def first_day(self) -> date:
        return self.start.astimezone(self.zone).date()

    @property
    def last_day(self) -> date:
        return (self.end - timedelta(microseconds=1)).astimezone(self.zone).date()

    @property
    def is_of_hours(self) -> bool:
        """Whether rollups can answer: the span begins and ends on the hour."""
        return all(
            (moment.astimezone(self.zone).minute, moment.second, moment.microsecond) == (0, 0, 0)
            for moment in (self.start, self.end)
        )

    @property
    def granularity(self) -> Granularity:
        """What a chart of it is best drawn in."""
        length = self.end - self.start
        if length <= timedelta(days=3):
            return Granularity.HOUR
        return Granularity.DAY if length <= timedelta(days=120) else Granularity.WEEK


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misread("time_zone", f"{name!r} is not a time zone; write it like Europe/Berlin") from None


def read_period(given: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> Period:
    """From `from` and `to`, or from `period`, or the last 30 days. A day given as `to` is included."""
    if given.get("from") or given.get("to"):
        return _span(given.get("from", ""), given.get("to", ""), zone=zone, now=now)
    return preset(given.get("period") or DEFAULT, zone=zone, now=now)


def preset(name: str, *, zone: ZoneInfo, now: datetime) -> Period:
    today = now.astimezone(zone).date()
    month = today.replace(day=1)
    days = {
        "today": (today, today),
        "7d": (today - timedelta(days=6), today),
        "30d": (today - timedelta(days=29), today),
        "90d": (today - timedelta(days=89), today),
        "month": (month, today),
        "last_month": ((month - timedelta(days=1)).replace(day=1), month - timedelta(days=1)),
    }
    if name == "24h":
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return Period(start=hour - timedelta(hours=24), end=hour, zone=zone, name=name)
    if name not in days:
        raise Misread("period", f"{name[:40]!r} is none of 24h, {', '.join(days)}")
    first, last = days[name]
    return Period(
        start=midnight(first, zone), end=midnight(last + timedelta(days=1), zone), zone=zone, name=name
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins; where the clock is moved at midnight, its first moment that exists."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def buckets(period: Period, granularity: Granularity) -> list[datetime]:
    """The beginning of each hour, day or week of the span, in the tenant's zone."""
    found: list[datetime] = []
    moment = beginning(period.start, granularity, period.zone)
    while moment < period.end:
        if len(found) == MOST_BUCKETS:
            raise Misread("granularity", f"this span has more than {MOST_BUCKETS} {granularity}s")
        found.append(moment.astimezone(period.zone))
        moment = following(moment, granularity, period.zone)
    return found


def beginning(moment: datetime, granularity: Granularity, zone: ZoneInfo) -> datetime:
    """The beginning of the hour, day or week that a moment lies in."""
    local = moment.astimezone(zone)
    if granularity is Granularity.HOUR:
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return moment.astimezone(UTC) - past
    day = local.date()
    if granularity is Granularity.WEEK:
        day -= timedelta(days=day.weekday())
    return midnight(day, zone)


def following(moment: datetime, granularity: Granularity, zone: ZoneInfo) -> datetime:
    """The beginning of the next hour, day or week."""
    if granularity is Granularity.HOUR:
        # Counted in UTC: a day may have 23 hours or 25, and one island moves its clock by half of one.
        return beginning(moment.astimezone(UTC) + timedelta(hours=1), granularity, zone)
    days = 7 if granularity is Granularity.WEEK else 1
    return midnight(moment.astimezone(zone).date() + timedelta(days=days), zone)


def _span(first: str, last: str, *, zone: ZoneInfo, now: datetime) -> Period:
    start = _moment(first, zone, "from") if first else None
    end = (
        _moment(last, zone, "to") if last else midnight(now.astimezone(zone).date() + timedelta(days=1), zone)
    )
    start = start or end - timedelta(days=30)
    if end <= start:
        raise Misread("to", "must be later than from")
    if end - start > LONGEST:
        raise Misread("from", f"at most {LONGEST.days} days at once")
    return Period(start=start, end=end, zone=zone)


def _moment(text: str, zone: ZoneInfo, field: str) -> datetime:
    try:
        day = date.fromisoformat(text)
        moment = midnight(day + timedelta(days=1) if field == "to" else day, zone)
    except (ValueError, OverflowError):
        moment = _instant(text, zone, field)
    if not 2000 <= moment.year < 2200:
        raise Misread(field, "lies outside the years 2000 to 2200")
    return moment


def _instant(text: str, zone: ZoneInfo, field: str) -> datetime:
    try:
        # A plus sign that was not escaped in a URL arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Misread(
            field, f"{text[:40]!r} is neither a day like 2026-03-01 nor a time like 2026-03-01T14:00:00Z"
        ) from None
