"""Addresses in the query history: the one place that knows the names of its filters."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from audit.models import CatalogObject
from audit.reports.periods import Period

OFF_HOURS = "off"


def history(
    period: Period | None = None,
    *,
    person: int | None = None,
    outcome: str = "",
    reason: str = "",
    fingerprint: str = "",
    thing: CatalogObject | None = None,
    weekday: int | None = None,
    hours: str = "",
) -> str:
    """Return the address of the history's rows that are meant by all that is given.

    ``weekday`` is 0 for Monday; ``hours`` is an hour of the day, or OFF_HOURS.
    """
    words = {
        "from": period.first if period else "",
        "to": period.last if period else "",
        "user": person or "",
        "outcome": outcome,
        "reason": reason,
        "fingerprint": fingerprint,
        "object": thing or "",
        "weekday": "" if weekday is None else str(weekday),
        "hours": hours,
    }
    given = urlencode({name: value for name, value in words.items() if value})
    return f"{reverse('admin:audit_querylog_changelist')}?{given}"


def query(number: int) -> str:
    """Return the address of one query's page."""
    return reverse("admin:audit_querylog_change", args=[number])
