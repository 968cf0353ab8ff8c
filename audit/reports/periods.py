"""The stretch of days that a report is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

CHOICES = {"1": "Today", "7": "7 days", "30": "30 days", "90": "90 days"}
LONGEST = 366
YEARS = range(2000, 2101)
_DAY = timedelta(days=1)


class BadPeriod(ValueError):
    """What was asked for is no period; the text says what to write."""


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included, in the server's zone."""

    first: date
    last: date
    choice: str = ""

    def days(self) -> Iterator[date]:
        """Yield each day."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + number * _DAY

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def last_days(number: int, today: date) -> Period:
    """Return that many days, today included."""
    return Period(today - (number - 1) * _DAY, today, str(number))


def asked_for(query: Mapping[str, str], today: date) -> Period:
    """Return the period of an address: ``days=30``, or ``from=`` and ``to=``; else 30 days.

    Raises BadPeriod.
    """
    if query.get("from") or query.get("to"):
        last = _day(query.get("to", "") or str(today))
        return _checked(Period(_day(query.get("from", "") or str(last)), last), today)
    choice = query.get("days", "30")
    if choice not in CHOICES:
        raise BadPeriod("Choose 1, 7, 30 or 90 days, or the first and the last day.")
    return last_days(int(choice), today)


def _checked(period: Period, today: date) -> Period:
    if period.first > period.last:
        raise BadPeriod("The first day must not be after the last one.")
    if period.last > today + _DAY:
        raise BadPeriod("The last day is in the future.")
    if (period.last - period.first).days >= LONGEST:
        raise BadPeriod(f"Choose at most {LONGEST} days.")
    return period


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadPeriod("Write days as in 2026-11-22.") from None
    if day.year not in YEARS:
        raise BadPeriod(f"Choose days from {YEARS[0]} to {YEARS[-1]}.")
    return day
