"""The SELECT that shows some rows of a relation, unreadable columns left out."""

from __future__ import annotations

from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.catalog.names import quoted, require_name, unknown_table, whole_table
from fleetmcp.analytics.connection import read_only
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket

_COLUMNS = SQL("""
SELECT a.attname, pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relname = {table} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND a.attnum > 0 AND NOT a.attisdropped AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
ORDER BY a.attnum
""")


def sample_sql(schema: str, table: str, ticket: Ticket, limits: Limits) -> str:
    """Return the SELECT of everything that the role may read of a relation. Raises QueryRefused."""
    require_name(schema, table)
    sql = _COLUMNS.format(schema=Literal(schema), table=Literal(table))
    with read_only(ticket, limits, ()) as session:
        rows = session.run(session.compose(sql))
        readable = [quoted(name) for name, may_read in rows if may_read == "t"]
        if not readable:
            raise unknown_table(session, schema, table)
    if len(readable) == len(rows):
        return whole_table(schema, table)
    columns = ", ".join(readable)
    return f"SELECT {columns} FROM {quoted(schema)}.{quoted(table)}"  # noqa: S608  # names quoted
