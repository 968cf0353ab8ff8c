"""What each tool does: takes the engine's way through guard and lanes, notes the result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from fleetmcp.analytics import catalog, formats, guard, snapshot
from fleetmcp.analytics.connection import Ticket
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.formats import Format
from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.lanes import SILENT, Beats, lanes
from fleetmcp.analytics.limits import Limits, limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.results import Result
from fleetmcp.analytics.role import require_safe_role
from fleetmcp.mcp.call import current

if TYPE_CHECKING:
    from mcp.server.fastmcp import Context

    from fleetmcp.mcp.tools import Functions, Rows, Schemas, Tables

T = TypeVar("T")

CATALOG_ROWS = 10_000
_UNKNOWN = (Code.UNKNOWN_RELATION, Code.UNKNOWN_FUNCTION)
# A name that the guard doesn't know may be new: look again, but not at every typo.
_RECENT_SECONDS = 2.0


async def query(
    sql: str,
    max_rows: int,
    shape: Format = Format.ROWS,
    ctx: Context[Any, Any, Any] | None = None,
) -> Rows:
    """Judge the SQL, run it, and return its rows in the shape that was asked for."""
    started = time.perf_counter()
    call = current.get()
    ticket = call.ticket()
    limits = limits_for(max_rows)
    policy, statement = await _judged(sql, ticket)
    job = partial(_select, statement, policy, ticket, shape)
    result = await lanes().question(job, ticket, limits, _beats(ctx))
    if limits.rows != max_rows:
        note = f"max_rows was set to {limits.rows}: it must be from 1 to {settings.MCP_MAX_ROWS}."
        result.notes.append(note)
    return _rows(result, shape, started)


async def sample_table(schema: str, table: str, n: int) -> Rows:
    """Return some rows of the relation, through the same guard as any other question."""
    return await query(catalog.whole_table(schema, table), n)


async def list_schemas() -> Schemas:
    """Return the readable schemas."""
    found = await _errand(catalog.list_schemas)
    return {"schemas": found}


async def list_tables(schema: str) -> Tables:
    """Return the relations of a schema."""
    found = await _errand(partial(catalog.list_tables, schema))
    return {"tables": found}


async def describe_table(schema: str, table: str) -> catalog.Description:
    """Return a relation with its columns."""
    return await _errand(partial(catalog.describe_table, schema, table))


async def list_functions(schema: str) -> Functions:
    """Return the functions of a schema."""
    found = await _errand(partial(catalog.list_functions, schema))
    return {"functions": found}


async def _judged(sql: str, ticket: Ticket) -> tuple[Policy, guard.Statement]:
    policy = snapshot.kept_policy() or await _policy(ticket, snapshot.FRESH_SECONDS)
    try:
        return policy, await _checked(sql, policy)
    except QueryRefused as refused:
        if refused.code not in _UNKNOWN:
            raise
    policy = await _policy(ticket, _RECENT_SECONDS)
    return policy, await _checked(sql, policy)


async def _checked(sql: str, policy: Policy) -> guard.Statement:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(guard_executor(), guard.check, sql, policy)


async def _policy(ticket: Ticket, newer_than: float) -> Policy:
    def job(limits: Limits) -> Policy:
        require_safe_role(ticket)
        return snapshot.current_policy(ticket, newer_than=newer_than)

    return await lanes().errand(job, ticket, limits_for(1))


def _select(
    statement: guard.Statement, policy: Policy, ticket: Ticket, shape: Format, limits: Limits
) -> Result:
    require_safe_role(ticket)
    return run_select(statement, policy, ticket, limits, as_csv=shape is Format.CSV)


async def _errand(look_up: Callable[[Ticket, Limits], T]) -> T:
    ticket = current.get().ticket()

    def job(limits: Limits) -> T:
        require_safe_role(ticket)
        return look_up(ticket, limits)

    return await lanes().errand(job, ticket, limits_for(CATALOG_ROWS))


def _beats(ctx: Context[Any, Any, Any] | None) -> Beats:
    """Return who tells the client, while it waits, how long it has been and may be."""
    if ctx is None:
        return SILENT

    async def waiting(seconds: float, most: float) -> None:
        text = f"every connection is busy; waiting for {seconds:.0f} s of at most {most:.0f} s"
        await ctx.report_progress(0, most, text)

    async def running(seconds: float, most: float) -> None:
        await ctx.report_progress(seconds, most, f"running for {seconds:.0f} s of {most:.0f} s")

    return Beats(waiting, running)


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
