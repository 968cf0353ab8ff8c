"""What is odd where no seal reaches: rows that are gone, that wait too long, or that never end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.utils import timezone

from audit.canonical import EVENT, QUERY
from audit.models import Event, Outcome, QueryLog, Seal
from audit.usage import abandoned_after
from audit.verification import Finding, of_row

NAMED = 10
LETTERS: dict[type[models.Model], str] = {QueryLog: QUERY, Event: EVENT}
_PATIENCE = timedelta(minutes=10)
_CLOCKS_DIFFER = timedelta(minutes=1)


def warnings() -> Iterator[Finding]:
    """Yield what is odd; nobody but the database's own counter knows of what is gone."""
    last = Seal.objects.order_by("-number").values("last_query", "last_event").first()
    last = last or {"last_query": 0, "last_event": 0}
    yield from _gone_before_their_seal()
    yield from _missing_in_tail(QueryLog, last["last_query"])
    yield from _missing_in_tail(Event, last["last_event"])
    yield from _waiting(QueryLog.objects.filter(pk__gt=last["last_query"]), "started_at")
    yield from _waiting(Event.objects.filter(pk__gt=last["last_event"]), "at")
    yield from _still_to_come()


def _waiting(unsealed: models.QuerySet[models.Model], moment: str) -> Iterator[Finding]:
    """The first row that should be sealed by now: something may keep the server from sealing."""
    patience = timedelta(seconds=settings.AUDIT_SEAL_SECONDS) + abandoned_after() + _PATIENCE
    late = unsealed.filter(**{f"{moment}__lt": timezone.now() - patience}).order_by("pk")
    ident = late.values_list("pk", flat=True).first()
    if ident is not None:
        minutes = f"{patience.total_seconds() / 60:,.0f} minutes"
        what = (
            f"has waited for its seal for more than {minutes}: run manage.py seal_audit; if that "
            "seals nothing, look for a query that never ends or a transaction that was left open"
        )
        yield of_row("unsealed", LETTERS[unsealed.model], ident, what)


def _still_to_come() -> Iterator[Finding]:
    ahead = QueryLog.objects.filter(
        outcome=Outcome.RUNNING, started_at__gt=timezone.now() + _CLOCKS_DIFFER
    )
    for ident in ahead.order_by("pk").values_list("pk", flat=True)[:NAMED]:
        yield of_row("future", QUERY, ident, "runs since a moment that is still to come")


def _gone_before_their_seal() -> Iterator[Finding]:
    """On SQLite an insert that failed uses up no id, so that a gap is a row that went."""
    if connection.vendor != "sqlite":
        return
    gaps = {
        word: Q(**{f"{word}__lt": F(f"last_{one}") - F(f"first_{one}") + 1})
        for word, one in (("queries", "query"), ("events", "event"))
    }
    seals = Seal.objects.filter(gaps["queries"] | gaps["events"]).order_by("number")
    for seal in seals.defer("leaves")[:NAMED]:
        yield from _gone(seal, "queries", seal.first_query, seal.last_query, seal.queries)
        yield from _gone(seal, "events", seal.first_event, seal.last_event, seal.events)


def _gone(seal: Seal, word: str, first: int, last: int, there: int) -> Iterator[Finding]:
    number = last - first + 1 - there
    if number > 0:
        were = "was" if number == 1 else "were"
        sentence = (
            f"Of the {word} {first} to {last}, {number:,} {were} gone already when seal "
            f"{seal.number} was made."
        )
        yield Finding("gap", sentence, "seal", seal.number)


def _missing_in_tail(model: type[models.Model], after: int) -> Iterator[Finding]:
    """Ids after the last seal that the database gave out and that are not there.

    On PostgreSQL an insert that failed uses up an id too, so this is a warning and no finding.
    """
    last, missing, expected = _given_out(model), 0, after + 1
    rows = model._default_manager.filter(pk__gt=after).order_by("pk")
    for ident in chain(rows.values_list("pk", flat=True).iterator(), [last + 1]):
        for gone in range(expected, min(ident, expected + max(0, NAMED - missing))):
            yield of_row("tail", LETTERS[model], gone, "is not there, and was not sealed yet")
        missing += max(0, ident - expected)
        expected = max(expected, ident + 1)
    if missing > NAMED:
        yield Finding("tail", f"And {missing - NAMED:,} more.")


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
