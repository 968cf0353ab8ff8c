"""The columns of a relation, with the values that turn up most in those that have few."""

from __future__ import annotations

import json
from typing import Any, cast

from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.catalog.shapes import TableColumn, present
from fleetmcp.analytics.connection import Session

MAX_COLUMNS = 300
MAX_COLUMNS_WITH_VALUES = 80
COMMON_VALUES = 8
LOW_CARDINALITY = 50
VALUE_CHARACTERS = 40

# Types of extensions are on every analyst's search path, so they stand without their schema.
_COLUMNS = SQL("""
SELECT a.attname, CASE WHEN e.objid IS NULL THEN pg_catalog.format_type(a.atttypid, a.atttypmod)
    ELSE pg_catalog.replace(pg_catalog.format_type(a.atttypid, a.atttypmod),
                            pg_catalog.quote_ident(n.nspname) || '.', '') END,
  NOT a.attnotnull,
  CASE WHEN a.attidentity <> '' THEN 'generated as identity' WHEN {busy} THEN NULL
       WHEN a.attgenerated <> '' THEN
         'generated always as (' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) || ')'
       ELSE pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
  pg_catalog.col_description(a.attrelid, a.attnum),
  pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_depend e ON e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
  AND e.deptype = 'e' AND e.objid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
""")

# pg_stats keeps back what row security or a missing column privilege hides; the privilege is asked
# again because a denied column's values must not depend on how a view is written.
_COMMON = SQL("""
SELECT DISTINCT ON (s.attname) s.attname, pg_catalog.array_to_json(
  (s.most_common_vals::text::text[])[1:{few}])
FROM pg_catalog.pg_stats s
JOIN pg_catalog.pg_class c ON c.oid = {oid} AND c.relname = s.tablename
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.schemaname
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typcategory <> 'D'
WHERE s.most_common_vals IS NOT NULL
  AND CASE WHEN s.n_distinct > 0 THEN s.n_distinct ELSE -s.n_distinct * {rows} END <= {low}
  AND pg_catalog.has_column_privilege(c.oid, s.attname, 'SELECT')
ORDER BY s.attname, s.inherited DESC
""")
_MAY_ASK = "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_stats', 'SELECT')"


def columns_of(
    session: Session, oid: int, *, rows_there: int | None, busy: bool
) -> tuple[list[TableColumn], list[str]]:
    """Return the columns (of a very wide relation the first ones) and what was left out.

    ``rows_there`` is about how many rows the relation has: distinct values may be a share of them.
    Of a ``busy`` relation defaults are left out: printing them waits for its lock.
    """
    sql = _COLUMNS.format(oid=Literal(oid), busy=Literal(busy))
    rows = session.run(session.compose(sql))
    narrow = len(rows) <= MAX_COLUMNS_WITH_VALUES
    common = _common_values(session, oid, rows_there) if narrow else {}
    notes = []
    if len(rows) > MAX_COLUMNS:
        notes.append(
            f"Only the first {MAX_COLUMNS} of {len(rows)} columns are here: "
            "search_catalog finds the others by name."
        )
    return [_column(row, common) for row in rows[:MAX_COLUMNS]], notes


def _column(row: tuple[Any, ...], common: dict[str, list[str]]) -> TableColumn:
    name, kind, nullable, default, comment, readable = row
    rest = {"default": default, "comment": comment, "common_values": common.get(name)}
    column = {"name": name, "type": kind, "nullable": nullable == "t", **present(rest)}
    return cast(TableColumn, column if readable == "t" else {**column, "readable": False})


def _common_values(session: Session, oid: int, rows_there: int | None) -> dict[str, list[str]]:
    if session.run(_MAY_ASK) != [("t",)]:
        return {}
    numbers = {
        "oid": oid,
        "few": COMMON_VALUES,
        "low": LOW_CARDINALITY,
        "rows": rows_there or LOW_CARDINALITY * 1000,
    }
    sql = _COMMON.format(**{name: Literal(number) for name, number in numbers.items()})
    rows = session.run(session.compose(sql))
    return {name: [_shortened(value) for value in json.loads(values)] for name, values in rows}


def _shortened(value: str) -> str:
    return value if len(value) <= VALUE_CHARACTERS else value[:VALUE_CHARACTERS] + "…"
