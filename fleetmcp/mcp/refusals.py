"""Requests without a valid token, counted until somebody writes them down.

In memory, by where they come from and why: whoever sends ten thousand a minute costs one event.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

MOST = 1_000


class Refusal(NamedTuple):
    """Where a refused request came from, why, and the token if we know it."""

    ip: str | None
    why: str
    token_id: int | None = None


THE_REST = Refusal(None, "various")


class Refusals:
    """The counts since last taken; for the event loop's thread only."""

    def __init__(self) -> None:
        self._counts: Counter[Refusal] = Counter()

    def count(self, refusal: Refusal, times: int = 1) -> None:
        """Count it; when there are too many different ones, together with the rest."""
        if refusal not in self._counts and len(self._counts) >= MOST:
            refusal = THE_REST
        self._counts[refusal] += times

    def taken(self) -> Counter[Refusal]:
        """Return the counts and begin anew."""
        counts, self._counts = self._counts, Counter()
        return counts


refusals = Refusals()
