"""What this database has beyond plain PostgreSQL, as far as the role may look."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2.sql import SQL, Composable, Identifier

from fleetmcp.analytics.connection import Session

# The case keeps has_schema_privilege from a schema that isn't there.
_TIMESCALE = """
SELECT n.nspname FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'timescaledb' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND EXISTS (SELECT FROM pg_catalog.pg_namespace i WHERE i.nspname = 'timescaledb_information'
              AND pg_catalog.has_schema_privilege(i.oid, 'USAGE'))
"""

# Hypertables as object ids; readers join them with what the role may read, because the view
# shows the hypertables of every schema.
_HYPERTABLES = SQL("""
SELECT c.oid FROM timescaledb_information.hypertables h
JOIN pg_catalog.pg_namespace n ON n.nspname = h.hypertable_schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = h.hypertable_name
""")
_AGGREGATES = SQL("""
SELECT c.oid, a.view_definition FROM timescaledb_information.continuous_aggregates a
JOIN pg_catalog.pg_namespace n ON n.nspname = a.view_schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = a.view_name
""")


@dataclass(frozen=True)
class Timescale:
    """TimescaleDB's facts as SQL; where the extension isn't, the same shapes without rows."""

    schema: str | None

    @property
    def hypertables(self) -> Composable:
        """Return the query of (oid)."""
        return _HYPERTABLES if self.schema else SQL("SELECT NULL::pg_catalog.oid AS oid LIMIT 0")

    @property
    def aggregates(self) -> Composable:
        """Return the query of (oid, view_definition) of continuous aggregates."""
        nothing = SQL("SELECT NULL::pg_catalog.oid AS oid, NULL::text AS view_definition LIMIT 0")
        return _AGGREGATES if self.schema else nothing

    def call(self, function: str, argument: str) -> Composable:
        """Return the call of one of its functions on a relation, or NULL."""
        if not self.schema:
            return SQL("NULL::bigint")
        name = Identifier(self.schema, function)
        return SQL("{}({}::pg_catalog.regclass)").format(name, SQL(argument))


def timescale(session: Session) -> Timescale:
    """Ask whether TimescaleDB is there, and where."""
    rows = session.run(_TIMESCALE)
    return Timescale(rows[0][0] if rows else None)
