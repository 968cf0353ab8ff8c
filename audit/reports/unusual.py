"""What is not as usual, by rules that the page prints.

Each rule compares a person with their own 30 days before the day, nobody with anybody else.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from statistics import median

from audit.reports.loading import HABIT, Loaded, Past

TIMES, AT_LEAST = 5, 10_000
OFF_HOURS_SHARE = 0.1
_day = attrgetter("day")


@dataclass(frozen=True)
class Busy:
    """A person read far more rows on a day than on their usual day."""

    user: int
    day: date
    rows: int
    usual: int


@dataclass(frozen=True)
class OffHours:
    """A person who usually doesn't asked at night."""

    user: int
    day: date
    queries: int


def busy_days(found: Loaded) -> list[Busy]:
    """Return the days over TIMES the median of the person's days before and over AT_LEAST rows."""
    many = ((one, _before(found, one)) for one in _inside(found) if one.rows > AT_LEAST)
    usual = [(one, _usual(before)) for one, before in many]
    busy = [Busy(one.user, one.day, one.rows, rows) for one, rows in usual]
    return sorted((b for b in busy if b.rows > TIMES * b.usual), key=lambda b: -b.rows)


def off_hours(found: Loaded) -> list[OffHours]:
    """Return the days with queries at night of people who rarely ask at night, newest first."""
    nights = [
        OffHours(one.user, one.day, one.off_hours)
        for one in _inside(found)
        if one.off_hours and _share(_before(found, one)) < OFF_HOURS_SHARE
    ]
    return sorted(nights, key=lambda night: (night.day, night.queries), reverse=True)


def _inside(found: Loaded) -> list[Past]:
    return [p for past in found.habits.values() for p in past if p.day >= found.period.first]


def _before(found: Loaded, one: Past) -> list[Past]:
    days = found.habits[one.user]
    return days[bisect_left(days, one.day - HABIT, key=_day) : bisect_left(days, one.day, key=_day)]


def _usual(before: list[Past]) -> int:
    return round(median(past.rows for past in before)) if before else 0


def _share(before: list[Past]) -> float:
    queries = sum(past.queries for past in before)
    return sum(past.off_hours for past in before) / queries if queries else 0.0
