"""Connections of the doctor's own to the analytics database: short, bounded, always rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import psycopg2
from django.conf import settings
from django.db import connections
from psycopg2 import sql

from fleetmcp.analytics.connection import drop_connection
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.routers import ANALYTICS_ALIAS

SECONDS = 5
BOUNDS = f"SET LOCAL statement_timeout = '{SECONDS}s'; SET LOCAL lock_timeout = '2s'"
PROBE = "fleetmcp_doctor_probe"

T = TypeVar("T")


@contextmanager
def session(*, options: str | None = None, readonly: bool | None = None) -> Iterator[Any]:
    """Yield a cursor in a transaction that is rolled back.

    ``options`` replaces the startup options that the server uses; ``readonly`` is the mode that
    BEGIN names, None for none. Raises psycopg2.Error.
    """
    words = {**connections[ANALYTICS_ALIAS].get_connection_params()}
    name = Ticket("fleetmcp", "doctor").application_name
    words |= {"connect_timeout": SECONDS, "application_name": name}
    if options is not None:
        words["options"] = options
    with closing(psycopg2.connect(**words)) as connection:
        connection.set_session(readonly=readonly)
        with connection.cursor() as cursor:
            cursor.execute(BOUNDS)
            yield cursor


def answers(question: str, values: Any = None) -> list[tuple[Any, ...]]:
    """Return the rows of one question, asked as the server asks."""
    with session() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())


def create_refused(cursor: Any) -> str:
    """Try to make a table in the first readable schema; return as ``refused`` does."""
    place = sql.Identifier(settings.ANALYTICS_SCHEMAS[0], PROBE)
    return refused(cursor, sql.SQL("CREATE TABLE {} ()").format(place))


def refused(cursor: Any, statement: sql.Composable) -> str:
    """Return the SQLSTATE with which PostgreSQL refuses the statement, or "" if it went through."""
    try:
        cursor.execute(statement)
    except psycopg2.Error as error:
        return error.pgcode or "an unknown error"
    return ""


def with_engine(work: Callable[[Ticket], T]) -> T:
    """Run what belongs to the engine, and leave no connection behind in this thread."""
    try:
        return work(Ticket("fleetmcp", "doctor"))
    finally:
        drop_connection()
