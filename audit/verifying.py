"""Verifies this server's own record: the chain, its rows, the triggers, and the unsealed end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from accounts.models import User
from audit import search, unsealed
from audit.canonical import QUERY, SEAL_FIELDS, entry, seal_record
from audit.models import QueryLog, Seal
from audit.pruned import pruned_findings
from audit.segments import records
from audit.spelling import UNREADABLE, damaged_indexes, misspelt_rows, misspelt_seals
from audit.triggers import missing_triggers, strange_triggers
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


@dataclass
class Verification:
    """One run over the record; ``tell`` hears how many rows are done after each segment."""

    tell: Callable[[int], None] = lambda done: None
    heads: dict[int, set[str]] = field(default_factory=dict)
    rows: int = 0
    seals: int = 0
    head: str = ""
    readable: bool = True

    def findings(self) -> Iterator[Finding]:
        """Yield everything that is wrong, in constant memory however long the record is."""
        yield from _triggers()
        for finding in misspelt_seals():
            self.readable = False
            yield finding
        if not self.readable:
            return  # nothing can be followed
        links = Chain(heads=self.heads)
        pruned: list[int] = []
        for seal in seals():
            yield from links.follow(seal)
            yield from self._segment(seal, pruned)
        yield from links.end()
        yield from pruned_findings(pruned)
        yield from _before_the_first()
        yield from misspelt_rows()
        yield from damaged_indexes()
        yield from _of_nobody()
        yield from _search()
        self.seals, self.head = links.number, links.digest

    def warnings(self) -> Iterator[Finding]:
        """Return what is odd where no seal reaches."""
        return unsealed.warnings() if self.readable else iter(())

    def _segment(self, seal: SealRow, pruned: list[int]) -> Iterator[Finding]:
        found = list(rows_findings(seal))
        if found and not seal.pruned and _is_pruned_now(seal.number):
            found = []
            pruned.append(seal.number)
        if seal.pruned:
            pruned.append(seal.number)
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
    except UNREADABLE:
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


def _triggers() -> Iterator[Finding]:
    for name in missing_triggers():
        sentence = f"The trigger {name} is missing or changed: run manage.py migrate."
        yield Finding("trigger", sentence, "trigger")
    for what, name, table in strange_triggers():
        sentence = (
            f"The {what} {name!a} on {table} is not ours, and may change or hide what is "
            "recorded: look what it does, then have the database's owner take it away."
        )
        yield Finding("strange", sentence, what)


def _search() -> Iterator[Finding]:
    found = search.lost()
    if found:
        sentence = (
            f"Search does not find all queries: {found[0]:,} are not in its index, the first of "
            f"them query {found[1]}. Run manage.py migrate: it makes the index anew."
        )
        yield Finding("search", sentence, "query", found[1])


def _of_nobody() -> Iterator[Finding]:
    """Rows of people who were taken away: no list would show them."""
    rows = QueryLog.objects.exclude(user__in=User.objects.order_by().values("pk")).order_by("pk")
    for ident in rows.values_list("pk", flat=True)[: unsealed.NAMED]:
        what = "is of a person whose account was deleted, so no list shows it"
        yield of_row("nobody", QUERY, ident, what)


def _before_the_first() -> Iterator[Finding]:
    """Ids begin at 1, and so does the first segment."""
    for model, letter in unsealed.LETTERS.items():
        rows = model._default_manager.filter(pk__lt=1).order_by("pk")
        for ident in rows.values_list("pk", flat=True)[: unsealed.NAMED]:
            yield of_row("inserted", letter, ident, "was put in")
