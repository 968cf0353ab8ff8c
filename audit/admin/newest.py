"""The newest queries that are wanted, found in a bounded time however few they are.

The history is read backwards in stretches of ids. Each stretch is cheap by itself, whatever the
conditions and whatever the planner thinks of them; when the time is used up the page shows what was
found, and how far it came. Text is looked up by the index where there is one (``audit.search``).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet

from audit import search
from audit.admin.filters import Wanted
from audit.models import QueryLog

PER_PAGE = 50
MOST = 1_000
"""So many are counted and paged; older ones are a link away."""

_FIRST, _NEXT = 20_000, 50_000
# Fewer for text: pages with a search have half the time of others.
_SECONDS, _SEARCH_SECONDS, _ENOUGH_SECONDS = 0.5, 0.25, 0.1
_QUICK_SECONDS = 0.02
_TIMEOUT = "SELECT set_config('statement_timeout', %s, true)"
_INDEX_SHARE, _LEAST_MS = 0.6, 50


@dataclass
class Found:
    """Ids, newest first. Every wanted query above ``reached`` is among them."""

    ids: list[int] = field(default_factory=list)
    reached: int = 0
    complete: bool = False


def newest(wanted: Wanted, *, before: int | None = None) -> Found:
    """Return up to MOST ids of what is wanted, below ``before`` if given."""
    return _Walk(wanted, before).done()


class _Walk:
    def __init__(self, wanted: Wanted, before: int | None) -> None:
        self.wanted = wanted
        self.started = time.monotonic()
        self.last = 0.0
        self.seconds = _SEARCH_SECONDS if wanted.terms else _SECONDS
        self.floor = max(wanted.above, _edge("pk") - 1)
        top = _edge("-pk") if wanted.to is None else min(wanted.to, _edge("-pk"))
        self.found = Found(reached=top if before is None else min(top, before - 1))
        self.indexed = bool(wanted.terms) and search.is_indexed()

    def done(self) -> Found:
        self._stretch(_FIRST)
        is_postgresql = connection.vendor == "postgresql"
        known = is_postgresql and self.indexed and search.can_look_up(self.wanted.terms)
        if self._goes_on() and known:
            self._rest_by_index()
        width = _NEXT
        while self._goes_on():
            self._stretch(width, indexed=self.indexed and connection.vendor == "sqlite")
            width *= 2 if self.last < _QUICK_SECONDS else 1
        found = self.found
        if len(found.ids) > MOST:
            found.ids, found.reached = found.ids[:MOST], found.ids[MOST - 1] - 1
        else:
            found.complete = found.reached <= self.floor
        return found

    def _goes_on(self) -> bool:
        if self.found.reached <= self.floor or len(self.found.ids) > MOST:
            return False
        enough = len(self.found.ids) > PER_PAGE
        # The next stretch takes about as long as the last one.
        return self._spent() + self.last < (_ENOUGH_SECONDS if enough else self.seconds)

    def _spent(self) -> float:
        return time.monotonic() - self.started

    def _stretch(self, width: int, *, indexed: bool = False) -> None:
        begin = self._spent()
        above, to = max(self.floor, self.found.reached - width), self.found.reached
        rows = self.wanted.between(above, to)
        if indexed:
            rows = rows.filter(search.within(self.wanted.terms, above, to))
        self._take(search.read(rows, self.wanted.terms), above)
        self.last = self._spent() - begin

    def _rest_by_index(self) -> None:
        """Look up the rest at once; a word that is everywhere would take too long, and is not."""
        rows = self.wanted.between(self.floor, self.found.reached)
        rows = rows.filter(search.contains(self.wanted.terms))
        # In the order of an expression, or PostgreSQL would hope to meet them soon, row by row.
        rows = rows.order_by((F("pk") + 0).desc())
        left = _INDEX_SHARE * (self.seconds - self._spent())
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SHOW statement_timeout")
                usual = cursor.fetchone()[0]
                cursor.execute(_TIMEOUT, [str(max(_LEAST_MS, round(1000 * left)))])
                self._take(rows, self.floor)
                cursor.execute(_TIMEOUT, [usual])
        except OperationalError:
            return

    def _take(self, rows: QuerySet[QueryLog], reached: int) -> None:
        more = MOST + 1 - len(self.found.ids)
        ids = list(rows.values_list("pk", flat=True)[:more])
        self.found.ids += ids
        # Where the ids ended early, what lies below the last one was not looked at.
        self.found.reached = ids[-1] - 1 if len(ids) == more else reached


def _edge(order: str) -> int:
    """Return the first id in that order, by the index; 0 in an empty record."""
    return QueryLog.objects.order_by(order).values_list("pk", flat=True).first() or 0
