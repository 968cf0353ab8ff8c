"""The numbers of one person and one day, and how they add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from heapq import nlargest
from math import exp, log
from typing import Any

import orjson

MORNING, EVENING = 6, 20
SLOWEST, FINGERPRINTS = 5, 20
_STEP = log(1.2)


@dataclass
class Figures:
    """Queries by what they were; ``slowest`` holds (milliseconds, query id).

    ``fingerprints`` holds the FINGERPRINTS most frequent ones of a person's day, ``slowest`` the
    SLOWEST slowest, so that a busy day takes little room.
    """

    hours: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    durations: Counter[str] = field(default_factory=Counter)
    objects: Counter[str] = field(default_factory=Counter)
    fingerprints: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[int, int]] = field(default_factory=list)
    rows: int = 0
    duration_ms: int = 0

    @property
    def queries(self) -> int:
        """How many there were."""
        return self.outcomes.total()

    @property
    def refused(self) -> int:
        """How many of them were refused."""
        return self.outcomes["refused"]

    @property
    def off_hours(self) -> int:
        """How many of them came before MORNING or from EVENING on."""
        return sum(n for hour, n in self.hours.items() if is_off_hours(int(hour)))

    def percentile(self, share: float) -> int:
        """Return the milliseconds that this share of the queries stayed within, to about 10 %."""
        left = share * self.durations.total()
        for bucket in sorted(map(int, self.durations)):
            left -= self.durations[str(bucket)]
            if left <= 0:
                return milliseconds(bucket)
        return 0

    def dumped(self) -> str:
        """Return the figures as JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()


def loaded(text: str) -> Figures:
    """Return the figures that were dumped."""
    stored: dict[str, Any] = orjson.loads(text)
    figures = Figures(**stored)
    figures.slowest = [(ms, query) for ms, query in stored["slowest"]]
    for name in _COUNTERS:
        setattr(figures, name, Counter(stored[name]))
    return figures


@dataclass
class Tally:
    """The few sums that a bar needs."""

    outcomes: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    duration_ms: int = 0

    @property
    def queries(self) -> int:
        """How many there were."""
        return self.outcomes.total()

    @property
    def refused(self) -> int:
        """How many of them were refused."""
        return self.outcomes["refused"]

    def add(self, one: Figures) -> None:
        """Add a person's day."""
        for outcome, number in one.outcomes.items():
            self.outcomes[outcome] += number
        self.rows += one.rows
        self.duration_ms += one.duration_ms

    def include(self, other: Tally) -> None:
        """Add another tally."""
        self.outcomes += other.outcomes
        self.rows += other.rows
        self.duration_ms += other.duration_ms


_COUNTERS = ("hours", "outcomes", "reasons", "durations", "objects", "fingerprints")


def added(many: Iterable[Figures]) -> Figures:
    """Return the sum of them all. A defaultdict adds twice as fast as a Counter."""
    total = Figures()
    counters = [(name, defaultdict[str, int](int)) for name in _COUNTERS]
    for one in many:
        for name, counter in counters:
            for key, number in getattr(one, name).items():
                counter[key] += number
        total.slowest += one.slowest
        total.rows += one.rows
        total.duration_ms += one.duration_ms
    for name, counter in counters:
        setattr(total, name, Counter(counter))
    total.slowest = nlargest(10, total.slowest)
    return total


def is_off_hours(hour: int) -> bool:
    """Return True for the hours at which most people don't work."""
    return not MORNING <= hour < EVENING


def bucket(duration_ms: int) -> str:
    """Return the bucket of a duration: each is 20 % wider than the one before."""
    return str(round(log(duration_ms + 1) / _STEP))


def milliseconds(number: int) -> int:
    """Return the duration in the middle of a bucket."""
    return round(exp(number * _STEP)) - 1
