"""What each tool does: takes the engine's way through guard and lanes, notes the result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from accounts.denials import recent_denied_columns
from fleetmcp.analytics import catalog, formats, guard, snapshot
from fleetmcp.analytics.connection import Ticket
from fleetmcp.analytics.denied import Column, explain_denied, require_closed
from fleetmcp.analytics.errors import Code, QueryFailed, QueryRefused
from fleetmcp.analytics.explain import Plan, explain
from fleetmcp.analytics.formats import Format
from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.lanes import SILENT, Beats, lanes
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.results import Result
from fleetmcp.analytics.role import require_safe_role
from fleetmcp.mcp import records
from fleetmcp.mcp.call import current
from fleetmcp.mcp.running import listed

if TYPE_CHECKING:
    from mcp.server.fastmcp import Context

    from fleetmcp.mcp.tools import Functions, Rows, Schemas, Search, Tables

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
    _require_export(shape)
    limits = call.limits(max_rows)
    result = await _asked(sql, limits, partial(_select, shape), ctx)
    if limits.rows != max_rows:
        most = call.visitor.caller.policy.max_rows
        result.notes.append(f"max_rows was set to {limits.rows}: it must be from 1 to {most}.")
    return _rows(result, shape, started)


async def explain_query(sql: str) -> Plan:
    """Return what the SQL would cost, without running it."""
    return await _asked(sql, current.get().limits(1000), _explain)


async def sample_table(schema: str, table: str, n: int) -> Rows:
    """Return some rows of the relation, through the same guard as any other question."""
    _require_schema(schema)
    return await query(await _errand(partial(catalog.sample_sql, schema, table)), n)


async def list_schemas() -> Schemas:
    """Return the schemas that the caller may read."""
    found = await _errand(catalog.list_schemas)
    return {"schemas": [schema for schema in found if schema["name"] in _schemas()]}


async def list_tables(schema: str) -> Tables:
    """Return the relations of a schema."""
    _require_schema(schema)
    return {"tables": await _errand(partial(catalog.list_tables, schema))}


async def describe_table(schema: str, table: str) -> catalog.Description:
    """Return a relation with its columns."""
    _require_schema(schema)
    return await _errand(partial(catalog.describe_table, schema, table))


async def list_functions(schema: str) -> Functions:
    """Return the functions of a schema."""
    _require_schema(schema)
    return {"functions": await _errand(partial(catalog.list_functions, schema))}


async def search_catalog(text: str, limit: int) -> Search:
    """Return what the words are found in, in the schemas that the caller may read."""
    found = await _errand(partial(catalog.search_catalog, text, limit=limit))
    return {"found": [item for item in found if item["schema"] in _schemas()]}


@dataclass(frozen=True)
class Question:
    """A judged statement with all that a job needs to know of it."""

    statement: guard.Statement
    policy: Policy
    ticket: Ticket
    denied: tuple[Column, ...]


Job = Callable[[Question, Limits], T]


async def _asked(
    sql: str, limits: Limits, job: Job[T], ctx: Context[Any, Any, Any] | None = None
) -> T:
    """Judge the SQL and do the job with it in a lane; the call can be cancelled meanwhile."""
    call = current.get()
    ticket = call.ticket()
    denied = await records.look_up(recent_denied_columns)

    def run(lane_limits: Limits) -> T:
        _require_safe(ticket, denied)
        return job(Question(statement, policy, ticket, denied), lane_limits)

    with listed(call.query_id, ticket):
        policy, statement = await _judged(sql, ticket, limits)
        return await lanes().question(run, ticket, limits, _beats(ctx))


def _select(shape: Format, asked: Question, limits: Limits) -> Result:
    statement, policy, ticket = asked.statement, asked.policy, asked.ticket
    try:
        return run_select(statement, policy, ticket, limits, as_csv=shape is Format.CSV)
    except QueryFailed as failed:
        closed = explain_denied(failed, statement, asked.denied, policy.search_path, ticket)
        failed.hint = f"{closed} {failed.hint}".strip() if closed else failed.hint
        raise


def _explain(asked: Question, limits: Limits) -> Plan:
    return explain(asked.statement, asked.policy, asked.ticket, limits)


async def _judged(sql: str, ticket: Ticket, limits: Limits) -> tuple[Policy, guard.Statement]:
    policy = snapshot.kept_policy() or await _policy(ticket, limits, snapshot.FRESH_SECONDS)
    try:
        return await _checked(sql, policy)
    except QueryRefused as refused:
        if refused.code not in _UNKNOWN:
            raise
    return await _checked(sql, await _policy(ticket, limits, _RECENT_SECONDS))


async def _checked(sql: str, policy: Policy) -> tuple[Policy, guard.Statement]:
    loop = asyncio.get_running_loop()
    narrow = policy.narrowed(_schemas())
    return narrow, await loop.run_in_executor(guard_executor(), guard.check, sql, narrow)


async def _policy(ticket: Ticket, limits: Limits, newer_than: float) -> Policy:
    def job(limits: Limits) -> Policy:
        require_safe_role(ticket)
        return snapshot.current_policy(ticket, newer_than=newer_than)

    return await lanes().errand(job, ticket, limits)


async def _errand(look_up: Callable[[Ticket, Limits], T]) -> T:
    """Run a look-up in the catalog, in whichever lane is free first."""
    call = current.get()
    ticket = call.ticket()
    denied = await records.look_up(recent_denied_columns)

    def job(limits: Limits) -> T:
        _require_safe(ticket, denied)
        return look_up(ticket, limits)

    with listed(call.query_id, ticket):
        return await lanes().errand(job, ticket, call.limits(CATALOG_ROWS))


def _require_safe(ticket: Ticket, denied: tuple[Column, ...]) -> None:
    require_safe_role(ticket)
    require_closed(denied, ticket)


def _schemas() -> tuple[str, ...]:
    return current.get().visitor.caller.policy.schemas


def _require_schema(schema: str) -> None:
    if schema in _schemas():
        return
    raise QueryRefused(
        "That schema is not readable for you.",
        code=Code.SCHEMA,
        hint=f"Readable schemas: {', '.join(_schemas()) or 'none'}.",
    )


def _require_export(shape: Format) -> None:
    if shape is not Format.CSV or current.get().visitor.caller.policy.may_export:
        return
    raise QueryRefused(
        "Your access doesn't include CSV.",
        code=Code.NO_EXPORT,
        hint="Use format rows, or ask your team lead.",
    )


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
