"""Columns with personal data: does the database keep them closed, and what to say when it does.

Only GRANTs hold against ``SELECT *``, whole rows, joins and functions. So the list of denied
columns is not checked in a question's text: the server asks whether the role can read one, and
runs nothing while it can.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2 import errorcodes
from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.connection import Session, read_only
from fleetmcp.analytics.errors import QueryFailed, UnsafeRole
from fleetmcp.analytics.guard import Statement
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.ticket import Ticket

logger = logging.getLogger(__name__)

FRESH_SECONDS = 60.0
_MOST_NAMES = 40

Column = tuple[str, str, str]
"""Schema, table and column, as the catalog shows them."""


@dataclass(frozen=True)
class DeniedState:
    """Denied columns that the role can read in spite of it, and those that don't exist."""

    readable: list[str]
    missing: list[str]


# A partition or chunk holds the same values under a name of its own.
_STATE = SQL("""
WITH RECURSIVE denied (nspname, relname, attname) AS (
  SELECT * FROM unnest({schemas}::text[], {tables}::text[], {columns}::text[])),
found (nspname, relname, attname, relation) AS (
  SELECT d.*, a.attrelid FROM denied d
  LEFT JOIN (pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)
  ON n.nspname = d.nspname AND c.relname = d.relname AND a.attname = d.attname
    AND a.attnum > 0 AND NOT a.attisdropped),
family (relation, attname) AS (
  SELECT relation, attname FROM found WHERE relation IS NOT NULL
  UNION SELECT i.inhrelid, f.attname FROM family f
  JOIN pg_catalog.pg_inherits i ON i.inhparent = f.relation)
SELECT 'readable', n.nspname, c.relname, f.attname FROM family f
JOIN pg_catalog.pg_class c ON c.oid = f.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = f.attname
WHERE a.attnum > 0 AND NOT a.attisdropped
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
UNION ALL SELECT 'missing', nspname, relname, attname FROM found WHERE relation IS NULL
ORDER BY 1, 2, 3, 4
""")

_COLUMNS = SQL("""
WITH asked (nspname, relname, rank) AS (
  SELECT * FROM unnest({schemas}::text[], {tables}::text[]) WITH ORDINALITY),
relations AS (
  SELECT DISTINCT ON (k.rank) k.rank, c.oid, n.nspname, c.relname FROM asked k
  JOIN pg_catalog.pg_class c ON c.relname = k.relname AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = k.nspname OR (k.nspname = '' AND n.nspname = ANY ({path}))
  ORDER BY k.rank, pg_catalog.array_position({path}, n.nspname::text))
SELECT r.nspname, r.relname, a.attname, pg_catalog.has_column_privilege(r.oid, a.attnum, 'SELECT')
FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE a.attnum > 0 AND NOT a.attisdropped AND pg_catalog.has_schema_privilege(r.nspname, 'USAGE')
ORDER BY r.rank, a.attnum
""")

_lock = threading.Lock()
_verified: tuple[float, tuple[Column, ...]] | None = None


def require_closed(columns: tuple[Column, ...], ticket: Ticket) -> None:
    """Return when the role can read none of them. Asked anew every minute, and for a new list.

    Call it on an engine thread. Raises UnsafeRole (the columns go to the log, for the operator).
    """
    global _verified
    with _lock:
        if (
            _verified
            and _verified[1] == columns
            and time.monotonic() - _verified[0] < FRESH_SECONDS
        ):
            return
        readable = readable_denied(columns, ticket)
        if readable:
            logger.error(
                "Denied columns are readable: %s. Have the DBA run what manage.py role_sql prints.",
                ", ".join(readable),
            )
            raise UnsafeRole(
                "Columns with personal data are open to the role of this server: nothing runs.",
                hint="Tell the operator: the server's log lists them, and what closes them.",
            )
        _verified = (time.monotonic(), columns)


def forget_closed() -> None:
    """Make the next question verify the columns again."""
    global _verified
    _verified = None


def readable_denied(columns: Sequence[Column], ticket: Ticket) -> list[str]:
    """Return those that the role can still read, as schema.table.column, partitions included."""
    return denied_state(columns, ticket).readable


def denied_state(columns: Sequence[Column], ticket: Ticket) -> DeniedState:
    """Ask the database which of the columns the role can read, and which don't exist."""
    state = DeniedState([], [])
    if not columns:
        return state
    schemas, tables, names = (list(part) for part in zip(*columns, strict=True))
    sql = _STATE.format(schemas=Literal(schemas), tables=Literal(tables), columns=Literal(names))
    with read_only(ticket, limits_for(1), ()) as session:
        for kind, *parts in session.run(session.compose(sql)):
            (state.readable if kind == "readable" else state.missing).append(".".join(parts))
    return state


def explain_denied(
    error: QueryFailed,
    statement: Statement,
    columns: Sequence[Column],
    search_path: Sequence[str],
    ticket: Ticket,
) -> str:
    """Return what is closed in the relations of a statement that PostgreSQL refused, or "".

    PostgreSQL says only "permission denied for table": this names the closed columns and those to
    take instead. ``search_path`` is the policy's. Call it on an engine thread, after the failed
    transaction has ended.
    """
    asked = list(dict.fromkeys(statement.relations()))
    if error.sqlstate != errorcodes.INSUFFICIENT_PRIVILEGE or not asked:
        return ""
    with read_only(ticket, limits_for(1), ()) as session:
        found = _columns_of(session, asked, search_path)
    denied = set(columns)
    told = (_told(relation, states, denied) for relation, states in found.items())
    return " ".join(filter(None, told))


def _columns_of(
    session: Session, asked: Sequence[tuple[str, str]], path: Sequence[str]
) -> dict[tuple[str, str], dict[str, bool]]:
    """Return relation -> column -> whether the role can read it; nothing for what isn't there."""
    schemas, tables = (list(part) for part in zip(*asked, strict=True))
    places = SQL("{}::text[]").format(Literal(list(path)))
    sql = _COLUMNS.format(schemas=Literal(schemas), tables=Literal(tables), path=places)
    found: dict[tuple[str, str], dict[str, bool]] = {}
    for schema, table, column, readable in session.run(session.compose(sql)):
        found.setdefault((schema, table), {})[column] = readable == "t"
    return found


def _told(relation: tuple[str, str], states: dict[str, bool], denied: set[Column]) -> str:
    """Return the sentences about one relation, or "" when nothing of it is closed."""
    closed = [name for name, readable in states.items() if not readable]
    personal = [name for name in closed if (*relation, name) in denied]
    others = [name for name in closed if name not in personal]
    parts = [
        f"{_listed(names)} ({why})"
        for names, why in ((personal, "personal data"), (others, "not granted to this role"))
        if names
    ]
    if not parts:
        return ""
    where = ".".join(relation)
    readable = [name for name in states if name not in closed]
    instead = f"Name the columns you need: {_listed(readable)}." if readable else "None is open."
    return f"Closed in {where}: {'; '.join(parts)}. {instead}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
