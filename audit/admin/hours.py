"""Filters by the day of the week and the hour of the day, in the server's zone as on usage."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

from audit.models import QueryLog
from audit.reports.counting import ZONE
from audit.reports.figures import EVENING, MORNING
from audit.reports.links import OFF_HOURS

_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
WEEKDAY_CHOICES = [(str(number), day) for number, day in enumerate(_DAYS)]
HOUR_CHOICES = [
    (OFF_HOURS, f"Off hours: before {MORNING:02}:00, from {EVENING}:00"),
    *((str(hour), f"{hour:02}:00 to {hour:02}:59") for hour in range(24)),
]


def at_these_hours(rows: QuerySet[QueryLog], asked: dict[str, Any]) -> QuerySet[QueryLog]:
    """Return the rows that started on that weekday and in that hour, as far as asked for."""
    if asked["weekday"]:
        day = ExtractIsoWeekDay("started_at", tzinfo=ZONE)
        rows = rows.alias(weekday=day).filter(weekday=int(asked["weekday"]) + 1)
    if asked["hours"]:
        rows = rows.alias(hour=ExtractHour("started_at", tzinfo=ZONE)).filter(
            _hours(asked["hours"])
        )
    return rows


def _hours(asked: str) -> Q:
    off = Q(hour__lt=MORNING) | Q(hour__gte=EVENING)
    return off if asked == OFF_HOURS else Q(hour=int(asked))
