"""Before the work: the row is opened, then the caller's limits are counted, that row included."""

from __future__ import annotations

from functools import partial

from django.db import Error as DatabaseError
from django.utils import timezone

from audit.models import Outcome
from audit.services import Answered, Asked, close_query, open_query
from audit.usage import Refusal, refusal, rows_left, usage
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.mcp import records
from fleetmcp.mcp.call import Call, Visitor


async def admitted(visitor: Visitor, asked: Asked) -> tuple[Call, QueryRefused | None]:
    """Return the call with its open row, and why it may not run: a pause, or a limit.

    Raises django.db.Error when the row can't be written: what isn't on record doesn't run.
    """
    if visitor.caller.paused is not None:
        query_id = await records.write(open_query, asked, undo=partial(_withdraw, asked))
        return Call(visitor, query_id), QueryRefused(visitor.caller.paused, code=Code.PAUSED)
    query_id, rows, over = await records.write(
        _open_and_count, visitor, asked, undo=lambda late: _withdraw(asked, late[0])
    )
    return Call(visitor, query_id, rows), _refused(over) if over else None


def _open_and_count(visitor: Visitor, asked: Asked) -> tuple[int, int, Refusal | None]:
    query_id = open_query(asked)
    now = timezone.now()
    policy = visitor.caller.policy
    try:
        used = usage(visitor.caller.user_id, now, query_id, policy.queries_per_minute)
    except DatabaseError:
        # The row is there, so it must be closed as any other: else it would count as running.
        return query_id, 0, _UNCOUNTED
    return query_id, rows_left(policy, used), refusal(policy, used, now)


def _withdraw(asked: Asked, query_id: int) -> None:
    """Close a row that was written when the client had been told that it could not be."""
    close_query(query_id, asked, Answered(Outcome.REFUSED, Code.NOT_RECORDED))


_UNCOUNTED = Refusal(
    Code.NOT_RECORDED,
    "What you have used of your limits could not be counted, so this call was not run.",
    "Try again in a minute.",
)


def _refused(over: Refusal) -> QueryRefused:
    return QueryRefused(over.what, code=Code(over.reason), hint=over.hint)
