"""Names that come from the analyst: which may be looked up, and what to say of unknown ones."""

from __future__ import annotations

from difflib import get_close_matches

from django.conf import settings
from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.connection import Session
from fleetmcp.analytics.errors import Code, QueryRefused

_NAMES = SQL("""
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ({schemas}) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
ORDER BY 1, 2
""")


def readable_schemas() -> list[str]:
    """Return the configured schemas."""
    return list(settings.ANALYTICS_SCHEMAS)


def require_readable(schema: str) -> None:
    """Raise QueryRefused unless the schema is one of the configured ones."""
    if schema not in settings.ANALYTICS_SCHEMAS:
        raise QueryRefused(
            "That schema is not readable here.",
            code=Code.SCHEMA,
            hint=f"Readable schemas: {', '.join(settings.ANALYTICS_SCHEMAS)}.",
        )


def require_name(schema: str, table: str) -> None:
    """Raise QueryRefused for a name that no table can have."""
    require_readable(schema)
    if not table or "\x00" in table or not _is_unicode(table):
        shown = table.encode("ascii", "backslashreplace").decode().replace("\x00", "\\0")
        raise _refusal(schema, shown, "")


def unknown_table(session: Session, schema: str, table: str) -> QueryRefused:
    """Return the refusal of a table that isn't there, with the readable names nearest to it."""
    sql = _NAMES.format(schemas=Literal(readable_schemas()))
    rows = session.run(session.compose(sql))
    here = [name for where, name in rows if where == schema]
    close = [f"{where}.{name}" for where, name in rows if name == table]
    close += [f"{schema}.{name}" for name in get_close_matches(table, here, 3)]
    return _refusal(schema, table, f"Did you mean {' or '.join(close)}? " if close else "")


def whole_table(schema: str, table: str) -> str:
    """Return the SELECT of everything in a relation, names quoted. Raises QueryRefused."""
    require_name(schema, table)
    return f"SELECT * FROM {quoted(schema)}.{quoted(table)}"  # noqa: S608  # names quoted


def quoted(name: str) -> str:
    """Return the name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refusal(schema: str, table: str, suggestion: str) -> QueryRefused:
    return QueryRefused(
        f"There is no readable table or view {table} in schema {schema}.",
        code=Code.UNKNOWN_RELATION,
        hint=f"{suggestion}list_tables shows what is there.",
    )
