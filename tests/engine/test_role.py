"""A credential that can do more than read is found out, and nothing runs with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from fleetmcp.analytics.connection import drop_connection
from fleetmcp.analytics.errors import DatabaseUnavailable, UnsafeRole
from fleetmcp.analytics.role import forget_role, require_safe_role, role_problems
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests.database import execute

TICKET = Ticket("alice", "1")


@contextmanager
def given(local: LocalDatabase, do: str, undo: str) -> Iterator[None]:
    """Let a superuser change the role, and change it back."""
    execute(local.superuser_dsn, do)
    drop_connection()
    try:
        yield
    finally:
        execute(local.superuser_dsn, undo)
        drop_connection()


@pytest.mark.proves("ROLE-CHECKED")
def test_role_made_by_our_script_is_safe(engine: LocalDatabase) -> None:
    assert role_problems(TICKET) == []


@pytest.mark.proves("ROLE-CHECKED")
@pytest.mark.parametrize(
    ("do", "undo", "problem"),
    [
        ("ALTER ROLE analytics_ro SUPERUSER", "ALTER ROLE analytics_ro NOSUPERUSER",
         "it is a superuser"),
        ("ALTER ROLE analytics_ro CREATEDB", "ALTER ROLE analytics_ro NOCREATEDB",
         "it may create databases"),
        ("ALTER ROLE analytics_ro CREATEROLE", "ALTER ROLE analytics_ro NOCREATEROLE",
         "it may create roles"),
        ("ALTER ROLE analytics_ro REPLICATION", "ALTER ROLE analytics_ro NOREPLICATION",
         "it may replicate"),
        ("ALTER ROLE analytics_ro BYPASSRLS", "ALTER ROLE analytics_ro NOBYPASSRLS",
         "it bypasses row security"),
        ("GRANT pg_write_all_data TO analytics_ro", "REVOKE pg_write_all_data FROM analytics_ro",
         "it is a member of pg_write_all_data"),
        ("GRANT tracksolid_owner TO analytics_ro", "REVOKE tracksolid_owner FROM analytics_ro",
         "it is a member of tracksolid_owner"),
        ("GRANT CREATE ON SCHEMA reporting TO analytics_ro",
         "REVOKE CREATE ON SCHEMA reporting FROM analytics_ro",
         "it may create objects in schema reporting"),
        ("GRANT INSERT ON reporting.refresh_log TO analytics_ro",
         "REVOKE INSERT ON reporting.refresh_log FROM analytics_ro",
         "it may write reporting.refresh_log"),
        ("GRANT UPDATE (notes) ON reporting.refresh_log TO analytics_ro",
         "REVOKE UPDATE (notes) ON reporting.refresh_log FROM analytics_ro",
         "it may write reporting.refresh_log"),
        ("CREATE TABLE public.mine (i int); ALTER TABLE public.mine OWNER TO analytics_ro",
         "DROP TABLE public.mine", "it owns public.mine"),
        ("CREATE SCHEMA mine AUTHORIZATION analytics_ro", "DROP SCHEMA mine",
         "it owns the schema mine"),
        ("CREATE SEQUENCE public.s; GRANT USAGE ON SEQUENCE public.s TO analytics_ro",
         "DROP SEQUENCE public.s", "it may advance the sequence public.s"),
    ],
)  # fmt: skip
def test_role_that_can_do_more_is_named_and_refused(
    engine: LocalDatabase, do: str, undo: str, problem: str
) -> None:
    with given(engine, do, undo):
        assert problem in role_problems(TICKET)
        with pytest.raises(UnsafeRole, match=r"^\[unsafe_role\]"):
            require_safe_role(TICKET)
    forget_role()
    require_safe_role(TICKET)


@pytest.mark.proves("ROLE-OVERRIDE")
def test_override_lets_an_unsafe_role_work_and_logs_loudly(
    engine: LocalDatabase, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ANALYTICS_ALLOW_UNSAFE_ROLE = True
    do, undo = "GRANT INSERT ON %s TO analytics_ro", "REVOKE INSERT ON %s FROM analytics_ro"
    table = "reporting.refresh_log"
    with given(engine, do % table, undo % table), caplog.at_level(logging.WARNING):
        require_safe_role(TICKET)
    assert "UNSAFE ROLE ALLOWED" in caplog.text
    assert "reporting.refresh_log" in caplog.text


@pytest.mark.proves("ERROR-NO-SECRET")
def test_unreachable_database_is_told_without_its_dsn(
    engine: LocalDatabase, django_db_blocker: object
) -> None:
    from django.db import connections

    entry = connections.settings["analytics_ro"]
    port, entry["PORT"] = entry["PORT"], "1"
    drop_connection()
    del connections["analytics_ro"]
    try:
        with pytest.raises(DatabaseUnavailable) as unavailable:
            role_problems(TICKET)
    finally:
        entry["PORT"] = port
    chain = f"{unavailable.value!r} {unavailable.value} {unavailable.value.__cause__!r}"
    assert entry["PASSWORD"] not in chain
    assert "127.0.0.1" not in chain
    assert unavailable.value.__suppress_context__
