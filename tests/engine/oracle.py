"""The database's own word on what a statement reads: a role that may read just that, or less."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import errors
from psycopg2.sql import SQL, Identifier

from fleetmcp.analytics.touched import Touch

ROLE = "touched_oracle"
_MAKE = """
CREATE ROLE {role};
GRANT USAGE ON SCHEMA {schemas} TO {role};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schemas} TO {role};
"""
Column = tuple[str, str, str]


class Oracle:
    """A superuser's connection that can be that role; nothing of it is ever committed."""

    def __init__(self, raw: Any, search_path: Iterable[str], schemas: Iterable[str]) -> None:
        self.cursor = raw.cursor()
        readable = SQL(", ").join(map(Identifier, schemas))
        self.cursor.execute(SQL(_MAKE).format(role=Identifier(ROLE), schemas=readable))
        path = SQL(", ").join(map(Identifier, search_path))
        self.cursor.execute(SQL("SET LOCAL search_path = {}").format(path))
        self.cursor.execute("SET LOCAL statement_timeout = '20s'")

    def refuses(self, sql: str, touches: Iterable[Touch], *, without: Touch | None = None) -> str:
        """Return "" when the role can run the SQL with rights to just these, or PostgreSQL's no.

        A table of which no column is read is open in an arbitrary one: PostgreSQL asks for that.
        ``without`` is a column to leave out; then the SQL is planned only.
        """
        self.cursor.execute("SAVEPOINT before")
        try:
            self._grant(set(touches) - {without}, without)
            self.cursor.execute(SQL("SET LOCAL ROLE {}").format(Identifier(ROLE)))
            self.cursor.execute(f"EXPLAIN {sql}" if without else sql)
        except errors.InsufficientPrivilege as refused:
            return str(refused).splitlines()[0]
        finally:
            self.cursor.execute("ROLLBACK TO before; RELEASE before")
        return ""

    def needless(self, sql: str, needed: Collection[Touch], asked: Iterable[Touch]) -> list[Touch]:
        """Return those columns of ``asked`` without which the role can run the SQL all the same."""
        return [
            touch
            for touch in asked
            if touch.kind == "column" and not self.refuses(sql, needed, without=touch)
        ]

    def _grant(self, touches: Iterable[Touch], without: Touch | None) -> None:
        columns: dict[tuple[str, str], set[str]] = {}
        for touch in touches:
            if touch.kind != "function" and touch.schema != "information_schema":
                columns.setdefault((touch.schema, touch.name), set())
                if touch.column:
                    columns[touch.schema, touch.name].add(touch.column)
        for (schema, name), names in columns.items():
            some = names or self._any_column(schema, name, without.column if without else "")
            if not some:
                continue
            grant = SQL("GRANT SELECT ({}) ON {} TO {}").format(
                SQL(", ").join(map(Identifier, sorted(some))),
                Identifier(schema, name),
                Identifier(ROLE),
            )
            self.cursor.execute(grant)

    def _any_column(self, schema: str, name: str, without: str) -> set[str]:
        self.cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = format('%%I.%%I', %s, %s)::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attname <> %s LIMIT 1",
            (schema, name, without),
        )
        return {str(row[0]) for row in self.cursor.fetchall()}


@contextmanager
def oracle(
    superuser_dsn: str, search_path: Iterable[str], schemas: Iterable[str]
) -> Iterator[Oracle]:
    """Yield the oracle; the role is gone afterwards."""
    raw = psycopg2.connect(superuser_dsn)
    try:
        yield Oracle(raw, search_path, schemas)
    finally:
        raw.rollback()
        raw.close()
