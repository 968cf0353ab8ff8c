"""The guard: says of a text whether it is one SELECT that only reads what may be read."""

from __future__ import annotations

from fleetmcp.analytics.guard.parse import Statement, parse
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.guard.walk import walk

__all__ = ["Statement", "check"]


def check(sql: object, policy: Policy) -> Statement:
    """Return the statement to run. Raises QueryRefused with a code, a place and what to write.

    Call it on ``parse.guard_executor()``: parsing needs that thread's large stack.
    """
    statement = parse(sql)
    walk(statement, policy)
    return statement
