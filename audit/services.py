"""The verbs that write the record. Whoever calls them handles a database that refuses."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from audit.models import Outcome, QueryLog

line = logging.getLogger("fleetmcp.audit")


@dataclass(frozen=True)
class Asked:
    """A call as it came in. ``arguments`` is JSON text; ``sql`` the SQL in it, or "".

    ``limits`` are those that hold for it, as JSON.
    """

    user_id: int
    username: str
    token_id: int
    tool: str
    arguments: str
    sql: str = ""
    client: str = ""
    ip: str | None = None
    request_id: str = ""
    rpc_id: str = ""
    limits: str = ""


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

    Raises django.db.Error when it can't be written; then the call must not run. One person's rows
    are committed in the order of their ids, on which the limits rely (usage.py).
    """
    row = QueryLog(
        user_id=asked.user_id,
        token_id=asked.token_id,
        username=_storable(asked.username)[:150],
        limits=asked.limits,
        tool=_storable(asked.tool)[:64],
        arguments=_storable(asked.arguments),
        sql=_storable(asked.sql),
        client=_storable(asked.client)[:200],
        ip=asked.ip,
        request_id=_storable(asked.request_id)[:64],
        rpc_id=_storable(asked.rpc_id)[:64],
    )
    with _turn_of(asked.user_id):
        row.save(force_insert=True)
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


def request_cancel(*, query_id: int, by: str) -> bool:
    """Mark a running query for the process that runs it; return False if it isn't running.

    Who asked first stays on the row.
    """
    return _request_cancel(QueryLog.objects.filter(pk=query_id), by)


def request_cancel_of_call(*, token_id: int, rpc_id: str, by: str) -> bool:
    """Mark what the token's client runs under that JSON-RPC id; return False if nothing is.

    Clients that share a token may use the same id at the same time: then each is marked.
    """
    rpc_id = _storable(rpc_id)[:64]
    return bool(rpc_id) and _request_cancel(
        QueryLog.objects.filter(token_id=token_id, rpc_id=rpc_id), by
    )


def cancel_requested(query_ids: Collection[int]) -> dict[int, str]:
    """Return query id -> who wants it cancelled, of these queries. One query for all of them."""
    if not query_ids:
        return {}
    marked = QueryLog.objects.filter(pk__in=query_ids, cancel_requested_at__isnull=False)
    return dict(marked.order_by().values_list("pk", "cancel_requested_by"))


def _request_cancel(rows: QuerySet[QueryLog], by: str) -> bool:
    running = rows.filter(outcome=Outcome.RUNNING).order_by()
    marked = running.filter(cancel_requested_at__isnull=True).update(
        cancel_requested_at=timezone.now(), cancel_requested_by=_storable(by)[:150]
    )
    return bool(marked) or running.exists()


@contextmanager
def _turn_of(user_id: int) -> Iterator[None]:
    """Let one person's rows take turns from drawing the id to the commit.

    PostgreSQL hands out ids before the commit, so a lower id could else show up after a higher
    one was counted. SQLite has one writer at a time anyway.
    """
    if not connection.features.has_select_for_update:
        yield
        return
    with transaction.atomic():
        people = User.objects.select_for_update(no_key=True).filter(pk=user_id)
        list(people.order_by().values_list("pk"))
        yield


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
