"""Verifies this server's own record: the chain, its rows, the triggers, and the unsealed end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from django.db import DatabaseError, connection, models

from audit.canonical import EVENT, QUERY, SEAL_FIELDS, entry, seal_record
from audit.models import Event, EventKind, QueryLog, Seal
from audit.segments import records
from audit.triggers import missing_triggers
from audit.verification import (
    Chain,
    Finding,
    SealRow,
    check_leaves,
    check_rows,
    intact,
    of_row,
    seal_row,
)

_AT_ONCE = 20
_NAMED = 10
_LETTERS: dict[type[models.Model], str] = {QueryLog: QUERY, Event: EVENT}


@dataclass
class Verification:
    """One run over the record; ``tell`` hears how many rows are done after each segment."""

    tell: Callable[[int], None] = lambda done: None
    heads: dict[int, set[str]] = field(default_factory=dict)
    rows: int = 0
    seals: int = 0
    head: str = ""

    def findings(self) -> Iterator[Finding]:
        """Yield everything that is wrong, in constant memory however long the record is."""
        for name in missing_triggers():
            sentence = f"The trigger {name} is missing or changed: run manage.py migrate."
            yield Finding("trigger", sentence, "trigger")
        links = Chain(heads=self.heads)
        pruned: list[int] = []
        for seal in seals():
            yield from links.follow(seal)
            yield from self._segment(seal)
            if seal.pruned:
                pruned.append(seal.number)
        yield from links.end()
        yield from _unannounced(pruned)
        yield from _before_the_first()
        self.seals, self.head = links.number, links.digest

    def warnings(self) -> Iterator[Finding]:
        """Yield what is odd after the last seal: nobody but the database's own counter knows."""
        last = Seal.objects.order_by("-number").values("last_query", "last_event").first()
        last = last or {"last_query": 0, "last_event": 0}
        yield from _missing_in_tail(QueryLog, last["last_query"])
        yield from _missing_in_tail(Event, last["last_event"])

    def _segment(self, seal: SealRow) -> Iterator[Finding]:
        found = list(rows_findings(seal))
        if found and not seal.pruned and _is_pruned_now(seal.number):
            found = []
        if not seal.pruned:
            self.rows += seal.record["queries"] + seal.record["events"]
            self.tell(self.rows)
        yield from found


def seals(after: int = -1) -> Iterator[SealRow]:
    """Return the seals of higher numbers, in order; a few at a time, as each holds its leaves."""
    number = after
    while True:
        found = Seal.objects.filter(number__gt=number).order_by("number")
        batch = list(found.values(*SEAL_FIELDS, "digest", "leaves", "pruned_at")[:_AT_ONCE])
        for values in batch:
            yield seal_row(seal_record(values), values)
        if not batch:
            return
        number = batch[-1]["number"]


def rows_findings(seal: SealRow) -> Iterator[Finding]:
    """Yield what is wrong with the rows of one segment."""
    if not intact(seal):
        return  # its ids say nothing, and could be anything
    try:
        yield from _compared(seal)
    except (DatabaseError, ValueError):  # the bytes are no text, or the text no moment
        sentence = f"The rows of seal {seal.number} can't be read: they were changed."
        yield Finding("unreadable", sentence, "seal", seal.number)


def _compared(seal: SealRow) -> Iterator[Finding]:
    record = seal.record
    queries = (record["first_query"], record["last_query"])
    rows = map(entry, records(queries, (record["first_event"], record["last_event"])))
    if seal.pruned:
        for row in rows:
            yield of_row("inserted", row.letter, row.id, "is in a pruned segment: it was put in")
        return
    yield from check_leaves(seal)
    if seal.leaves is not None:
        yield from check_rows(seal, rows)


def _is_pruned_now(number: int) -> bool:
    """prune_audit may have come while we read."""
    return Seal.objects.filter(number=number, pruned_at__isnull=False).exists()


def _unannounced(pruned: list[int]) -> Iterator[Finding]:
    """Seals marked as pruned of which no event says that somebody pruned them."""
    told = _last_pruned()
    for number in pruned:
        if number > told:
            sentence = f"Seal {number} is marked as pruned, but no event says who pruned it."
            yield Finding("pruned", sentence, "seal", number)


def _last_pruned() -> int:
    """Return the number in the newest event: each prunes all up to there, or they were before."""
    newest = Event.objects.filter(kind=EventKind.PRUNED).order_by("-pk").first()
    try:
        return int(json.loads(newest.details)["last_seal"]) if newest else 0
    except (ValueError, KeyError, TypeError):
        return 0


def _before_the_first() -> Iterator[Finding]:
    """Ids begin at 1, and so does the first segment."""
    for model, letter in _LETTERS.items():
        rows = model._default_manager.filter(pk__lt=1).order_by("pk")
        for ident in rows.values_list("pk", flat=True)[:_NAMED]:
            yield of_row("inserted", letter, ident, "was put in")


def _missing_in_tail(model: type[models.Model], after: int) -> Iterator[Finding]:
    """Ids after the last seal that the database gave out and that are not there.

    On PostgreSQL an insert that failed uses up an id too, so this is a warning and no finding.
    """
    last, missing, expected = _given_out(model), 0, after + 1
    rows = model._default_manager.filter(pk__gt=after).order_by("pk")
    for ident in chain(rows.values_list("pk", flat=True).iterator(), [last + 1]):
        for gone in range(expected, min(ident, expected + max(0, _NAMED - missing))):
            yield of_row("tail", _LETTERS[model], gone, "is not there, and was not sealed yet")
        missing += max(0, ident - expected)
        expected = max(expected, ident + 1)
    if missing > _NAMED:
        yield Finding("tail", f"And {missing - _NAMED:,} more.")


def _given_out(model: type[models.Model]) -> int:
    """Return the last id that the database's own counter gave out."""
    table = model._meta.db_table
    question = (
        "SELECT seq FROM sqlite_sequence WHERE name = %s"
        if connection.vendor == "sqlite"
        else "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)"
    )
    with connection.cursor() as cursor:
        cursor.execute(question, [table])
        found = cursor.fetchone()
    return int(found[0] or 0) if found else 0
