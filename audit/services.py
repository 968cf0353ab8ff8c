"""The verbs that write the record. Whoever calls them handles a database that refuses."""

from __future__ import annotations

import json
import logging
import unicodedata
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
    """Close the row once and print its line. Raises AlreadyClosed or django.db.Error."""
    try:
        closed = QueryLog.objects.filter(pk=query_id, outcome=Outcome.RUNNING).update(
            outcome=answered.outcome,
            reason=answered.reason,
            sqlstate=answered.sqlstate,
            rows=answered.rows,
            bytes=answered.bytes,
            truncated=answered.truncated,
            duration_ms=answered.duration_ms,
        )
    finally:
        _print_line(query_id, asked, answered)
    if not closed:
        raise AlreadyClosed(f"query {query_id} is not open")


def _print_line(query_id: int, asked: Asked, answered: Answered) -> None:
    """Print one line: every word is JSON where it came from outside, so it stays one line."""
    text = asked.sql or asked.arguments
    line.info(
        "query=%d caller=%s tool=%s outcome=%s reason=%s rows=%s ms=%d sql=%s",
        query_id,
        json.dumps(asked.username),
        json.dumps(asked.tool),
        answered.outcome.value,
        answered.reason or "-",
        "-" if answered.rows is None else answered.rows,
        answered.duration_ms,
        json.dumps(text),
    )


def _storable(text: str) -> str:
    r"""Return the text with what no database takes (NUL, lone surrogates) spelled out as \uXXXX."""
    return "".join(
        f"\\u{ord(char):04x}" if char == "\x00" or unicodedata.category(char) == "Cs" else char
        for char in text
    )
