"""Which rows an export holds: their ids, fixed before it begins."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from audit.canonical import (
    EVENT_COLUMNS,
    QUERY_COLUMNS,
    Record,
    Touched,
    event_record,
    query_record,
)
from audit.models import Event, QueryLog, TouchedObject

AT_ONCE = 500
_TOUCHED = "object__kind object__schema object__name object__column direct".split()


def no_ids() -> array[int]:
    """Return none."""
    return array("q")


def ids_of(rows: QuerySet[Any]) -> array[int]:
    """Return the rows' ids in order: eight bytes each, so that a million fit anywhere."""
    ids = rows.order_by("pk").values_list("pk", flat=True)
    return array("q", ids.iterator(chunk_size=10_000))


@dataclass(frozen=True)
class Selection:
    """The ids of the queries and events, and in words what was asked for."""

    queries: array[int] = field(default_factory=no_ids)
    events: array[int] = field(default_factory=no_ids)
    asked: str = ""

    def __len__(self) -> int:
        return len(self.queries) + len(self.events)

    def query_records(self) -> Iterator[Record]:
        """Yield the queries by id, with what they touched; never more than AT_ONCE in memory."""
        return chain.from_iterable(map(_queries, _batches(self.queries)))

    def event_records(self) -> Iterator[Record]:
        """Yield the events by id."""
        return chain.from_iterable(map(_events, _batches(self.events)))

    def records(self) -> Iterator[Record]:
        """Yield the queries, then the events."""
        return chain(self.query_records(), self.event_records())


def _batches(ids: array[int]) -> Iterator[list[int]]:
    return (list(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE))


def _queries(ids: list[int]) -> list[Record]:
    touched: dict[int, list[Touched]] = {}
    found = TouchedObject.objects.filter(query__in=ids).order_by()
    for query, *one in found.values_list("query_id", *_TOUCHED):
        touched.setdefault(query, []).append((one[0], one[1], one[2], one[3], one[4]))
    rows = QueryLog.objects.filter(pk__in=ids).order_by("pk").values(*QUERY_COLUMNS)
    return [query_record(row, touched.get(row["id"], ())) for row in rows]


def _events(ids: list[int]) -> list[Record]:
    rows = Event.objects.filter(pk__in=ids).order_by("pk").values(*EVENT_COLUMNS)
    return [event_record(row) for row in rows]
