"""The way of a question: judged by the guard, run in a lane, within what the caller may."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import Error as DatabaseError

from accounts.denials import kept_denied_columns, recent_denied_columns
from fleetmcp.analytics import guard, snapshot
from fleetmcp.analytics.denied import Column, explain_denied, require_closed
from fleetmcp.analytics.errors import Code, QueryFailed, QueryRefused
from fleetmcp.analytics.explain import Plan, explain
from fleetmcp.analytics.formats import Format
from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.judging import Judged, judge
from fleetmcp.analytics.lanes import lanes
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.results import Result
from fleetmcp.analytics.rides import SILENT, Beats
from fleetmcp.analytics.role import require_safe_role
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.analytics.touched import Touch
from fleetmcp.mcp import records
from fleetmcp.mcp.call import current
from fleetmcp.mcp.running import listed

if TYPE_CHECKING:
    from mcp.server.fastmcp import Context

T = TypeVar("T")
logger = logging.getLogger(__name__)

CATALOG_ROWS = 10_000
# Judged in less time than a thread takes to wake up, and not too deep for any stack.
SHORT = 500
_UNKNOWN = (Code.UNKNOWN_RELATION, Code.UNKNOWN_FUNCTION)
# A name that the guard doesn't know may be new: look again, but not at every typo.
_RECENT_SECONDS = 2.0


@dataclass(frozen=True)
class Question:
    """A judged statement with all that a job needs to know of it."""

    statement: guard.Statement
    policy: Policy
    ticket: Ticket
    denied: tuple[Column, ...]


Job = Callable[[Question, Limits], T]
Reads = Callable[[tuple[Touch, ...]], tuple[Touch, ...]]


async def asked(
    sql: str,
    limits: Limits,
    job: Job[T],
    ctx: Context[Any, Any, Any] | None = None,
    reads: Reads = tuple,
) -> T:
    """Judge the SQL and do the job with it in a lane; the call can be cancelled meanwhile.

    ``reads`` says what the job reads of all that the statement does.
    """
    call = current.get()
    ticket = call.ticket
    denied = await _denied()

    def run(lane_limits: Limits) -> T:
        _require_safe(ticket, denied)
        with call.sending(reads(judged.touched)):
            return job(Question(judged.accepted(), policy, ticket, denied), lane_limits)

    with listed(call.query_id, ticket):
        policy, judged = await _judged(sql, ticket, limits)
        return await lanes().question(run, ticket, limits, beats_of(ctx))


def select(shape: Format, asked: Question, limits: Limits) -> Result:
    """Run the statement; a refused privilege is explained by the columns that are closed."""
    statement, policy, ticket = asked.statement, asked.policy, asked.ticket
    try:
        return run_select(statement, policy, ticket, limits, as_csv=shape is Format.CSV)
    except QueryFailed as failed:
        closed = explain_denied(failed, statement, asked.denied, policy.search_path, ticket)
        failed.hint = f"{closed} {failed.hint}".strip() if closed else failed.hint
        raise


def plan(asked: Question, limits: Limits) -> Plan:
    """Plan the statement, without running it."""
    return explain(asked.statement, asked.policy, asked.ticket, limits)


async def _judged(sql: str, ticket: Ticket, limits: Limits) -> tuple[Policy, Judged]:
    policy = snapshot.kept_policy() or await _policy(ticket, limits, snapshot.FRESH_SECONDS)
    narrow, judged = await _checked(sql, policy)
    if judged.refused and judged.refused.code in _UNKNOWN:
        narrow, judged = await _checked(sql, await _policy(ticket, limits, _RECENT_SECONDS))
    judged.accepted()
    return narrow, judged


async def _checked(sql: str, policy: Policy) -> tuple[Policy, Judged]:
    narrow, facts = policy.narrowed(readable_schemas()), snapshot.kept_facts()
    if len(sql) <= SHORT:
        judged = judge(sql, narrow, facts)
    else:
        loop = asyncio.get_running_loop()
        judged = await loop.run_in_executor(guard_executor(), judge, sql, narrow, facts)
    current.get().answered.fingerprint = judged.fingerprint
    return narrow, judged


async def _policy(ticket: Ticket, limits: Limits, newer_than: float) -> Policy:
    def job(limits: Limits) -> Policy:
        require_safe_role(ticket)
        return snapshot.current_policy(ticket, newer_than=newer_than)

    return await lanes().errand(job, ticket, limits)


async def _denied() -> tuple[Column, ...]:
    """Return the denied columns; from memory while they are fresh, without a thread's detour."""
    kept = kept_denied_columns()
    try:
        return await records.look_up(recent_denied_columns) if kept is None else kept
    except DatabaseError as error:
        logger.error("The closed columns can't be read: %s", type(error).__name__)
        raise QueryRefused(
            "The list of closed columns could not be read, so this call was not run.",
            code=Code.NOT_RECORDED,
            hint="Try again in a minute.",
        ) from None


async def errand(look_up: Callable[[Ticket, Limits], T]) -> T:
    """Run a look-up in the catalog, in whichever lane is free first."""
    call = current.get()
    ticket = call.ticket
    denied = await _denied()

    def job(limits: Limits) -> T:
        _require_safe(ticket, denied)
        return look_up(ticket, limits)

    with listed(call.query_id, ticket):
        return await lanes().errand(job, ticket, call.limits(CATALOG_ROWS))


def _require_safe(ticket: Ticket, denied: tuple[Column, ...]) -> None:
    require_safe_role(ticket)
    require_closed(denied, ticket)


def readable_schemas() -> tuple[str, ...]:
    """Return the schemas that the caller may read."""
    return current.get().visitor.caller.policy.schemas


def beats_of(ctx: Context[Any, Any, Any] | None) -> Beats:
    """Return who tells the client, while it waits, how long it has been and may be."""
    if ctx is None:
        return SILENT

    async def waiting(seconds: float, most: float) -> None:
        text = f"every connection is busy; waiting for {seconds:.0f} s of at most {most:.0f} s"
        await ctx.report_progress(0, most, text)

    async def running(seconds: float, most: float) -> None:
        await ctx.report_progress(seconds, most, f"running for {seconds:.0f} s of {most:.0f} s")

    return Beats(waiting, running)
