"""Each of the four read-only layers stops a write by itself, with the other three switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import psycopg2
import pytest
from django.conf import settings
from django.db import connections
from psycopg2 import errors

from fleetmcp.analytics.connection import drop_connection, read_only, scrubbed_later
from fleetmcp.analytics.errors import QueryFailed
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests.database import execute

WRITE = "UPDATE reporting.refresh_log SET notes = 'x'"
UNLOCKED = "-c default_transaction_read_only=off"
TICKET = Ticket("alice", "1")


@contextmanager
def cursor(dsn: str, options: str) -> Iterator[psycopg2.extensions.cursor]:
    """Yield a cursor in autocommit on a connection with these startup options."""
    connection = psycopg2.connect(dsn, options=options)
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


@pytest.fixture
def as_superuser(engine: LocalDatabase) -> Iterator[LocalDatabase]:
    """Give the engine a superuser's credential, with no read-only default."""
    parts = psycopg2.extensions.parse_dsn(engine.superuser_dsn)
    entry = connections.settings["analytics_ro"]
    before = dict(entry)
    entry.update(
        USER=parts["user"], HOST=parts["host"], PORT=parts["port"], PASSWORD="",
        OPTIONS={**entry["OPTIONS"], "options": UNLOCKED},
    )  # fmt: skip
    drop_connection()
    del connections["analytics_ro"]
    yield engine
    drop_connection()
    del connections["analytics_ro"]
    entry.update(before)


@pytest.mark.proves("READONLY-ROLE")
@pytest.mark.parametrize(
    "sql", [WRITE, "CREATE TABLE x (i int)", "CREATE TEMP TABLE x (i int)",
            "INSERT INTO tracksolid.devices DEFAULT VALUES", "DELETE FROM tracksolid.alarms",
            "TRUNCATE tracksolid.trips", "REFRESH MATERIALIZED VIEW reporting.v_trips",
            "CREATE SCHEMA x", "ALTER TABLE tracksolid.devices ADD x int"],
)  # fmt: skip
def test_grants_alone_stop_a_write(fleet: LocalDatabase, sql: str) -> None:
    with cursor(fleet.analytics_dsn, UNLOCKED) as writing:
        writing.execute("SHOW transaction_read_only")
        assert writing.fetchone() == ("off",)
        with pytest.raises(errors.InsufficientPrivilege):
            writing.execute(sql)


@pytest.mark.proves("READONLY-DEFAULT")
def test_connection_default_alone_stops_a_write(fleet: LocalDatabase) -> None:
    options = settings.DATABASES["analytics_ro"]["OPTIONS"]["options"]
    with (
        cursor(fleet.superuser_dsn, options) as writing,
        pytest.raises(errors.ReadOnlySqlTransaction),
    ):
        writing.execute(WRITE)


@pytest.mark.proves("READONLY-DEFAULT")
def test_role_default_alone_stops_a_write(fleet: LocalDatabase) -> None:
    execute(fleet.superuser_dsn, "GRANT SELECT, UPDATE ON reporting.refresh_log TO analytics_ro")
    try:
        with (
            cursor(fleet.analytics_dsn, "") as writing,
            pytest.raises(errors.ReadOnlySqlTransaction),
        ):
            writing.execute(WRITE)
    finally:
        execute(fleet.superuser_dsn, "REVOKE UPDATE ON reporting.refresh_log FROM analytics_ro")


@pytest.mark.proves("READONLY-TRANSACTION")
def test_transaction_alone_stops_a_write(as_superuser: LocalDatabase) -> None:
    with pytest.raises(QueryFailed) as failed, read_only(TICKET, limits_for(1), ()) as session:
        session.run(WRITE)
    assert failed.value.sqlstate == "25006"


@pytest.mark.proves("READONLY-TRANSACTION")
def test_transaction_is_rolled_back_whatever_it_did(as_superuser: LocalDatabase) -> None:
    taken = "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory'"
    with read_only(TICKET, limits_for(1), ("public",)) as session:
        session.run("SELECT pg_advisory_xact_lock(9)")
        assert execute(as_superuser.superuser_dsn, taken) == [("1",)]
    assert execute(as_superuser.superuser_dsn, taken) == [("0",)]


@pytest.mark.proves("READONLY-GUARD")
@pytest.mark.parametrize("sql", [WRITE, f"WITH x AS ({WRITE} RETURNING 1) SELECT * FROM x",
                                 f"SELECT 1; COMMIT; {WRITE}"])  # fmt: skip
def test_guard_alone_stops_a_write(as_superuser: LocalDatabase, sql: str) -> None:
    from fleetmcp.analytics.errors import QueryRefused
    from fleetmcp.analytics.snapshot import current_policy
    from tests.guard.test_guard_table import check

    with pytest.raises(QueryRefused):
        check(sql, current_policy(TICKET))


@pytest.mark.proves("SESSION-NO-TRACE")
@pytest.mark.parametrize("when", [nullcontext, scrubbed_later])
def test_next_analyst_finds_no_trace_of_a_session(
    as_superuser: LocalDatabase, when: Callable[[], AbstractContextManager[None]]
) -> None:
    state = (
        "SELECT (SELECT pg_catalog.md5(pg_catalog.string_agg(name || setting, ',' ORDER BY name))"
        " FROM pg_settings WHERE name <> 'application_name'), (SELECT count(*) FROM pg_locks"
        " WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_prepared_statements),"
        " (SELECT count(*) FROM pg_listening_channels()), pg_backend_pid()"
    )
    with read_only(TICKET, limits_for(1), ()) as session:
        before = session.run(state)
    with when(), read_only(TICKET, limits_for(1), ()) as session:
        session.run("SELECT set_config('work_mem', '64kB', false)")
        session.run("SELECT pg_advisory_lock(7)")
        session.run("PREPARE kept AS SELECT 1; LISTEN kept; SELECT 1")
        session.run("SELECT set_config('TimeZone', 'Africa/Nairobi', false)")
    with read_only(TICKET, limits_for(1), ()) as session:
        assert session.run(state) == before
