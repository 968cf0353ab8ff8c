"""One read-only transaction on this thread's connection, with no trace left behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Protocol

import psycopg2
from django.conf import settings
from django.db import Error as DjangoError
from django.db import connections
from psycopg2 import extensions
from psycopg2.sql import SQL, Composable, Identifier, Literal

from fleetmcp.analytics.errors import AnalyticsError, DatabaseUnavailable
from fleetmcp.analytics.failures import cancelled, translated
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.analytics.verbatim import read_as_text
from fleetmcp.news import has_news
from fleetmcp.routers import ANALYTICS_ALIAS

LOCK_TIMEOUT_MS = 5_000
IDLE_TIMEOUT_MS = 60_000


@contextmanager
def read_only(ticket: Ticket, limits: Limits, search_path: tuple[str, ...]) -> Iterator[Session]:
    """Yield a session in a READ ONLY transaction that is always rolled back, then scrubbed.

    Raises DatabaseUnavailable when PostgreSQL can't be reached, and the engine's own errors for
    what PostgreSQL says to the statements that run inside.
    """
    raw = _connect()
    _here.in_use = (raw, ticket)
    session = Session(raw, ticket, _frame(ticket, limits, search_path))
    ticket.hold(raw)
    try:
        yield session
    except psycopg2.Error as error:
        raise translated(error, ticket.cancelled_by) from None
    finally:
        if not getattr(_here, "may_wait", False):
            scrub()


@contextmanager
def scrubbed_later() -> Iterator[None]:
    """Leave the session of this thread's next questions as it is, for whoever calls ``scrub``.

    So the answer doesn't wait for it. The next question scrubs it in any case.
    """
    _here.may_wait = True
    try:
        yield
    finally:
        _here.may_wait = False


class Sink(Protocol):
    """Whatever takes the lines of a COPY."""

    def write(self, line: bytes) -> int: ...


class Session:
    """Runs single statements; the first also opens the transaction, in the same round trip."""

    def __init__(self, raw: Any, ticket: Ticket, frame: str) -> None:
        self._ticket = ticket
        self._cursor = raw.cursor()
        read_as_text(self._cursor)
        self._frame = frame
        self.prefix = 0

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows as PostgreSQL's own text (None for NULL); ``describe`` has the columns.

        ``prefix`` is the number of characters sent before ``sql``, for positions in errors.
        """
        if self._ticket.cancelled_by:  # before there was a socket to shut down
            raise cancelled(self._ticket.cancelled_by)
        self.prefix, frame, self._frame = len(self._frame), self._frame, ""
        self._ticket.sent += 1
        self._cursor.execute(frame + sql)
        return list(self._cursor.fetchall())

    def copy(self, sql: str, sink: Sink) -> None:
        """Run a COPY TO STDOUT and hand each line to the sink; the transaction is open already."""
        self.prefix = 0
        self._cursor.copy_expert(sql, sink)

    def compose(self, sql: Composable) -> str:
        """Return the text of composed SQL, values quoted for this connection."""
        return str(sql.as_string(self._cursor))

    @property
    def description(self) -> tuple[extensions.Column, ...]:
        """Return the columns of the last statement."""
        return self._cursor.description or ()


def drop_connection() -> None:
    """Close this thread's connection; the next question opens a fresh one."""
    with suppress(Exception):
        connections[ANALYTICS_ALIAS].close()


def _connect() -> Any:
    """Return this thread's healthy psycopg2 connection, in autocommit: we write BEGIN ourselves."""
    scrub()
    connection = connections[ANALYTICS_ALIAS]
    try:
        if connection.connection is not None and has_news(connection.connection):
            drop_connection()
        connection.ensure_connection()
        _require_lexer(connection.connection)
    except (DjangoError, psycopg2.Error):
        # libpq's own text repeats the DSN, so it must not travel further.
        drop_connection()
        raise unavailable() from None
    return connection.connection


def _require_lexer(raw: Any) -> None:
    """Refuse a session that reads strings otherwise than the guard does; costs no round trip.

    The startup options ask for it, but a pooler may drop them; SET LOCAL would come too late,
    because the same message is lexed before it takes effect.
    """
    status = raw.info.parameter_status
    if (status("standard_conforming_strings"), status("client_encoding")) != ("on", "UTF8"):
        drop_connection()
        raise DatabaseUnavailable(
            "The database session doesn't read strings as PostgreSQL does by default.",
            hint="Tell the operator: standard_conforming_strings must be on and client_encoding "
            "UTF8 for this role, also through a pooler.",
        )


def unavailable() -> AnalyticsError:
    """Return the error for a database that can't be reached."""
    return DatabaseUnavailable(
        "The analytics database can't be reached just now.",
        hint="Try again in a minute; if it stays like this, tell the operator of this server.",
    )


def _frame(ticket: Ticket, limits: Limits, search_path: tuple[str, ...]) -> str:
    """Return BEGIN READ ONLY and the transaction's own settings: PgBouncer can't lose these."""
    name = extensions.adapt(ticket.application_name).getquoted().decode()
    return f"{_begin(limits.statement_ms, search_path)}SET LOCAL application_name = {name}; "


@lru_cache(64)
def _begin(statement_ms: int, search_path: tuple[str, ...]) -> str:
    local: dict[str, Composable] = {
        **{name: Literal(value) for name, value in settings.ANALYTICS_SESSION.items()},
        "statement_timeout": Literal(statement_ms),
        "lock_timeout": Literal(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": Literal(IDLE_TIMEOUT_MS),
        "search_path": SQL(", ").join(Identifier(name) for name in (*search_path, "pg_temp")),
    }
    parts = [SQL("SET LOCAL {} = {}").format(Identifier(k), v) for k, v in local.items()]
    frame = SQL("; ").join([SQL("BEGIN READ ONLY"), *parts, SQL("")])
    return str(frame.as_string(connections[ANALYTICS_ALIAS].connection))


def scrub() -> None:
    """Roll back and discard everything that this thread's session remembers of its last question.

    A doubtful session is closed.
    """
    in_use, _here.in_use = getattr(_here, "in_use", None), None
    if in_use is None:
        return
    raw, ticket = in_use
    try:
        with raw.cursor() as cursor:
            cursor.execute("ROLLBACK")
            cursor.execute("DISCARD ALL")
    except psycopg2.Error:
        drop_connection()
    finally:
        ticket.release(raw)  # not before: a server that says nothing any more would keep the thread


_here = threading.local()
