"""The time dimension of a relation: how it is cut into chunks, and how fresh the data is."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2.sql import SQL, Composable, Identifier, Literal

from fleetmcp.analytics.catalog.extensions import Timescale
from fleetmcp.analytics.connection import Session

# A table of 16 MB is read in a few milliseconds, so any index says that the column matters.
SMALL_PAGES = 2000

_DIMENSION = SQL("""
SELECT d.column_name, d.column_type::text,
  coalesce(d.time_interval::text, d.integer_interval::text),
  (SELECT count(*) FROM pg_catalog.pg_inherits i WHERE i.inhparent = {oid})
FROM timescaledb_information.dimensions d
JOIN pg_catalog.pg_namespace n ON n.nspname = d.hypertable_schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = d.hypertable_name
WHERE c.oid = {oid} AND d.dimension_type = 'Time' AND d.dimension_number = 1
""")
_PARTITIONS = SQL("""
SELECT pg_catalog.pg_get_partkeydef(c.oid) FROM pg_catalog.pg_class c
WHERE c.oid = {oid} AND c.relkind = 'p'
""")
# What a B-tree leads with has its ends at hand; of a small table any index will do.
_INDEXED = SQL("""
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE i.indrelid = {oid} AND c.relkind IN ('r', 'p', 'm') AND i.indpred IS NULL AND i.indislive
  AND t.typname IN ('timestamptz', 'timestamp', 'date')
  AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
  AND (m.amname = 'btree' OR c.relkind <> 'p' AND c.relpages <= {small})
  AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY m.amname = 'btree' DESC, a.attnum LIMIT 1
""")
_CHUNK_ENDS = SQL("""
SELECT min(k.range_end)::text, min(k.range_end_integer)::text,
  max(k.range_start)::text, max(k.range_start_integer)::text
FROM timescaledb_information.chunks k
JOIN pg_catalog.pg_namespace n ON n.nspname = k.hypertable_schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = k.hypertable_name
WHERE c.oid = {oid} AND pg_catalog.has_column_privilege(c.oid, {column}, 'SELECT')
""")
_ENDS = SQL("""
SELECT (SELECT min({column}) FROM {table} WHERE {early}),
       (SELECT max({column}) FROM {table} WHERE {late})
""")


@dataclass(frozen=True)
class TimeColumn:
    """The column that says when, its type, and for a hypertable how wide and how many chunks."""

    name: str
    type: str
    interval: str | None = None
    chunks: int | None = None

    @property
    def fields(self) -> dict[str, str | int | None]:
        """Return the fields of a Description."""
        return {
            "time_column": self.name,
            "chunk_interval": self.interval,
            "chunks": self.chunks,
        }


def partition_key(session: Session, oid: int) -> str | None:
    """Return how a partitioned table is cut, as in RANGE (day)."""
    rows = session.run(session.compose(_PARTITIONS.format(oid=Literal(oid))))
    return rows[0][0] if rows else None


def time_column(session: Session, oid: int, scale: Timescale) -> TimeColumn | None:
    """Return the time dimension of a hypertable, else the time column that leads an index."""
    if scale.schema:
        rows = session.run(session.compose(_DIMENSION.format(oid=Literal(oid))))
        if rows:
            name, kind, interval, chunks = rows[0]
            return TimeColumn(name, kind, interval, int(chunks))
    sql = _INDEXED.format(oid=Literal(oid), small=Literal(SMALL_PAGES))
    return next((TimeColumn(*row) for row in session.run(session.compose(sql))), None)


def ends(
    session: Session, oid: int, table: tuple[str, str], time: TimeColumn
) -> dict[str, str | None]:
    """Return the oldest and the newest value; of a hypertable only its two end chunks are read."""
    early: Composable = SQL("true")
    late: Composable = early
    if time.chunks is not None:
        early, late = _end_chunks(session, oid, time)
    sql = _ENDS.format(
        column=Identifier(time.name), table=Identifier(*table), early=early, late=late
    )
    oldest, newest = session.run(session.compose(sql))[0]
    return {"oldest": oldest, "newest": newest}


def _end_chunks(session: Session, oid: int, time: TimeColumn) -> tuple[Composable, Composable]:
    sql = _CHUNK_ENDS.format(oid=Literal(oid), column=Literal(time.name))
    end, end_number, start, start_number = session.run(session.compose(sql))[0]
    column = Identifier(time.name)
    return (
        _bound(column, "<", end or end_number, time.type),
        _bound(column, ">=", start or start_number, time.type),
    )


def _bound(column: Composable, operator: str, value: str | None, kind: str) -> Composable:
    """Return the comparison in the column's own type, which is what lets chunks be left out."""
    if value is None:
        return SQL("false")
    return SQL("{} {} {}::{}").format(column, SQL(operator), Literal(value), SQL(kind))
