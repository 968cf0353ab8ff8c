"""The verbs that write the record. Whoever calls them handles a database that refuses."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.models import Outcome, QueryLog
from audit.statements import close_row, insert_row, is_open
from audit.storable import storable as _storable
from audit.touched import Identity, Touch, forget_objects, object_ids, record_touched

line = logging.getLogger("fleetmcp.audit")


@dataclass(frozen=True)
class Asked:
    """A call as it came in. ``arguments`` is JSON text; ``sql`` the SQL in it, or "".

    ``limits`` are those that hold for it, as JSON. Of the two ids that say by what the person
    came in exactly one is set.
    """

    user_id: int
    username: str
    token_id: int | None
    tool: str
    arguments: str
    sql: str = ""
    client: str = ""
    ip: str | None = None
    request_id: str = ""
    rpc_id: str = ""
    limits: str = ""
    connection_id: int | None = None


@dataclass
class Answered:
    """How a call ended, for the row and for the line; times in milliseconds, sizes in bytes."""

    outcome: Outcome = Outcome.OK
    reason: str = ""
    sqlstate: str = ""
    rows: int | None = None
    bytes: int | None = None
    truncated: bool = False
    duration_ms: int = field(default=0)
    waited_ms: int | None = None
    database_ms: int | None = None
    fingerprint: str = ""
    touched: tuple[Touch, ...] = ()


class AlreadyClosed(Exception):
    """The row was closed before, or was never opened: a record is never rewritten."""


def open_query(asked: Asked) -> int:
    """Write the row of a call that is about to run and return its id.

    Raises django.db.Error when it can't be written; then the call must not run. One person's rows
    are committed in the order of their ids, on which the limits rely (usage.py).
    """
    row = {
        "started_at": connection.ops.adapt_datetimefield_value(timezone.now()),
        "user_id": asked.user_id,
        "token_id": asked.token_id,
        "connection_id": asked.connection_id,
        "username": _storable(asked.username)[:150],
        "limits": asked.limits,
        "tool": _storable(asked.tool)[:64],
        "arguments": _storable(asked.arguments),
        "sql": _storable(asked.sql),
        "client": _storable(asked.client)[:200],
        "ip": asked.ip,
        "request_id": _storable(asked.request_id)[:64],
        "rpc_id": _storable(asked.rpc_id)[:64],
    }
    return insert_row(row)


def close_query(query_id: int, asked: Asked, answered: Answered) -> None:
    """Close the row once and print its line, as ``end_query`` and ``print_line`` do."""
    try:
        end_query(query_id, answered)
    except DatabaseError as error:
        print_line(query_id, asked, answered, error)
        raise
    print_line(query_id, asked, answered)


def end_query(query_id: int, answered: Answered) -> None:
    """Close the row once. Raises AlreadyClosed or django.db.Error."""
    if not _close(query_id, answered):
        raise AlreadyClosed(f"query {query_id} is not open")


def _close(query_id: int, answered: Answered) -> bool:
    """Write what the query touched, while it is open, and close its row; say whether it was."""
    try:
        return _close_with(query_id, answered, object_ids(answered.touched))
    except IntegrityError:
        forget_objects()
        return _close_with(query_id, answered, object_ids(answered.touched))


def _close_with(query_id: int, answered: Answered, ids: dict[Identity, int]) -> bool:
    values = _ending(answered)
    if not ids:
        return close_row(query_id, values)
    with transaction.atomic():
        if not is_open(query_id):
            return False
        record_touched(query_id, answered.touched, ids)
        return close_row(query_id, values)


def _ending(answered: Answered) -> dict[str, Any]:
    return {
        "outcome": answered.outcome.value,
        "reason": _storable(answered.reason)[:40],
        "sqlstate": _storable(answered.sqlstate)[:5],
        "rows": answered.rows,
        "bytes": answered.bytes,
        "truncated": answered.truncated,
        "duration_ms": answered.duration_ms,
        "waited_ms": answered.waited_ms,
        "database_ms": answered.database_ms,
        "fingerprint": answered.fingerprint[:16],
    }


def running(rows: QuerySet[QueryLog]) -> QuerySet[QueryLog]:
    """Return those of the rows that are still open."""
    return rows.filter(outcome=Outcome.RUNNING).order_by()


def print_line(
    query_id: int, asked: Asked, answered: Answered, error: Exception | None = None
) -> None:
    """Print one line; what came from outside is quoted, so that it stays one.

    It is printed also when the database refuses, but never twice for one row.
    """
    if isinstance(error, AlreadyClosed):
        return
    fields = {
        "query": query_id,
        "caller": asked.username,
        "tool": asked.tool[:64],
        "outcome": answered.outcome.value,
        "reason": answered.reason,
        "sqlstate": answered.sqlstate,
        "rows": answered.rows,
        "bytes": answered.bytes,
        "ms": answered.duration_ms,
        "client": asked.client,
        "ip": asked.ip,
        "request_id": asked.request_id,
        "sql": asked.sql or asked.arguments,
    }
    line.info(
        "query=%d caller=%s tool=%s outcome=%s reason=%s rows=%s ms=%d sql=%s",
        query_id,
        _quoted(asked.username),
        _quoted(asked.tool[:64]),
        answered.outcome.value,
        answered.reason or "-",
        "-" if answered.rows is None else answered.rows,
        answered.duration_ms,
        _quoted(asked.sql or asked.arguments),
        extra={"fields": fields},
    )


def _quoted(text: str) -> str:
    """Return the text as printable ASCII; JSON itself leaves DEL, a control character, as it is."""
    return json.dumps(text).replace("\x7f", "\\u007f")
