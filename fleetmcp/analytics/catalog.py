"""What there is to read, from pg_catalog: materialized views, partitions and foreign tables too.

Every function blocks and runs on one of the engine's threads; all raise AnalyticsError.
"""

from __future__ import annotations

from difflib import get_close_matches

from django.conf import settings
from psycopg2.sql import SQL, Literal
from typing_extensions import TypedDict

from fleetmcp.analytics.connection import Session, Ticket, read_only
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.limits import Limits


class Schema(TypedDict):
    """A readable schema; ``tables`` counts tables and views of all kinds."""

    name: str
    comment: str | None
    tables: int
    functions: int


class Table(TypedDict):
    """A relation; ``estimated_rows`` is the planner's guess, None where it has none."""

    name: str
    kind: str
    comment: str | None
    estimated_rows: int | None


class TableColumn(TypedDict):
    """A column: its exact type, and its default as SQL."""

    name: str
    type: str
    nullable: bool
    default: str | None
    comment: str | None


class Description(Table):
    """A relation with its columns."""

    columns: list[TableColumn]


class Function(TypedDict):
    """A function of a readable schema; ``callable`` says whether the guard lets it run."""

    name: str
    arguments: str
    returns: str
    volatility: str
    callable: bool
    comment: str | None


_SCHEMAS = SQL("""
SELECT n.nspname, pg_catalog.obj_description(n.oid, 'pg_namespace'),
  (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid
     AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')),
  (SELECT count(*) FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid AND p.prokind <> 'p')
FROM pg_catalog.pg_namespace n
WHERE n.nspname = ANY ({schemas}) AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
ORDER BY 1
""")

_KIND = SQL("""CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table'
  WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END""")

_TABLES = SQL("""
SELECT c.relname, {kind}, pg_catalog.obj_description(c.oid, 'pg_class'),
  CASE WHEN c.reltuples >= 0 AND c.relkind <> 'v' THEN c.reltuples::bigint END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
ORDER BY 1
""")

_COLUMNS = SQL("""
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid), pg_catalog.col_description(a.attrelid, a.attnum)
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = {schema} AND c.relname = {table} AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
""")

_FUNCTIONS = SQL("""
SELECT p.proname, pg_catalog.pg_get_function_arguments(p.oid),
  pg_catalog.pg_get_function_result(p.oid),
  CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
  p.provolatile <> 'v' AND NOT p.prosecdef
    AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE'),
  pg_catalog.obj_description(p.oid, 'pg_proc')
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = {schema} AND p.prokind <> 'p'
ORDER BY 1, 2
""")


def list_schemas(ticket: Ticket, limits: Limits) -> list[Schema]:
    """Return the schemas that are both configured and usable by the role."""
    with read_only(ticket, limits, ()) as session:
        rows = session.run(session.compose(_SCHEMAS.format(schemas=Literal(_readable()))))
    return [
        {"name": name, "comment": comment, "tables": int(tables), "functions": int(functions)}
        for name, comment, tables, functions in rows
    ]


def list_tables(schema: str, ticket: Ticket, limits: Limits) -> list[Table]:
    """Return the relations of a schema that the role may read, partitions folded away."""
    require_readable(schema)
    with read_only(ticket, limits, ()) as session:
        return _tables(session, schema)


def describe_table(schema: str, table: str, ticket: Ticket, limits: Limits) -> Description:
    """Return the relation and its columns. Raises QueryRefused when there is none by that name."""
    _require_name(schema, table)
    with read_only(ticket, limits, ()) as session:
        tables = {found["name"]: found for found in _tables(session, schema)}
        if table not in tables:
            raise _no_such_table(schema, table, list(tables))
        sql = _COLUMNS.format(schema=Literal(schema), table=Literal(table))
        rows = session.run(session.compose(sql))
    columns: list[TableColumn] = [
        {
            "name": name,
            "type": kind,
            "nullable": nullable == "t",
            "default": default,
            "comment": comment,
        }
        for name, kind, nullable, default, comment in rows
    ]
    return {**tables[table], "columns": columns}


def list_functions(schema: str, ticket: Ticket, limits: Limits) -> list[Function]:
    """Return the functions of a schema, those that the guard refuses marked."""
    require_readable(schema)
    with read_only(ticket, limits, ()) as session:
        rows = session.run(session.compose(_FUNCTIONS.format(schema=Literal(schema))))
    return [
        {
            "name": name,
            "arguments": arguments,
            "returns": returns,
            "volatility": volatility,
            "callable": may_call == "t",
            "comment": comment,
        }
        for name, arguments, returns, volatility, may_call, comment in rows
    ]


def whole_table(schema: str, table: str) -> str:
    """Return the SELECT of everything in a relation, names quoted. Raises QueryRefused."""
    _require_name(schema, table)
    return f"SELECT * FROM {_quoted(schema)}.{_quoted(table)}"  # noqa: S608  # names quoted


def require_readable(schema: str) -> None:
    """Raise QueryRefused unless the schema is one of the configured ones."""
    if schema not in settings.ANALYTICS_SCHEMAS:
        raise QueryRefused(
            "That schema is not readable here.",
            code=Code.SCHEMA,
            hint=f"Readable schemas: {', '.join(settings.ANALYTICS_SCHEMAS)}.",
        )


def _require_name(schema: str, table: str) -> None:
    """Raise QueryRefused for a name that no table can have."""
    require_readable(schema)
    if not table or "\x00" in table:
        raise _no_such_table(schema, table.replace("\x00", "\\0"), [])


def _readable() -> list[str]:
    return list(settings.ANALYTICS_SCHEMAS)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _tables(session: Session, schema: str) -> list[Table]:
    sql = _TABLES.format(kind=_KIND, schema=Literal(schema))
    return [
        {
            "name": name,
            "kind": kind,
            "comment": comment,
            "estimated_rows": None if rows is None else int(rows),
        }
        for name, kind, comment, rows in session.run(session.compose(sql))
    ]


def _no_such_table(schema: str, table: str, names: list[str]) -> QueryRefused:
    close = get_close_matches(table, names, 3)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    return QueryRefused(
        f"There is no readable table or view {table} in schema {schema}.",
        code=Code.UNKNOWN_RELATION,
        hint=f"{hint}list_tables shows what is there.",
    )
