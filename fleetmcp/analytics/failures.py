"""From PostgreSQL's errors to ours: SQLSTATE, hint and place kept; nothing of the server told."""

from __future__ import annotations

from typing import Any

import psycopg2
from psycopg2 import errorcodes

from fleetmcp.analytics.errors import (
    AnalyticsError,
    DatabaseUnavailable,
    QueryCancelled,
    QueryFailed,
    QueryTimedOut,
)

_TIMEOUT_TEXT = "statement timeout"

_HINTS = {
    errorcodes.UNDEFINED_TABLE: "list_tables shows the readable tables and views.",
    errorcodes.UNDEFINED_COLUMN: "describe_table shows the columns.",
    errorcodes.UNDEFINED_FUNCTION: "Check the argument types; a cast such as x::numeric may help.",
    errorcodes.INSUFFICIENT_PRIVILEGE: "This role may not read that; describe_table shows what it "
    "may.",
    errorcodes.LOCK_NOT_AVAILABLE: "The table is being changed just now; try again in a minute.",
    errorcodes.DISK_FULL: "The query needs too much temporary space; narrow it.",
    errorcodes.CONFIGURATION_LIMIT_EXCEEDED: "The query needs too much temporary space; narrow it.",
    errorcodes.OUT_OF_MEMORY: "The query needs too much memory; narrow it.",
}


def translated(error: psycopg2.Error, cancelled_by: str) -> AnalyticsError:
    """Return our error for PostgreSQL's; ``cancelled_by`` is who stopped it, or ""."""
    state = error.pgcode or ""
    if cancelled_by:
        return cancelled(cancelled_by)
    if state == errorcodes.QUERY_CANCELED:
        if _TIMEOUT_TEXT in (error.diag.message_primary or ""):
            return timed_out(state)
        return QueryCancelled("The database's operator cancelled the query.", sqlstate=state)
    if not state or state[:2] in ("08", "57"):
        return DatabaseUnavailable(
            "The connection to the analytics database was lost.", hint="Try again in a minute."
        )
    return _failed(error.diag, state)


def cancelled(by: str) -> AnalyticsError:
    """Return the error for a statement that we stopped: "deadline" is our own clock."""
    if by == "deadline":
        return timed_out()
    return QueryCancelled(f"The query was cancelled ({by}).")


def timed_out(sqlstate: str = errorcodes.QUERY_CANCELED) -> QueryTimedOut:
    """Return the error for a statement that took longer than it may."""
    return QueryTimedOut(
        "The query took longer than it may.",
        sqlstate=sqlstate,
        hint="Narrow it: filter on a time column, aggregate first, or read one of the daily views.",
    )


def _failed(diag: Any, state: str) -> QueryFailed:
    hints = [diag.message_detail, diag.message_hint, _HINTS.get(state)]
    message = (diag.message_primary or "the statement failed").rstrip(".")
    failed = QueryFailed(
        f"PostgreSQL: {message}.", sqlstate=state, hint=" ".join(h for h in hints if h)
    )
    failed.position = int(diag.statement_position or 0)
    return failed
