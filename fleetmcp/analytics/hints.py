"""What an error of PostgreSQL leaves out: the nearest names of what the statement reads."""

from __future__ import annotations

import re
from difflib import get_close_matches

from psycopg2 import errorcodes
from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.connection import read_only
from fleetmcp.analytics.errors import QueryFailed, place_at
from fleetmcp.analytics.guard import Statement
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket

_NAME = re.compile(r'(?:(?:"[^"]+"|[\w$]+)\s*\.\s*)*"?([\w$]+)"?')
_COLUMNS = SQL("""
SELECT DISTINCT a.attname FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = ANY ({names}) AND n.nspname = ANY (pg_catalog.current_schemas(false))
  AND a.attnum > 0 AND NOT a.attisdropped
  AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
""")


def locate(failed: QueryFailed, statement: Statement, sent_before: int) -> None:
    """Say where in the analyst's own text PostgreSQL points to.

    ``sent_before`` is how many characters were sent before the statement's text.
    """
    if failed.position:
        index = failed.position - 1 - sent_before + statement.offset
        failed.place = place_at(statement.source, index)


def add_nearest_columns(
    failed: QueryFailed,
    statement: Statement,
    ticket: Ticket,
    limits: Limits,
    path: tuple[str, ...],
) -> None:
    """Add to a located "unknown column" error the readable columns that come nearest to it."""
    name = _name_at(failed, statement)
    relations = sorted({name for _, name in statement.relations()})
    if failed.sqlstate != errorcodes.UNDEFINED_COLUMN or not name or not relations:
        return
    with read_only(ticket, limits, path) as session:
        rows = session.run(session.compose(_COLUMNS.format(names=Literal(relations))))
    close = get_close_matches(name, [row[0] for row in rows], 3, cutoff=0.5)
    if close:
        failed.hint = f"Did you mean {' or '.join(close)}? {failed.hint}"


def _name_at(failed: QueryFailed, statement: Statement) -> str:
    """Return the last part of the name that stands where PostgreSQL points to, or ""."""
    if failed.place is None:
        return ""
    found = _NAME.match(statement.source, failed.place.index)
    return found.group(1) if found else ""
