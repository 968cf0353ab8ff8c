"""Filters by the day of the week and the hour of the day, in UTC as the usage page counts them."""

from __future__ import annotations

from typing import Any

from django.db.models import Func, IntegerField, Q, QuerySet

from audit.models import QueryLog
from audit.reports.figures import EVENING, MORNING
from audit.reports.links import OFF_HOURS

_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
WEEKDAY_CHOICES = [(str(number), day) for number, day in enumerate(_DAYS)]
HOUR_CHOICES = [
    (OFF_HOURS, f"Off hours: before {MORNING:02}:00, from {EVENING}:00"),
    *((str(hour), f"{hour:02}:00 to {hour:02}:59") for hour in range(24)),
]


class _Part(Func):
    """A part of a moment as a number. Django's own calls Python for each row on SQLite.

    A percent sign is formatted twice, by Django's template and where it logs statements.
    """

    output_field = IntegerField()
    lite, plain = "", ""

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return it for SQLite."""
        template = f"CAST(strftime('{self.lite}', %(expressions)s) AS integer)"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return it for PostgreSQL."""
        template = f"EXTRACT({self.plain} FROM %(expressions)s AT TIME ZONE 'UTC')"
        return self.as_sql(compiler, connection, template=template, **extra)


class _Hour(_Part):
    lite, plain = "%%%%H", "HOUR"


class _Weekday(_Part):
    """Sunday is 0."""

    lite, plain = "%%%%w", "DOW"


def at_these_hours(rows: QuerySet[QueryLog], asked: dict[str, Any]) -> QuerySet[QueryLog]:
    """Return the rows that started on that weekday and in that hour, as far as asked for."""
    if asked["weekday"]:
        weekday = (int(asked["weekday"]) + 1) % 7
        rows = rows.alias(weekday=_Weekday("started_at")).filter(weekday=weekday)
    if asked["hours"]:
        rows = rows.alias(hour=_Hour("started_at")).filter(_hours(asked["hours"]))
    return rows


def _hours(asked: str) -> Q:
    off = Q(hour__lt=MORNING) | Q(hour__gte=EVENING)
    return off if asked == OFF_HOURS else Q(hour=int(asked))
