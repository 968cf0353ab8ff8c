"""Schemas and relations, with chunks and partitions folded into the table that they belong to."""

from __future__ import annotations

from typing import Any, cast

from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.catalog.extensions import Timescale, timescale
from fleetmcp.analytics.catalog.names import readable_schemas, require_readable
from fleetmcp.analytics.catalog.shapes import Schema, Table, present
from fleetmcp.analytics.connection import Session, read_only
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket

_SCHEMAS = SQL("""
WITH hyper AS MATERIALIZED ({hypertables})
SELECT n.nspname, pg_catalog.obj_description(n.oid, 'pg_namespace'),
  (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
     AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
     AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN hyper h ON h.oid = i.inhparent
                     WHERE i.inhrelid = c.oid)),
  (SELECT count(*) FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid AND p.prokind <> 'p'
     AND p.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype,
                              'pg_catalog.event_trigger'::pg_catalog.regtype)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'
                     AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass))
FROM pg_catalog.pg_namespace n
WHERE n.nspname = ANY ({schemas}) AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
ORDER BY 1
""")

# Asking the size of a table takes a lock on it, and would wait for whoever refreshes or alters it:
# of such a table (busy) the size is left out. Partitions are walked by hand for the same reason.
_TABLES = SQL("""
WITH RECURSIVE hyper AS MATERIALIZED ({hypertables}), aggregates AS MATERIALIZED ({aggregates}),
locked AS MATERIALIZED (
  SELECT l.relation AS oid FROM pg_catalog.pg_locks l
  WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
    AND l.database = (SELECT oid FROM pg_catalog.pg_database
                      WHERE datname = pg_catalog.current_database())),
busy AS MATERIALIZED (
  SELECT oid FROM locked UNION
  SELECT i.inhparent FROM locked l JOIN pg_catalog.pg_inherits i ON i.inhrelid = l.oid),
mine AS MATERIALIZED (
  SELECT c.oid, c.relname, c.relkind, c.reltuples, c.oid IN (SELECT oid FROM hyper) AS hyper,
    c.oid IN (SELECT oid FROM busy) AS busy
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = {schema} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND ({table}::text IS NULL OR c.relname = {table}::text)
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN hyper h ON h.oid = i.inhparent
                    WHERE i.inhrelid = c.oid)),
family (root, oid) AS (
  SELECT oid, oid FROM mine WHERE relkind = 'p' UNION ALL
  SELECT f.root, i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid),
sums AS (
  SELECT f.root AS oid, sum(p.reltuples) FILTER (WHERE p.reltuples >= 0) AS reltuples,
    sum(CASE WHEN p.oid NOT IN (SELECT oid FROM locked) AND p.relkind <> 'f'
             THEN pg_catalog.pg_total_relation_size(p.oid) END) AS bytes
  FROM family f JOIN pg_catalog.pg_class p ON p.oid = f.oid WHERE p.relkind <> 'p' GROUP BY 1)
SELECT m.oid, m.relname,
  CASE WHEN m.hyper THEN 'hypertable'
       WHEN m.oid IN (SELECT oid FROM aggregates) THEN 'continuous aggregate'
       ELSE CASE m.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table'
         WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END END,
  pg_catalog.obj_description(m.oid, 'pg_class'),
  CASE WHEN m.relkind = 'v' THEN NULL WHEN m.hyper THEN {rows}
       WHEN m.relkind = 'p' THEN s.reltuples::bigint
       WHEN m.reltuples >= 0 THEN m.reltuples::bigint END,
  pg_catalog.pg_size_pretty(
    CASE WHEN m.relkind IN ('v', 'f') OR m.busy THEN NULL WHEN m.hyper THEN {size}
         WHEN m.relkind = 'p' THEN s.bytes::bigint
         ELSE pg_catalog.pg_total_relation_size(m.oid) END)
FROM mine m LEFT JOIN sums s ON s.oid = m.oid ORDER BY 2
""")


def list_schemas(ticket: Ticket, limits: Limits) -> list[Schema]:
    """Return the schemas that are both configured and usable by the role."""
    with read_only(ticket, limits, ()) as session:
        sql = _SCHEMAS.format(
            schemas=Literal(readable_schemas()), hypertables=timescale(session).hypertables
        )
        rows = session.run(session.compose(sql))
    return [_schema(*row) for row in rows]


def list_tables(schema: str, ticket: Ticket, limits: Limits) -> list[Table]:
    """Return the relations of a schema that the role may read, with rows and size."""
    require_readable(schema)
    with read_only(ticket, limits, ()) as session:
        rows = relations(session, timescale(session), schema)
    return [table for _, table in rows]


def relations(
    session: Session, scale: Timescale, schema: str, table: str | None = None
) -> list[tuple[int, Table]]:
    """Return the object id and the facts of each readable relation, or of the one named."""
    sql = _TABLES.format(
        schema=Literal(schema),
        table=Literal(table),
        hypertables=scale.hypertables,
        aggregates=scale.aggregates,
        rows=scale.call("approximate_row_count", "m.oid"),
        size=scale.call("hypertable_size", "m.oid"),
    )
    return [(int(row[0]), _table(*row[1:])) for row in session.run(session.compose(sql))]


def _schema(name: str, comment: str | None, tables: str, functions: str) -> Schema:
    counts = {"tables": int(tables), "functions": int(functions)}
    return cast(Schema, present({"name": name, "comment": comment, **counts}))


def _table(name: str, kind: str, comment: Any, rows: str | None, size: Any) -> Table:
    estimated = None if rows is None else int(rows)
    fields = {"name": name, "kind": kind, "comment": comment}
    return cast(Table, present({**fields, "estimated_rows": estimated, "size": size}))
