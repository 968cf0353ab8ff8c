"""The catalog's facts, read in a few queries; names of PostgreSQL's own functions stay out."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from psycopg2.sql import SQL, Composable, Literal

from fleetmcp.analytics.connection import Session
from fleetmcp.analytics.guard.policy import Policy, catalog_relations
from fleetmcp.analytics.touched.bodies import Body, reads_of
from fleetmcp.analytics.touched.facts import Facts, Key, Relation, Touch

Rows = dict[str, list[tuple[Any, ...]]]

_COLUMNS = SQL("""
SELECT n.nspname, c.relname, pg_catalog.string_agg(a.attname, E'\\x01' ORDER BY a.attnum)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a
  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (n.nspname = ANY ({schemas})
  OR n.nspname = 'information_schema' AND c.relname = ANY ({views}))
GROUP BY n.nspname, c.relname
""")

# What stands in the rule of a view, and in a function's body that was parsed when it was made. A
# reference to a whole row leaves no trace there but ":varattno 0": then every column counts.
_READS = SQL("""
WITH ours AS (SELECT oid, nspname FROM pg_catalog.pg_namespace
  WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'),
readers (kind, nspname, name, classid, objid, own, whole) AS (
  SELECT 'table', o.nspname, c.relname, 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid, r.oid,
    c.oid, r.ev_action::text LIKE '%:varattno 0 %'
  FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
  JOIN ours o ON o.oid = c.relnamespace
  UNION ALL
  SELECT 'function', o.nspname, p.proname, 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid,
    0, p.prosqlbody::text LIKE '%:varattno 0 %'
  FROM pg_catalog.pg_proc p JOIN ours o ON o.oid = p.pronamespace
  WHERE p.prosqlbody IS NOT NULL OR p.prokind = 'a')
SELECT DISTINCT r.kind, r.nspname, r.name, 'table', o.nspname, c.relname, coalesce(a.attname, '')
FROM readers r JOIN pg_catalog.pg_depend d ON d.classid = r.classid AND d.objid = r.objid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.own
JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN ours o ON o.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum <> 0 AND NOT a.attisdropped
  AND (a.attnum = d.refobjsubid OR r.whole AND a.attnum > 0)
UNION SELECT r.kind, r.nspname, r.name, 'function', o.nspname, p.proname, ''
FROM readers r JOIN pg_catalog.pg_depend d ON d.classid = r.classid AND d.objid = r.objid
  AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid JOIN ours o ON o.oid = p.pronamespace
""")

_PARENTS = SQL("""
SELECT n.nspname, c.relname, pn.nspname, pc.relname FROM pg_catalog.pg_inherits i
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ({schemas})
JOIN pg_catalog.pg_class pc ON pc.oid = i.inhparent AND pc.relkind IN ('r', 'p', 'f')
JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
""")

# PostgreSQL 15 and later say it of the default, earlier ones of the column itself.
_DERIVED = SQL("""
SELECT DISTINCT n.nspname, c.relname, a.attname, b.attname FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ({schemas})
LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
JOIN pg_catalog.pg_depend d ON d.refobjid = a.attrelid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND (d.classid, d.objid, d.objsubid) IN (
    ('pg_catalog.pg_class'::pg_catalog.regclass::oid, a.attrelid, a.attnum::int),
    ('pg_catalog.pg_attrdef'::pg_catalog.regclass::oid, e.oid, 0))
JOIN pg_catalog.pg_attribute b ON b.attrelid = a.attrelid AND b.attnum = d.refobjsubid
WHERE a.attgenerated <> '' AND b.attnum > 0 AND b.attnum <> a.attnum
""")

_FUNCTIONS = SQL("""
SELECT n.nspname, p.proname, l.lanname,
  CASE WHEN l.lanname = 'plpgsql' AND p.prokind = 'f' THEN pg_catalog.pg_get_functiondef(p.oid)
       WHEN l.lanname = 'sql' AND p.prosqlbody IS NULL THEN p.prosrc END,
  (SELECT pg_catalog.json_agg(x ORDER BY i) FROM pg_catalog.unnest(CASE
     WHEN c LIKE 'search_path=%' THEN pg_catalog.string_to_array(
       pg_catalog.replace(pg_catalog.substr(c, 13), '"', ''), ', ') END) WITH ORDINALITY u (x, i)),
  coalesce(
    (SELECT pg_catalog.json_agg(u.name ORDER BY u.i)
     FROM ROWS FROM (pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proargmodes))
       WITH ORDINALITY u (name, mode, i) WHERE u.mode IN ('o', 'b', 't')),
    (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_type t
     JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
       AND NOT a.attisdropped WHERE t.oid = p.prorettype))
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN LATERAL pg_catalog.unnest(p.proconfig) c ON c LIKE 'search_path=%'
WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    AND d.objid = p.oid AND d.deptype = 'e')
  AND p.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype,
                           'pg_catalog.event_trigger'::pg_catalog.regtype)
""")


_last: tuple[Any, Facts] | None = None


def load(session: Session, policy: Policy, extension_functions: Collection[Key]) -> Facts:
    """Return what the catalog says now, for the schemas of the policy's search path.

    Unqualified calls of names that PostgreSQL itself has are not taken for an extension's. As long
    as the catalog stays the same, so does what is returned.
    """
    global _last
    rows = _asked(session, policy)
    seen = (rows, policy.search_path, extension_functions)
    if _last is None or _last[0] != seen:
        _last = (seen, _built(rows, policy, extension_functions))
    return _last[1]


def _built(rows: Rows, policy: Policy, extension_functions: Collection[Key]) -> Facts:
    relations = {
        (schema, name): Relation((schema, name), tuple(names.split("\x01")) if names else ())
        for schema, name, names in rows["columns"]
    }
    own = {(row[0], row[1]) for row in rows["functions"]}
    theirs = [key for key in extension_functions if ("pg_catalog", key[1]) not in policy.functions]
    outputs: dict[Key, tuple[str, ...]] = {}
    for schema, name, *_, columns in rows["functions"]:
        names = json.loads(columns or "[]")
        outputs[schema, name] = (*outputs.get((schema, name), ()), *names)
    known = Facts(relations, _by_name({*own, *theirs}), outputs)
    stored = _reads(rows["reads"])
    bodies = reads_of(map(_body, _with_text(rows["functions"])), known, policy.search_path)
    return Facts(
        relations,
        known.functions,
        outputs,
        views=stored["table"],
        bodies=_joined(stored["function"], bodies),
        parents=_parents(rows["parents"]),
        derived=_derived(rows["derived"]),
    )


def _asked(session: Session, policy: Policy) -> Rows:
    words: dict[str, Composable] = {
        "schemas": Literal(list(policy.search_path)),
        "views": Literal([name for _, name in sorted(catalog_relations())]),
    }
    questions = {
        "columns": _COLUMNS,
        "reads": _READS,
        "parents": _PARENTS,
        "derived": _DERIVED,
        "functions": _FUNCTIONS,
    }
    return {
        name: session.run(session.compose(sql.format(**words))) for name, sql in questions.items()
    }


def _by_name(keys: Iterable[Key]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for schema, name in keys:
        found[name] = (*found.get(name, ()), schema)
    return found


def _reads(rows: list[tuple[Any, ...]]) -> dict[str, dict[Key, set[Touch]]]:
    found: dict[str, dict[Key, set[Touch]]] = {"table": {}, "function": {}}
    for reader, schema, name, kind, of_schema, of_name, column in rows:
        reads = found[reader].setdefault((schema, name), set())
        reads.add(Touch(kind, of_schema, of_name))
        if column:
            reads.add(Touch("column", of_schema, of_name, column))
    return found


def _with_text(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [row for row in rows if row[3]]


def _body(row: tuple[Any, ...]) -> Body:
    schema, name, language, text, path, _ = row
    return Body((schema, name), language, text, tuple(json.loads(path or "[]")))


def _joined(
    one: Mapping[Key, set[Touch]], two: Mapping[Key, frozenset[Touch]]
) -> dict[Key, frozenset[Touch]]:
    return {key: frozenset(one.get(key, ())) | two.get(key, frozenset()) for key in {*one, *two}}


def _parents(rows: list[tuple[Any, ...]]) -> dict[Key, list[Key]]:
    found: dict[Key, list[Key]] = {}
    for schema, name, parent_schema, parent in rows:
        found.setdefault((schema, name), []).append((parent_schema, parent))
    return found


def _derived(rows: list[tuple[Any, ...]]) -> dict[Touch, list[Touch]]:
    found: dict[Touch, list[Touch]] = {}
    for schema, name, column, source in rows:
        touch = Touch("column", schema, name, column)
        found.setdefault(touch, []).append(Touch("column", schema, name, source))
    return found
