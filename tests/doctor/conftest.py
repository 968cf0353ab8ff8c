"""What the doctor's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connections

from fleetmcp.analytics import role, snapshot
from fleetmcp.analytics.connection import drop_connection
from fleetmcp.doctor.lines import Level, Line
from scripts.demo_db import LocalDatabase
from tests.database import execute

_ALONE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'analytics_ro'"

Check = Callable[[], Iterable[Line]]


def said(check: Check) -> str:
    """Return the lines of a check, each led by its level."""
    return "\n".join(f"{line.level}: {line.text} {line.todo}" for line in check())


def assert_content(check: Check) -> None:
    """Fail unless the check finds everything as it should be."""
    found = list(check())
    assert [line for line in found if line.level is not Level.OK] == []
    assert not any(line.todo for line in found)


@contextmanager
def given(local: LocalDatabase, do: str, undo: str) -> Iterator[None]:
    """Let a superuser change something in the database, and change it back.

    Servers of other tests keep idle connections; a lower limit for the role must not meet these.
    """
    execute(local.superuser_dsn, _ALONE)
    _each(local, do)
    try:
        yield
    finally:
        _each(local, undo)


def _each(local: LocalDatabase, statements: str) -> None:
    # One at a time: CREATE DATABASE can't be part of a longer message.
    for statement in filter(str.strip, statements.split(";")):
        execute(local.superuser_dsn, statement)
    drop_connection()
    role.forget_role()
    snapshot.forget_policy()


@pytest.fixture
def alias(engine: LocalDatabase) -> Iterator[dict[str, object]]:
    """The entry of ``analytics_ro`` in the settings; what a test changes is undone."""
    entry = connections.settings["analytics_ro"]
    before = dict(entry)
    _renew()
    yield entry
    _renew()
    entry.clear()
    entry.update(before)


def _renew() -> None:
    drop_connection()
    del connections["analytics_ro"]
