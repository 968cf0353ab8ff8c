"""The verbs that write the record. Whoever calls them handles a database that refuses."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, field

from audit.models import Outcome, QueryLog

line = logging.getLogger("fleetmcp.audit")


@dataclass(frozen=True)
class Asked:
    """A call as it came in. ``arguments`` is JSON text; ``sql`` the SQL in it, or ""."""

    user_id: int
    username: str
    token_id: int
    tool: str
    arguments: str
    sql: str = ""
    client: str = ""
    ip: str | None = None
    request_id: str = ""


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


class AlreadyClosed(Exception):
    """The row was closed before, or was never opened: a record is never rewritten."""


def open_query(asked: Asked) -> int:
    """Write the row of a call that is about to run and return its id.

    Raises django.db.Error when it can't be written; then the call must not run.
    """
    row = QueryLog.objects.create(
        user_id=asked.user_id,
        token_id=asked.token_id,
        tool=_storable(asked.tool)[:64],
        arguments=_storable(asked.arguments),
        sql=_storable(asked.sql),
        client=_storable(asked.client)[:200],
        ip=asked.ip,
        request_id=_storable(asked.request_id)[:64],
    )
    return int(row.pk)


def close_query(query_id: int, asked: Asked, answered: Answered) -> None:
    """Close the row once and print its line. Raises AlreadyClosed or django.db.Error.

    The line is printed also when the database refuses, but never twice for one row.
    """
    closed = 1
    try:
        closed = QueryLog.objects.filter(pk=query_id, outcome=Outcome.RUNNING).update(
            outcome=answered.outcome,
            reason=_storable(answered.reason)[:40],
            sqlstate=_storable(answered.sqlstate)[:5],
            rows=answered.rows,
            bytes=answered.bytes,
            truncated=answered.truncated,
            duration_ms=answered.duration_ms,
        )
    finally:
        if closed:
            _print_line(query_id, asked, answered)
    if not closed:
        raise AlreadyClosed(f"query {query_id} is not open")


def _print_line(query_id: int, asked: Asked, answered: Answered) -> None:
    """Print one line; what came from outside is quoted, so that it stays one."""
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
    )


def _quoted(text: str) -> str:
    """Return the text as printable ASCII; JSON itself leaves DEL, a control character, as it is."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def _storable(text: str) -> str:
    r"""Return the text with what no database takes (NUL, lone surrogates) spelled out as \uXXXX."""
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
