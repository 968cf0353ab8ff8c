"""Which tables a plan reads, by the catalog: chunks and partitions stand for their table.

A plan tells names without schemas, also of what a view's owner reads and the role does not. What
the role can't read has no name here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from psycopg2.sql import SQL, Literal

from fleetmcp.analytics.catalog.extensions import timescale
from fleetmcp.analytics.catalog.names import readable_schemas
from fleetmcp.analytics.connection import Session

_ROOTS = SQL("""
WITH RECURSIVE up (name, oid, depth) AS (
  SELECT c.relname, c.oid, 0 FROM pg_catalog.pg_class c
  WHERE c.relname = ANY ({names}) AND c.relkind IN ('r', 'p', 'm', 'f')
  UNION ALL
  SELECT u.name, i.inhparent, u.depth + 1 FROM up u
  JOIN pg_catalog.pg_inherits i ON i.inhrelid = u.oid)
SELECT DISTINCT u.name, u.oid, u.depth > 0, n.nspname, c.relname,
  n.nspname = ANY ({schemas}) AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
FROM up u JOIN pg_catalog.pg_class c ON c.oid = u.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = u.oid)
""")

_FACTS = SQL("""
WITH RECURSIVE hyper AS ({hypertables}), family (root, oid) AS (
  SELECT oid, oid FROM pg_catalog.pg_class WHERE oid = ANY ({oids}::pg_catalog.oid[]) UNION ALL
  SELECT f.root, i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid)
SELECT c.oid,
  CASE WHEN c.oid IN (SELECT oid FROM hyper) THEN {rows} ELSE
    (SELECT sum(p.reltuples) FILTER (WHERE p.reltuples > 0) FROM family f
     JOIN pg_catalog.pg_class p ON p.oid = f.oid WHERE f.root = c.oid AND p.relkind <> 'p') END,
  (SELECT count(*) FROM family f JOIN pg_catalog.pg_class p ON p.oid = f.oid
   WHERE f.root = c.oid AND f.oid <> c.oid AND p.relkind <> 'p'),
  CASE WHEN c.oid IN (SELECT oid FROM hyper) THEN {dimension} ELSE
    (SELECT a.attname FROM pg_catalog.pg_partitioned_table t JOIN pg_catalog.pg_attribute a
       ON a.attrelid = c.oid AND a.attnum = t.partattrs[0] WHERE t.partrelid = c.oid) END,
  (SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.atttypid IN (
     'pg_catalog.timestamptz'::pg_catalog.regtype, 'pg_catalog.timestamp'::pg_catalog.regtype,
     'pg_catalog.date'::pg_catalog.regtype)),
  (SELECT pg_catalog.json_agg(
     (SELECT pg_catalog.json_agg(a.attname ORDER BY u.place)
      FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY u (num, place)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num))
   FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indislive AND i.indpred IS NULL),
  c.oid IN (SELECT oid FROM hyper)
FROM pg_catalog.pg_class c WHERE c.oid = ANY ({oids}::pg_catalog.oid[])
""")
_DIMENSION = SQL("""
    (SELECT d.column_name FROM timescaledb_information.dimensions d
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = d.hypertable_schema
     WHERE d.hypertable_name = c.relname AND d.dimension_number = 1)""")
_CHUNK_NAME = re.compile(r'"?\b(?:_hyper_\d+_\d+_chunk|compress_hyper_\w+|_materialized_\w+)\b"?')
_QUALIFIER = re.compile(r'"?([\w$]+)"?(?=\.)')


@dataclass(frozen=True)
class Relation:
    """A readable table of a plan; ``time_index`` are an index's columns up to a time column.

    ``dimension`` is the column by which it is cut into ``parts`` (called ``part_word``).
    """

    name: str
    rows: int = 0
    parts: int = 0
    part_word: str = "partitions"
    dimension: str = ""
    time_index: tuple[str, ...] = ()


class Relations:
    """From the names in a plan to the tables that they mean."""

    def __init__(self, known: dict[str, Relation], folded: set[str]) -> None:
        self._known = known
        self._folded = folded
        self._aliases: dict[str, str] = {}
        self._hidden: set[str] = set()

    def get(self, name: str) -> Relation | None:
        """Return the readable table that the name means, or None."""
        return self._known.get(name)

    def is_part(self, name: str) -> bool:
        """Say whether the name is that of a chunk or a partition."""
        return name in self._folded

    def learn(self, alias: str, name: str) -> None:
        """Remember what to write for an alias: for a chunk's, that of its table."""
        table = self._known.get(name)
        if name and table is None:
            self._hidden.add(alias)
        elif table and name in self._folded:
            bare = table.name.rsplit(".", 1)[-1]
            self._aliases[alias] = bare if alias == name else re.sub(r"_\d+$", "", alias)

    def told(self, text: str) -> str:
        """Return a condition without the names of chunks; nothing of one on a hidden table."""
        if self._hidden.intersection(_QUALIFIER.findall(text)):
            return ""
        renamed = _QUALIFIER.sub(lambda m: self._aliases.get(m[1], m[0]), text)
        return _CHUNK_NAME.sub("chunk", renamed)


def read_relations(session: Session, names: set[str]) -> Relations:
    """Return the tables that stand behind these names of a plan."""
    named = {"names": Literal(sorted(names)), "schemas": Literal(readable_schemas())}
    rows = session.run(session.compose(_ROOTS.format(**named))) if names else []
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    sure = [roots[0] for roots in found.values() if len(roots) == 1 and roots[0][5] == "t"]
    facts = _facts(session, {int(row[1]): f"{row[3]}.{row[4]}" for row in sure})
    known = {row[0]: facts[int(row[1])] for row in sure}
    # Two tables have this name, so it is told without a schema and without advice.
    known |= {
        name: Relation(name)
        for name, roots in found.items()
        if len(roots) > 1 and any(row[5] == "t" for row in roots)
    }
    return Relations(known, {row[0] for row in sure if row[2] == "t"})


def _facts(session: Session, names: dict[int, str]) -> dict[int, Relation]:
    if not names:
        return {}
    scale = timescale(session)
    sql = _FACTS.format(
        oids=Literal(sorted(names)),
        hypertables=scale.hypertables,
        rows=scale.call("approximate_row_count", "c.oid"),
        dimension=_DIMENSION if scale.schema else SQL("NULL"),
    )
    rows = session.run(session.compose(sql))
    return {int(row[0]): _relation(names[int(row[0])], row[1:]) for row in rows}


def _relation(name: str, facts: tuple[Any, ...]) -> Relation:
    rows, parts, dimension, times, indexes, hyper = facts
    return Relation(
        name,
        int(float(rows or 0)),
        int(parts),
        "chunks" if hyper == "t" else "partitions",
        dimension or "",
        _time_index(json.loads(times or "[]"), json.loads(indexes or "[]")),
    )


def _time_index(times: list[str], indexes: list[list[str | None]]) -> tuple[str, ...]:
    """Return the shortest beginning of an index that ends with a time column."""
    found = []
    for columns in indexes:
        place = next((i for i, column in enumerate(columns) if column in times), None)
        prefix = columns[: place + 1] if place is not None else []
        if prefix and all(prefix):
            found.append(tuple(str(column) for column in prefix))
    return min(found, key=len, default=())
