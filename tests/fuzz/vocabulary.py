"""All words of one PostgreSQL: keywords, functions, operators, types, casts, tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import psycopg2

from fleetmcp.analytics.guard.policy import Policy

_FUNCTIONS = """
SELECT n.nspname, p.proname, p.prokind::text, format_type(p.prorettype, NULL),
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY a(t, i)
             ORDER BY i), p.pronargdefaults, p.proretset
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind <> 'p' AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])
  AND p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype)
ORDER BY 1, 2, p.oid
"""
_OPERATORS = """
SELECT n.nspname, oprname, CASE oprleft WHEN 0 THEN '' ELSE format_type(oprleft, NULL) END,
       format_type(oprright, NULL), format_type(oprresult, NULL)
FROM pg_operator JOIN pg_namespace n ON n.oid = oprnamespace WHERE oprresult <> 0 ORDER BY 1, 2, 3
"""
_CASTS = """
SELECT format_type(castsource, NULL), format_type(casttarget, NULL) FROM pg_cast ORDER BY 1, 2
"""
_TYPES = """
SELECT format_type(oid, NULL) FROM pg_type
WHERE typtype IN ('b', 'd', 'e', 'r',
'm') AND typname NOT LIKE E'\\\\_%' AND typisdefined ORDER BY 1
"""
_TABLES = """
SELECT n.nspname, c.relname, array_agg(ARRAY[a.attname, format_type(a.atttypid, NULL)])
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE '%internal' GROUP BY 1, 2
ORDER BY 1, 2
"""
# Whatever type takes one of these as its input has a literal.
_INPUTS = (
    "", "0", "1", "-1", "2147483647", "-9223372036854775808", "NaN", "-Infinity", "1e308", "0.1",
    "t", "a", "A\\b", "é🚚", "a, b", "%_", "a.b", "'a' & 'b'", "a => 1", "2026-10-31 12:00+00",
    "infinity", "0044-03-15 BC", "1 day 2:03", "-178000000 years", "12:00", "{}", "{1,NULL,3}",
    "{{a,b},{c,d}}", "[1,3)", "empty", "{[1,3),[5,9)}", "(1,2)", "((1,2),(3,4))", "<(1,2),3>",
    "((0,0),(1,0),(1,1))", "{1,-1,0}", "[]", '{"a": {"b": [1, null, "x"]}}', "null", "$.a[*].b",
    "<a b='1'>x</a>", "10.1.0.0/16", "08:00:2b:01:02:03", "08:00:2b:01:02:03:04:05", "101",
    "\\x00ff", "16/B374D848", "6e0bd1c5-7b4b-4b27-8d3c-2f0fd3a7a001", "POINT EMPTY",
    "SRID=4326;POINT(36.8 -1.3)", "POLYGON((0 0,1 0,1 1,0 0))", "LINESTRING(0 0,1 1,NaN 2)",
    "GEOMETRYCOLLECTION(POINT(1 1),CURVEPOLYGON EMPTY)", "POLYHEDRALSURFACE EMPTY", "TIN EMPTY",
    "MULTIPOLYGON(((0 0,9 0,9 9,0 0)),EMPTY)", "POINT ZM (1 2 3 4)", "BOX(0 0,1 1)",
    "BOX3D(0 0 0,1 1 1)",
)  # fmt: skip


class Function(NamedTuple):
    """One overload."""

    schema: str
    name: str
    kind: str
    returns: str
    takes: list[str]
    defaults: int
    many: bool


class Operator(NamedTuple):
    """One operator; ``left`` is "" for a prefix."""

    schema: str
    name: str
    left: str
    right: str
    returns: str


class Table(NamedTuple):
    """One relation with (column, type) pairs."""

    schema: str
    name: str
    columns: list[list[str]]


def _lists() -> defaultdict[str, list[Any]]:
    return defaultdict(list)


@dataclass
class Vocabulary:
    """The words, by what makers of expressions look for."""

    keywords: list[str]
    functions: list[Function]
    operators: list[Operator]
    tables: list[Table]
    types: list[str] = field(default_factory=list)
    literals: dict[str, list[str]] = field(default_factory=partial(defaultdict, list))
    welcome: defaultdict[str, list[Function]] = field(default_factory=_lists)
    unwelcome: list[Function] = field(default_factory=list)
    results: defaultdict[str, list[Operator]] = field(default_factory=_lists)
    casts: defaultdict[str, list[str]] = field(default_factory=_lists)
    readable: list[Table] = field(default_factory=list)
    others: list[Table] = field(default_factory=list)


def read_vocabulary(dsn: str, policy: Policy) -> Vocabulary:
    """Ask the server for its words, sorted into what the policy lets be named and the rest."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path = {', '.join(policy.search_path)}")
            words = Vocabulary(
                [row[0] for row in _asked(cursor, "SELECT word FROM pg_get_keywords()")],
                [Function(*row) for row in _asked(cursor, _FUNCTIONS)],
                [Operator(*row) for row in _asked(cursor, _OPERATORS)],
                [Table(*row) for row in _asked(cursor, _TABLES)],
            )
            for source, target in _asked(cursor, _CASTS):
                words.casts[target].append(source)
            _read_literals(cursor, words)
    finally:
        connection.close()
    _sort(words, policy)
    return words


def _asked(cursor: Any, question: str) -> Iterable[tuple[Any, ...]]:
    cursor.execute(question)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _read_literals(cursor: Any, words: Vocabulary) -> None:
    words.types = [str(row[0]) for row in _asked(cursor, _TYPES)]
    for name in words.types:
        for text in _INPUTS:
            try:
                cursor.execute(f"SELECT %s::{name}", (text,))
            except psycopg2.Error:
                continue
            words.literals[name].append(text)


def _sort(words: Vocabulary, policy: Policy) -> None:
    path = ("pg_catalog", *policy.search_path)
    for function in words.functions:
        if policy.functions.get((function.schema, function.name)) and function.schema in path:
            words.welcome[function.returns].append(function)
        else:
            words.unwelcome.append(function)
    for operator in words.operators:
        words.results[operator.returns].append(operator)
    for table in words.tables:
        known = (table.schema, table.name) in policy.relations
        (words.readable if known else words.others).append(table)
