"""What each tool does: one question or one errand, and its result in the shape of the reply."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings

from audit.touched import Touch
from fleetmcp.analytics import catalog, formats
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.explain import Plan
from fleetmcp.analytics.formats import Format
from fleetmcp.analytics.results import Result
from fleetmcp.analytics.touched import tables_only
from fleetmcp.mcp.call import current
from fleetmcp.mcp.questions import asked, errand, plan, readable_schemas, select

if TYPE_CHECKING:
    from mcp.server.fastmcp import Context

    from fleetmcp.mcp.tools import Functions, Rows, Schemas, Search, Tables


async def query(
    sql: str,
    max_rows: int,
    shape: Format = Format.ROWS,
    ctx: Context[Any, Any, Any] | None = None,
) -> Rows:
    """Judge the SQL, run it, and return its rows in the shape that was asked for."""
    started = time.perf_counter()
    call = current.get()
    _require_export(shape)
    limits = call.limits(max_rows)
    result = await asked(sql, limits, partial(select, shape), ctx)
    if limits.rows != max_rows:
        note = f"max_rows was set to {limits.rows}: it must be from 1 to {call.rows_left}."
        result.notes.append(note)
    return _rows(result, shape, started)


async def explain_query(sql: str) -> Plan:
    """Return what the SQL would cost, without running it."""
    return await asked(sql, current.get().limits(1000), plan, reads=tables_only)


async def sample_table(schema: str, table: str, n: int) -> Rows:
    """Return some rows of the relation, through the same guard as any other question."""
    _require_schema(schema)
    return await query(await errand(partial(catalog.sample_sql, schema, table)), n)


async def list_schemas() -> Schemas:
    """Return the schemas that the caller may read."""
    found = await errand(catalog.list_schemas)
    return {"schemas": [schema for schema in found if schema["name"] in readable_schemas()]}


async def list_tables(schema: str) -> Tables:
    """Return the relations of a schema."""
    _require_schema(schema)
    return {"tables": await errand(partial(catalog.list_tables, schema))}


async def describe_table(schema: str, table: str) -> catalog.Description:
    """Return a relation with its columns."""
    _require_schema(schema)
    found = await errand(partial(catalog.describe_table, schema, table))
    # Common values and the newest rows' times are values of the table.
    readable = [column["name"] for column in found["columns"] if column.get("readable", True)]
    columns = [Touch("column", schema, table, name) for name in readable]
    current.get().answered.touched = (Touch("table", schema, table), *columns)
    return _without_hidden(found)


async def list_functions(schema: str) -> Functions:
    """Return the functions of a schema."""
    _require_schema(schema)
    return {"functions": await errand(partial(catalog.list_functions, schema))}


async def search_catalog(text: str, limit: int) -> Search:
    """Return what the words are found in, in the schemas that the caller may read."""
    look_up = partial(catalog.search_catalog, text, limit=limit, schemas=readable_schemas())
    return {"found": await errand(look_up)}


def _without_hidden(found: catalog.Description) -> catalog.Description:
    """Leave out what names a schema that the server reads, and the caller may not."""
    hidden = [f"{name}." for name in settings.ANALYTICS_SCHEMAS if name not in readable_schemas()]

    def shown(text: str) -> bool:
        return not any(name in text for name in hidden)

    if not shown(found.get("definition", "")):
        del found["definition"]
    for key in ("foreign_keys", "referenced_by"):
        if key in found:
            found[key] = list(filter(shown, found[key]))
    return found


def _require_schema(schema: str) -> None:
    if schema in readable_schemas():
        return
    raise QueryRefused(
        "That schema is not readable for you.",
        code=Code.SCHEMA,
        hint=f"Readable schemas: {', '.join(readable_schemas()) or 'none'}.",
    )


def _require_export(shape: Format) -> None:
    if shape is not Format.CSV or current.get().visitor.caller.policy.may_export:
        return
    raise QueryRefused(
        "Your access doesn't include CSV.",
        code=Code.NO_EXPORT,
        hint="Use format rows, or ask your team lead.",
    )


def _rows(result: Result, shape: Format, started: float) -> Rows:
    call = current.get()
    call.answered.rows = result.row_count
    call.answered.truncated = bool(result.truncated_by)
    rows: Rows = {
        "columns": [{"name": column.name, "type": column.type} for column in result.columns],
        "row_count": result.row_count,
        "truncated": bool(result.truncated_by),
        "truncated_by": result.truncated_by,
        "notes": result.notes,
        "duration_ms": round((time.perf_counter() - started) * 1000),
        "query_id": str(call.query_id),
    }
    match shape:
        case Format.ROWS:
            rows["rows"] = result.rows
        case Format.RECORDS:
            rows["rows"] = formats.records(result)
        case Format.CSV:
            rows["text"] = result.csv
        case Format.MARKDOWN:
            rows["text"] = formats.markdown(result)
    return rows
