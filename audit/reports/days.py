"""The closed days: each is counted once, in order, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from time import monotonic

from django.db import transaction
from django.utils import timezone

from audit.models import FirstTouch, QueryLog, UsageDay
from audit.reports.counting import ZONE, Counted, count, start_of
from audit.usage import abandoned_after

DAY = timedelta(days=1)


def today(now: datetime) -> date:
    """Return the day in the server's zone."""
    return now.astimezone(ZONE).date()


def open_since(now: datetime) -> date:
    """Return the first day whose rows may still change: today, and for a moment yesterday."""
    return today(now - abandoned_after())


def next_uncounted(now: datetime) -> date | None:
    """Return the first closed day with rows that isn't counted yet, or None."""
    last = UsageDay.objects.order_by("-day").values_list("day", flat=True).first()
    rows = QueryLog.objects.order_by("started_at")
    if last is not None:
        rows = rows.filter(started_at__gte=start_of(last + DAY))
    first = rows.values_list("started_at", flat=True).first()
    if first is None or today(first) >= open_since(now):
        return None
    return today(first)


def count_closed_days(now: datetime, seconds: float | None = None) -> Iterator[date]:
    """Count the closed days that aren't yet, oldest first, and yield each; stop after seconds.

    In order, because the first query of a person on an object must be found first.
    """
    begun = monotonic()
    while (day := next_uncounted(now)) is not None:
        _keep(day, count(day))
        yield day
        if seconds is not None and monotonic() - begun > seconds:
            return


def count_next_day() -> bool:
    """Count the oldest closed day that isn't counted yet; return False if there was none."""
    return next(count_closed_days(timezone.now()), None) is not None


def forget_days() -> date | None:
    """Forget the days whose rows are still there, so that they are counted again.

    Return the first of them. Days whose rows are pruned stay: nobody could count them again.
    """
    first = QueryLog.objects.order_by("started_at").values_list("started_at", flat=True).first()
    if first is None:
        return None
    whole = (
        today(first) if not UsageDay.objects.filter(day__lt=today(first)) else today(first) + DAY
    )
    with transaction.atomic():
        UsageDay.objects.filter(day__gte=whole).delete()
        FirstTouch.objects.filter(day__gte=whole).delete()
    return whole


def _keep(day: date, counted: Counted) -> None:
    """Another process may count the same day at the same moment: it finds the same."""
    days = [
        UsageDay(
            day=day,
            user_id=user,
            queries=one.queries,
            rows=one.rows,
            off_hours=one.off_hours,
            figures=one.dumped(),
        )
        for user, one in counted.figures.items()
    ]
    first = [
        FirstTouch(day=day, user_id=user, object_id=thing, query_number=query)
        for (user, thing), query in counted.first.items()
    ]
    with transaction.atomic():
        UsageDay.objects.bulk_create(days, ignore_conflicts=True, batch_size=500)
        FirstTouch.objects.bulk_create(first, ignore_conflicts=True, batch_size=500)
