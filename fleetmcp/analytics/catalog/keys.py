"""Keys and indexes from pg_constraint and pg_index: information_schema hides them from readers."""

from __future__ import annotations

from psycopg2.sql import SQL, Composable, Literal

from fleetmcp.analytics.catalog.names import readable_schemas
from fleetmcp.analytics.connection import Session

MAX_INDEXES = 20
MAX_REFERENCES = 20

_PRIMARY = SQL("""
SELECT a.attname FROM pg_catalog.pg_constraint k
CROSS JOIN LATERAL pg_catalog.unnest(k.conkey) WITH ORDINALITY u (num, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num
WHERE k.conrelid = {oid} AND k.contype = 'p' ORDER BY u.place
""")

# Both ends of a key must be readable: another schema's tables are not to be named. The copies that
# partitions and chunks have of their table's keys are left out.
_FOREIGN = SQL("""
SELECT
  (SELECT pg_catalog.string_agg(a.attname, ', ' ORDER BY u.place)
   FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u (num, place)
   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
  (SELECT pg_catalog.string_agg(a.attname, ', ' ORDER BY u.place)
   FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u (num, place)
   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num),
  n.nspname || '.' || c.relname
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = {other}
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE {this} = {oid} AND k.contype = 'f' AND k.conparentid = 0
  AND n.nspname = ANY ({schemas}) AND NOT c.relispartition
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
ORDER BY 3, 1
""")

_INDEXES = SQL("""
SELECT CASE WHEN i.indisunique THEN 'unique ' ELSE '' END
  || pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), '^.*? USING ', '')
FROM pg_catalog.pg_index i
WHERE i.indrelid = {oid} AND NOT i.indisprimary AND i.indislive
ORDER BY 1
""")

_REFERENCES, _REFERENCED = SQL("k.confrelid"), SQL("k.conrelid")


def keys_of(session: Session, oid: int) -> dict[str, list[str]]:
    """Return primary_key, foreign_keys and referenced_by, each as short phrases."""
    primary = session.run(session.compose(_PRIMARY.format(oid=Literal(oid))))
    there = _foreign(session, oid, this=_REFERENCED, other=_REFERENCES)
    here = _foreign(session, oid, this=_REFERENCES, other=_REFERENCED)
    return {
        "primary_key": [name for (name,) in primary],
        "foreign_keys": [f"{own} -> {table} ({their})" for own, their, table in there],
        "referenced_by": _first([f"{table} ({own})" for own, _, table in here], MAX_REFERENCES),
    }


def indexes_of(session: Session, oid: int) -> list[str]:
    """Return the indexes besides the primary key's, such as unique btree (plate). Takes a lock."""
    rows = session.run(session.compose(_INDEXES.format(oid=Literal(oid))))
    return _first([text for (text,) in rows], MAX_INDEXES)


def _foreign(
    session: Session, oid: int, *, this: Composable, other: Composable
) -> list[tuple[str, str, str]]:
    schemas = Literal(readable_schemas())
    sql = _FOREIGN.format(oid=Literal(oid), this=this, other=other, schemas=schemas)
    return [(own, their, table) for own, their, table in session.run(session.compose(sql))]


def _first(lines: list[str], most: int) -> list[str]:
    more = len(lines) - most
    return lines if more <= 0 else [*lines[:most], f"… and {more} more"]
