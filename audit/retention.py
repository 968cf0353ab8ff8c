"""The verb that forgets: whole sealed segments, oldest first. Their seals stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from audit.canonical import Record
from audit.events import record_event
from audit.models import Event, EventKind, QueryLog, Seal
from audit.pruned import pruned_findings
from audit.verification import intact
from audit.verifying import rows_findings, seals

# In one transaction: on SQLite nobody else writes in the meantime.
_AT_ONCE = 10


@dataclass(frozen=True)
class Segments:
    """Sealed segments that follow each other, and what is in them."""

    first_seal: int
    last_seal: int
    queries: int
    events: int
    first_query: int
    last_query: int
    first_event: int
    last_event: int


class NotPrunable(Exception):
    """A segment that isn't as it was sealed is evidence, and stays. The text names it."""


def prunable(*, before: datetime) -> Iterator[Segments]:
    """Return the segments whose rows are all older, in order, each by itself.

    It stops at the first that isn't, so that what is left of the record has no hole in it. Raises
    NotPrunable at one that does not verify, and at once if somebody else pruned: an honest pruning
    behind a forged one would hide it.
    """
    _nothing_forged()
    for seal in seals(_last_pruned()):
        found = next(rows_findings(seal), None)
        if found or not intact(seal):
            what = found.sentence if found else "It was changed."
            raise NotPrunable(f"Seal {seal.number} doesn't verify: {what}")
        if not _is_older(seal.record, before):
            return
        yield _segment(seal.record)


def prune_audit(*, before: datetime, by: str, actor: User | None = None) -> Iterator[Segments]:
    """Prune what prunable() returns, and yield what is gone after each transaction.

    The event of a transaction names the last seal up to which everything is pruned now.
    """
    segments = prunable(before=before)
    while batch := list(islice(segments, _AT_ONCE)):
        whole = _joined(batch)
        with transaction.atomic():
            _mark(whole)
            _delete(whole)
            _record(whole, before, by, actor)
        yield whole


def _nothing_forged() -> None:
    marked = Seal.objects.filter(pruned_at__isnull=False).order_by("number")
    for found in pruned_findings(list(marked.values_list("number", flat=True))):
        raise NotPrunable(found.sentence)


def _last_pruned() -> int:
    return Seal.objects.filter(pruned_at__isnull=False).aggregate(last=Max("number"))["last"] or 0


def _is_older(seal: Record, before: datetime) -> bool:
    queries = QueryLog.objects.filter(pk__range=(seal["first_query"], seal["last_query"]))
    events = Event.objects.filter(pk__range=(seal["first_event"], seal["last_event"]))
    newer = queries.filter(started_at__gte=before), events.filter(at__gte=before)
    return not any(rows.order_by().exists() for rows in newer)


def _segment(seal: Record) -> Segments:
    same = {field.name: seal[field.name] for field in fields(Segments)[2:]}
    return Segments(first_seal=seal["number"], last_seal=seal["number"], **same)


def _joined(parts: list[Segments]) -> Segments:
    last = parts[-1]
    return replace(
        parts[0],
        last_seal=last.last_seal,
        last_query=last.last_query,
        last_event=last.last_event,
        queries=sum(part.queries for part in parts),
        events=sum(part.events for part in parts),
    )


def _mark(gone: Segments) -> None:
    """First, because the triggers let go of rows of pruned segments only."""
    seals = Seal.objects.filter(number__range=(gone.first_seal, gone.last_seal))
    seals.update(pruned_at=timezone.now(), leaves=None)


def _delete(gone: Segments) -> None:
    """By statements of our own: Django would read the rows first, to ask what points at them."""
    queries, events = (gone.first_query, gone.last_query), (gone.first_event, gone.last_event)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_touchedobject WHERE query_id BETWEEN %s AND %s", queries)
        cursor.execute("DELETE FROM audit_querylog WHERE id BETWEEN %s AND %s", queries)
        cursor.execute("DELETE FROM audit_event WHERE id BETWEEN %s AND %s", events)


def _record(gone: Segments, before: datetime, by: str, actor: User | None) -> None:
    record_event(
        EventKind.PRUNED,
        f"{by} pruned {gone.queries:,} queries and {gone.events:,} events",
        actor=actor,
        actor_name=by,
        details={**vars(gone), "before": before},
    )
