"""Counting the rows of a stretch of time, in SQL, person by person."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Max, Min, QuerySet, Sum, Window
from django.db.models.functions import ExtractHour, RowNumber
from django.utils.timezone import get_default_timezone

from accounts.models import User
from audit.models import ObjectKind, QueryLog, TouchedObject
from audit.reports.figures import FINGERPRINTS, SLOWEST, Figures, bucket

ZONE = get_default_timezone()


@dataclass
class Counted:
    """The figures by person, and by (person, object) the first query that read the object."""

    figures: dict[int, Figures] = field(default_factory=lambda: defaultdict(Figures))
    first: dict[tuple[int, int], int] = field(default_factory=dict)


def count(day: date, people: QuerySet[User] | None = None) -> Counted:
    """Return what these people (None: everyone) did on that day, as the record has it now."""
    begin = start_of(day)
    rows = QueryLog.objects.filter(started_at__gte=begin, started_at__lt=begin + timedelta(days=1))
    if people is not None:
        rows = rows.filter(user__in=people.values("pk"))
    rows = rows.order_by()
    counted = Counted()
    _outcomes(rows, counted.figures)
    if counted.figures:
        _durations(rows, counted.figures)
        _slowest(rows, counted.figures)
        _fingerprints(rows, counted.figures)
        _objects(rows, counted)
    return counted


def start_of(day: date) -> datetime:
    """Return the moment at which the day begins in the server's zone."""
    return datetime.combine(day, time(), ZONE)


def _outcomes(rows: QuerySet[QueryLog], figures: dict[int, Figures]) -> None:
    hour = ExtractHour("started_at", tzinfo=ZONE)
    groups = rows.values_list("user_id", hour, "outcome", "reason")
    for user, hour_of_day, outcome, reason, n, read, ms in groups.annotate(
        n=Count("pk"), read=Sum("rows"), ms=Sum("duration_ms")
    ):
        one = figures[user]
        one.hours[str(hour_of_day)] += n
        one.outcomes[outcome] += n
        one.rows += read or 0
        one.duration_ms += ms or 0
        if reason:
            one.reasons[reason] += n


def _durations(rows: QuerySet[QueryLog], figures: dict[int, Figures]) -> None:
    timed = rows.filter(duration_ms__isnull=False)
    for user, ms, n in timed.values_list("user_id", "duration_ms").annotate(n=Count("pk")):
        figures[user].durations[bucket(ms)] += n


def _slowest(rows: QuerySet[QueryLog], figures: dict[int, Figures]) -> None:
    place = Window(RowNumber(), partition_by=[F("user_id")], order_by=[F("duration_ms").desc()])
    timed = rows.filter(duration_ms__isnull=False).annotate(place=place)
    for user, ms, query in timed.filter(place__lte=SLOWEST).values_list(
        "user_id", "duration_ms", "pk"
    ):
        figures[user].slowest.append((ms or 0, query))
    for one in figures.values():
        one.slowest.sort(reverse=True)


def _fingerprints(rows: QuerySet[QueryLog], figures: dict[int, Figures]) -> None:
    known = rows.exclude(fingerprint="").values_list("user_id", "fingerprint")
    for user, fingerprint, n in known.annotate(n=Count("pk")):
        figures[user].fingerprints[fingerprint] = n
    for one in figures.values():
        most = sorted(one.fingerprints.items(), key=lambda pair: (-pair[1], pair[0]))
        one.fingerprints = Counter(dict(most[:FINGERPRINTS]))


def _objects(rows: QuerySet[QueryLog], counted: Counted) -> None:
    """Both conditions: the ids make the index of the touched usable, the rows say which count."""
    # Of the plain id, PostgreSQL would walk all of its index to meet the first row of that time.
    number = F("pk") + 0
    ids = rows.aggregate(low=Min(number, default=0), high=Max(number, default=0))
    touched = TouchedObject.objects.filter(
        query_id__gte=ids["low"],
        query_id__lte=ids["high"],
        query__in=rows.values("pk"),
        object__kind__in=[ObjectKind.TABLE, ObjectKind.FUNCTION],
    )
    for user, thing, n, first in touched.values_list("query__user_id", "object_id").annotate(
        n=Count("pk"), first=Min("query_id")
    ):
        counted.figures[user].objects[str(thing)] = n
        counted.first[user, thing] = first
