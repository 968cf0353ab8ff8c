"""The figures of a period for those whom the viewer may see: the kept days, and today's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from accounts.models import User
from audit.models import FirstTouch, UsageDay
from audit.reports.counting import count
from audit.reports.days import count_closed_days, next_uncounted, open_since, today
from audit.reports.figures import Figures, Tally, added, loaded
from audit.reports.periods import Period

HABIT = timedelta(days=30)
_PATIENCE = 0.4


@dataclass(frozen=True)
class Past:
    """A person's day before the period or in it, in short: what habits are made of."""

    user: int
    day: date
    queries: int
    rows: int
    off_hours: int


@dataclass(frozen=True)
class First:
    """A person's first query on an object."""

    user: int
    object: int
    query: int
    day: date


@dataclass
class Loaded:
    """Everything that the page shows of these people, by day and person.

    ``missing``: some days aren't counted.
    """

    period: Period
    people: QuerySet[User]
    days: dict[tuple[date, int], Figures] = field(default_factory=dict)
    habits: dict[int, list[Past]] = field(default_factory=dict)  # by day
    first: list[First] = field(default_factory=list)
    missing: bool = False

    def total(self) -> Figures:
        """Return the sum of all."""
        return added(self.days.values())

    def by_day(self) -> dict[date, Tally]:
        """Return the tally of each day of the period, empty ones included."""
        tallies = {day: Tally() for day in self.period.days()}
        for (day, _), one in self.days.items():
            tallies[day].add(one)
        return tallies

    def by_person(self) -> dict[int, Tally]:
        """Return the tally of each person who asked, the busiest first."""
        tallies: dict[int, Tally] = {}
        for (_, user), one in self.days.items():
            tallies.setdefault(user, Tally()).add(one)
        return dict(sorted(tallies.items(), key=lambda pair: -pair[1].queries))

    def by_weekday_and_hour(self) -> Counter[tuple[int, int]]:
        """Return the queries of each (weekday, hour); Monday is 0."""
        cells: Counter[tuple[int, int]] = Counter()
        for (day, _), one in self.days.items():
            weekday = day.weekday()
            for hour, number in one.hours.items():
                cells[weekday, int(hour)] += number
        return cells


def load(people: QuerySet[User], period: Period, now: datetime) -> Loaded:
    """Return the figures; days that just closed are counted first, as many as take a moment."""
    for _ in count_closed_days(now, _PATIENCE):
        pass
    uncounted = next_uncounted(now)
    found = Loaded(period, people, missing=uncounted is not None and uncounted <= period.last)
    kept = _kept(people, period)
    for day, user, figures in kept.filter(day__gte=period.first).values_list(
        "day", "user_id", "figures"
    ):
        found.days[day, user] = loaded(figures)
    days = kept.order_by("day")
    for values in days.values_list("user_id", "day", "queries", "rows", "off_hours"):
        _remember(found, Past(*values))
    _first(found, people)
    for day in _open_days(period, now):
        _add_open_day(found, people, day)
    return found


def _remember(found: Loaded, past: Past) -> None:
    found.habits.setdefault(past.user, []).append(past)


def _kept(people: QuerySet[User], period: Period) -> QuerySet[UsageDay]:
    return UsageDay.objects.filter(
        day__gte=period.first - HABIT, day__lte=period.last, user__in=people.values("pk")
    ).order_by()


def _open_days(period: Period, now: datetime) -> Iterable[date]:
    return sorted(
        day for day in {open_since(now), today(now)} if period.first <= day <= period.last
    )


def _first(found: Loaded, people: QuerySet[User]) -> None:
    rows = FirstTouch.objects.filter(
        day__gte=found.period.first, day__lte=found.period.last, user__in=people.values("pk")
    )
    newest = rows.order_by("-query_number").values_list(
        "user_id", "object_id", "query_number", "day"
    )
    found.first = [First(*values) for values in newest]


def _add_open_day(found: Loaded, people: QuerySet[User], day: date) -> None:
    counted = count(day, people)
    for user, one in counted.figures.items():
        found.days[day, user] = one
        _remember(found, Past(user, day, one.queries, one.rows, one.off_hours))
    pairs = FirstTouch.objects.filter(user__in=counted.figures.keys())
    known = set(pairs.values_list("user_id", "object_id")) if counted.first else set()
    known |= {(one.user, one.object) for one in found.first}
    found.first += [
        First(user, thing, query, day)
        for (user, thing), query in counted.first.items()
        if (user, thing) not in known
    ]
