"""Find schemas, relations, columns and functions by words in their names and comments.

One statement. Privileges of tables are asked first, those of columns only for the best matches: so
thousands of tables take a fraction of a second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from psycopg2.sql import SQL, Composable, Literal

from fleetmcp.analytics.catalog.names import readable_schemas
from fleetmcp.analytics.catalog.shapes import Found, present
from fleetmcp.analytics.connection import read_only
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket

MAX_WORDS = 6
MAX_FOUND = 100
# Unreadable tables are out before this cut; only unreadable columns can still drop out after it.
RANKED = 1000
COMMENT_CHARACTERS = 200
_WORD = re.compile(r"[^\W_]+")
_WORD_CHARACTERS = 63
_FILLERS = frozenset("a an and at by for from in is of on or per the to with".split())

_SEARCH = SQL("""
WITH relations AS MATERIALIZED (
  SELECT c.oid, n.nspname, c.relname, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'f' THEN
    'foreign table' WHEN 'm' THEN 'materialized view' WHEN 'p' THEN 'partitioned table'
    ELSE 'table' END AS kind
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY ({schemas}) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT c.relispartition AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
), candidates AS (
  SELECT 1 AS rank, 'schema' AS kind, n.oid, 0 AS num, n.nspname AS schema, NULL::name AS parent,
    n.nspname AS name, pg_catalog.obj_description(n.oid, 'pg_namespace') AS comment
  FROM pg_catalog.pg_namespace n
  WHERE n.nspname = ANY ({schemas}) AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  UNION ALL
  SELECT 2, r.kind, r.oid, 0, r.nspname, NULL, r.relname, d.description
  FROM relations r LEFT JOIN pg_catalog.pg_description d ON d.objoid = r.oid AND d.objsubid = 0
    AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
  UNION ALL
  SELECT 3, 'function', p.oid, 0, n.nspname, NULL, p.proname, d.description
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  LEFT JOIN pg_catalog.pg_description d ON d.objoid = p.oid AND d.objsubid = 0
    AND d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  WHERE n.nspname = ANY ({schemas}) AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND p.prokind <> 'p' AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
    AND p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e'
                    AND e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
  UNION ALL
  SELECT 4, 'column', r.oid, a.attnum, r.nspname, r.relname, a.attname, d.description
  FROM pg_catalog.pg_attribute a JOIN relations r ON r.oid = a.attrelid
  LEFT JOIN pg_catalog.pg_description d ON d.objoid = r.oid AND d.objsubid = a.attnum
    AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
  WHERE a.attnum > 0 AND NOT a.attisdropped
), hits AS (
  SELECT *, lower(name) AS n, {hay} AS hay
  FROM candidates WHERE name ~* {any} OR comment ~* {any} OFFSET 0
), ranked AS (
  SELECT *, {matched} AS matched,
    CASE WHEN n = {whole} THEN 5 WHEN starts_with(n, {whole}) THEN 4
         WHEN {in_name} THEN 3 WHEN {near_name} THEN 2 ELSE 1 END AS tier
  FROM hits
  ORDER BY matched DESC, tier DESC, rank, length(name), schema, parent, name LIMIT {most}
)
SELECT kind, schema, concat_ws('.', parent, name), left(comment, {cut}),
  CASE tier WHEN 5 THEN 'exact name' WHEN 4 THEN 'start of name' WHEN 3 THEN 'word in name'
    WHEN 2 THEN 'part of name' ELSE 'word in comment' END,
  matched
FROM ranked WHERE CASE WHEN num > 0
  THEN pg_catalog.has_column_privilege(oid, num::int2, 'SELECT') ELSE true END
LIMIT {limit}
""")


def search_catalog(
    text: str,
    ticket: Ticket,
    limits: Limits,
    *,
    limit: int = 20,
    schemas: Sequence[str] | None = None,
) -> list[Found]:
    """Return what is readable and matches the words, best first; ``schemas`` narrows it.

    All words must match, in name, comment or table; if nothing matches all, any do. Raises
    QueryRefused when there is no word in the text.
    """
    words = _words(text)
    if not words:
        raise QueryRefused(
            "There is no word to search for.",
            code=Code.EMPTY,
            hint="Give a word or two, such as fuel or cost centre.",
        )
    with read_only(ticket, limits, ()) as session:
        most = min(max(limit, 1), MAX_FOUND)
        places = readable_schemas() if schemas is None else list(schemas)
        rows = session.run(session.compose(_statement(words, most, places)))
    all_match = bool(rows) and int(rows[0][-1]) == len(words)
    wanted = [row for row in rows if not all_match or int(row[-1]) == len(words)]
    return [_found(*row[:-1]) for row in wanted]


def _words(text: str) -> list[str]:
    found = [word[:_WORD_CHARACTERS] for word in _WORD.findall(text.lower())]
    telling = [word for word in found if word not in _FILLERS] or found
    return [*dict.fromkeys(telling)][:MAX_WORDS]


def _statement(words: list[str], limit: int, schemas: list[str]) -> Composable:
    stems = [_stem(word) for word in words]
    # Of a single word every hit matches all, so there is nothing to look through.
    several = len(stems) > 1
    return _SEARCH.format(
        schemas=SQL("{}::text[]").format(Literal(schemas)),
        any=Literal("|".join(map(_pattern, stems))),
        hay=SQL("lower(concat_ws(' ', name, comment, parent, schema))") if several else SQL("''"),
        whole=Literal("_".join(words)),
        matched=SQL(" + ").join(map(_in_hay, stems)) if several else SQL("1"),
        in_name=SQL(" AND ").join(map(_begins_word, stems)),
        near_name=SQL(" OR ").join(map(_in_name, stems)),
        cut=Literal(COMMENT_CHARACTERS),
        most=Literal(RANKED),
        limit=Literal(limit),
    )


def _stem(word: str) -> str:
    """Return the word without a plural's s: matching is by the beginning of words anyway."""
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _pattern(stem: str) -> str:
    """Return the pattern that the stem matches by: a letter or two only at a word's beginning."""
    return stem if len(stem) > 2 else f"(^|[^[:alnum:]]){stem}"


def _in_hay(stem: str) -> Composable:
    if len(stem) > 2:
        return SQL("(strpos(hay, {}) > 0)::int").format(Literal(stem))
    return SQL("(hay ~ {})::int").format(Literal(_pattern(stem)))


def _begins_word(stem: str) -> Composable:
    return SQL("(starts_with(n, {}) OR strpos(n, {}) > 0)").format(
        Literal(stem), Literal(f"_{stem}")
    )


def _in_name(stem: str) -> Composable:
    return SQL("strpos(n, {}) > 0").format(Literal(stem)) if len(stem) > 2 else _begins_word(stem)


def _found(kind: str, schema: str, name: str, comment: Any, matched: str) -> Found:
    fields = {"kind": kind, "schema": schema, "name": name}
    return cast(Found, {**fields, **present({"comment": comment}), "matched": matched})
