"""The periods that lists offer, each up to now, in days of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from audit.models import QueryLog

# Calls that start together may be stored in another order than that of their times.
SLACK = 1_000

# No record is older, and every calendar reaches that far.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)

_DAYS_BEFORE = {"today": 0, "7d": 6, "30d": 29, "90d": 89}
PERIOD_CHOICES = [("today", "Today"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days")]


def begin_of(period: str) -> datetime:
    """Return when the period began; "7d" is today and the six days before."""
    return midnight(timezone.now().date() - timedelta(days=_DAYS_BEFORE[period]))


def midnight(day: date) -> datetime:
    """Return the first moment of the day."""
    return datetime.combine(day, time.min, UTC)


def moments(asked: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Return from when and until when, in UTC; written days go before the period's word."""
    since = midnight(asked["from"]) if asked["from"] else None
    until = midnight(asked["to"] + timedelta(days=1)) if asked["to"] else None
    if asked["period"] and not since and not until:
        since = begin_of(asked["period"])
    return since, until


def bounds(since: datetime | None, until: datetime | None) -> tuple[int, int | None]:
    """Return the ids between which all queries of that time are, by the index of times."""
    first = _first_from(since) if since else 0
    last = _first_from(until) if until else None
    above = _newest() if first is None else first
    return max(0, above - SLACK), None if last is None else last + SLACK


def _first_from(moment: datetime) -> int | None:
    later = QueryLog.objects.filter(started_at__gte=moment).order_by("started_at")
    return later.values_list("pk", flat=True).first()


def _newest() -> int:
    return QueryLog.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
