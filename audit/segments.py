"""The rows of a segment as records, read from the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from audit.canonical import (
    EVENT_COLUMNS,
    QUERY_COLUMNS,
    Record,
    Touched,
    event_record,
    query_record,
)
from audit.models import Event, QueryLog, TouchedObject

_TOUCHED = "object__kind object__schema object__name object__column direct".split()


def query_records(first: int, last: int) -> Iterator[Record]:
    """Return the queries of these ids by id, with what they touched: two queries of ours."""
    touched: dict[int, list[Touched]] = defaultdict(list)
    found = TouchedObject.objects.filter(query__gte=first, query__lte=last).order_by()
    for query_id, *one in found.values_list("query_id", *_TOUCHED):
        touched[query_id].append((one[0], one[1], one[2], one[3], one[4]))
    rows = QueryLog.objects.filter(pk__range=(first, last)).order_by("pk")
    for row in rows.values(*QUERY_COLUMNS):
        yield query_record(row, touched.get(row["id"], ()))


def event_records(first: int, last: int) -> Iterator[Record]:
    """Return the events of these ids by id."""
    rows = Event.objects.filter(pk__range=(first, last)).order_by("pk")
    return map(event_record, rows.values(*EVENT_COLUMNS))


def records(queries: tuple[int, int], events: tuple[int, int]) -> Iterator[Record]:
    """Return a segment's records in the order of a seal's leaves: queries by id, then events."""
    found = query_records(*queries) if queries[0] <= queries[1] else ()
    return chain(found, event_records(*events) if events[0] <= events[1] else ())
