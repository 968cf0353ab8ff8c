"""Search in the text of queries: which index it has, and which condition uses it.

SQLite gets a full-text table of trigrams that triggers keep; PostgreSQL an index of trigrams. Where
the database has neither, pages read the rows themselves, newest first, and say how far they came.
Everything is made after each migrate: what is there stays, what a remade table lost comes back.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection, router, transaction
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat

from audit.models import QueryLog

logger = logging.getLogger(__name__)

_WORD = re.compile(r"[^\W_]{3}")
LEAST = 3
"""An index of trigrams can't look up less."""

_TABLE = """
CREATE VIRTUAL TABLE audit_search USING fts5(
  sql, content='audit_querylog', content_rowid='id', tokenize='trigram')
"""
TRIGGERS = {
    "audit_search_insert": """
CREATE TRIGGER audit_search_insert AFTER INSERT ON audit_querylog BEGIN
  INSERT INTO audit_search(rowid, sql) VALUES (new.id, new.sql);
END""",
    "audit_search_delete": """
CREATE TRIGGER audit_search_delete AFTER DELETE ON audit_querylog BEGIN
  INSERT INTO audit_search(audit_search, rowid, sql) VALUES ('delete', old.id, old.sql);
END""",
}
# Ids are never used twice. Entries of rows that went unnoticed find nothing, and do no harm.
_CATCH_UP = """
INSERT INTO audit_search(rowid, sql) SELECT id, sql FROM audit_querylog
WHERE id > coalesce((SELECT max(id) FROM audit_search_docsize), 0) ORDER BY id
"""
_LOST = """
SELECT count(*), min(id) FROM audit_querylog AS q
WHERE NOT EXISTS (SELECT 1 FROM audit_search_docsize AS d WHERE d.id = q.id)
"""
_GIN = """
CREATE INDEX IF NOT EXISTS audit_search ON audit_querylog USING gin (upper(sql) gin_trgm_ops)
"""
_AMONG = "SELECT rowid FROM audit_search WHERE audit_search MATCH %s AND rowid > %s AND rowid <= %s"


def install(*, using: str = "default", **kwargs: Any) -> None:
    """Make what search needs in this database, as far as it can; connected to post_migrate."""
    if using != connection.alias or not router.allow_migrate(using, "audit"):
        return
    if "audit_querylog" not in connection.introspection.table_names():
        return
    try:
        with transaction.atomic():
            _install_sqlite() if connection.vendor == "sqlite" else _install_postgresql()
    except DatabaseError as error:
        logger.warning("Search reads row by row: %s. %s", str(error).strip(), _HINT)


_HINT = "On PostgreSQL, have the database's owner run CREATE EXTENSION pg_trgm, then migrate again."


def _install_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute(_GIN)


def _install_sqlite() -> None:
    there = _there()
    with connection.cursor() as cursor:
        if "audit_search" not in there:
            cursor.execute(_TABLE)
        for name, text in TRIGGERS.items():
            if name not in there:
                cursor.execute(text)
        if not there.issuperset(TRIGGERS):
            cursor.execute(_CATCH_UP)
        if lost():
            cursor.execute("INSERT INTO audit_search(audit_search) VALUES ('rebuild')")


def lost() -> tuple[int, int] | None:
    """Return how many queries the index misses, and the first of them; only SQLite's can be blind.

    This reads two lists of ids: FTS5's own check would keep every writer out for far longer.
    """
    if connection.vendor != "sqlite" or "audit_search" not in _there():
        return None
    with connection.cursor() as cursor:
        cursor.execute(_LOST)
        number, first = cursor.fetchone()
    return (number, first) if number else None


def _there() -> set[str]:
    """Return which of our things are in the database."""
    catalog = (
        "SELECT name FROM sqlite_master WHERE name LIKE 'audit_search%%'"
        if connection.vendor == "sqlite"
        else "SELECT indexrelid::regclass::text FROM pg_index"
        " WHERE indexrelid = to_regclass('audit_search') AND indisvalid"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalog)
        return {row[0] for row in cursor.fetchall()}


@contextmanager
def set_aside() -> Iterator[None]:
    """Take the index away for a mass of rows and make it again at the end: far faster."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            cursor.execute("DROP INDEX IF EXISTS audit_search")
    try:
        yield
    finally:
        install()


def is_indexed() -> bool:
    """Say whether this database has an index to search with."""
    return "audit_search" in _there()


def contains(terms: Sequence[str], text: str = "sql") -> Q:
    """Return the condition that the text holds each term, upper and lower case alike."""
    found = Q()
    for term in terms:
        found &= Q(**{f"{text}__icontains": term})
    return found


def read(rows: QuerySet[QueryLog], terms: Sequence[str]) -> QuerySet[QueryLog]:
    """Return those of a few rows whose SQL holds each term, found by reading each of them.

    The text isn't the one that PostgreSQL's index is made of: it would go through all of that.
    """
    plain = Concat(F("sql"), Value(""), output_field=TextField())
    return rows.alias(plain=plain).filter(contains(terms, "plain")) if terms else rows


def can_look_up(terms: Sequence[str]) -> bool:
    """Say whether PostgreSQL's index knows one of the terms: of signs alone it holds nothing.

    It would be read from end to end, which no timeout stops.
    """
    return any(_WORD.search(term) for term in terms)


def within(terms: Sequence[str], above: int, to: int) -> Q:
    """Return the condition that narrows ids in (above, to] by SQLite's index; no other terms."""
    words = " ".join('"' + term.replace('"', '""') + '"' for term in terms if len(term) >= LEAST)
    return Q(pk__in=RawSQL(_AMONG, (words, above, to)))  # noqa: S611  # the terms are parameters
