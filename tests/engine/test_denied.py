"""Denied columns as the running server sees them, on a real PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from fleetmcp.analytics import denied
from fleetmcp.analytics.denied import (
    DeniedState,
    denied_state,
    explain_denied,
    readable_denied,
    require_closed,
)
from fleetmcp.analytics.errors import QueryFailed, UnsafeRole
from fleetmcp.analytics.guard import Statement
from fleetmcp.analytics.guard.parse import guard_executor, parse
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.snapshot import current_policy
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests.database import execute

TICKET = Ticket("alice", "1")
PATH = ("reporting", "tracksolid", "public")
PHONE = ("tracksolid", "drivers", "phone")
CLOSE = """
REVOKE SELECT ON tracksolid.drivers FROM analytics_ro;
GRANT SELECT (driver_id, city) ON tracksolid.drivers TO analytics_ro
"""
OPEN = """
REVOKE SELECT ON tracksolid.drivers FROM analytics_ro;
GRANT SELECT ON tracksolid.drivers TO analytics_ro
"""


@pytest.fixture
def closing(engine: LocalDatabase) -> Iterator[LocalDatabase]:
    """The engine, with tracksolid.drivers open by two columns only."""
    execute(engine.superuser_dsn, CLOSE)
    denied.forget_closed()
    yield engine
    execute(engine.superuser_dsn, OPEN)
    denied.forget_closed()


def parsed(sql: str) -> Statement:
    return guard_executor().submit(parse, sql).result()


def explained(sql: str, columns: tuple[denied.Column, ...] = (PHONE,)) -> str:
    """Run the statement, which must fail, and return what is said of it."""
    statement = parsed(sql)
    with pytest.raises(QueryFailed) as failed:
        run_select(statement, current_policy(TICKET), TICKET, limits_for(10))
    return explain_denied(failed.value, statement, columns, PATH, TICKET)


@pytest.mark.proves("DENY-CHECKED")
def test_open_closed_and_missing_columns_are_told_apart(closing: LocalDatabase) -> None:
    columns = [
        PHONE,
        ("tracksolid", "devices", "driver_phone"),
        ("tracksolid", "drivers", "phon"),
        ("tracksolid", "nothing", "phone"),
        ("nowhere", "drivers", "phone"),
        ("tracksolid", "drivers", "ctid"),
        ("tracksolid", "drivers", "'; DROP TABLE x; --"),
    ]
    state = denied_state(columns, TICKET)
    assert state.readable == ["tracksolid.devices.driver_phone"]
    assert sorted(state.missing) == sorted(".".join(column) for column in columns[2:])
    assert readable_denied([PHONE], TICKET) == []
    assert denied_state([], TICKET) == DeniedState([], [])


@pytest.mark.proves("DENY-CHECKED")
def test_partition_that_is_open_under_its_own_name_is_found(engine: LocalDatabase) -> None:
    execute(
        engine.superuser_dsn,
        "CREATE TABLE tracksolid.calls (phone text, day date) PARTITION BY RANGE (day);"
        "CREATE TABLE tracksolid.calls_1 PARTITION OF tracksolid.calls DEFAULT;"
        "REVOKE ALL ON tracksolid.calls FROM analytics_ro;"
        "GRANT SELECT ON tracksolid.calls_1 TO analytics_ro",
    )
    try:
        found = readable_denied([("tracksolid", "calls", "phone")], TICKET)
    finally:
        execute(engine.superuser_dsn, "DROP TABLE tracksolid.calls")
    assert found == ["tracksolid.calls_1.phone"]


@pytest.mark.proves("DENY-SERVES-NOT")
def test_nothing_runs_while_a_denied_column_is_open(
    closing: LocalDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    require_closed((PHONE,), TICKET)
    open_too = (PHONE, ("tracksolid", "devices", "driver_phone"))
    for _ in range(2):
        with caplog.at_level(logging.ERROR), pytest.raises(UnsafeRole, match="personal data"):
            require_closed(open_too, TICKET)
    assert "tracksolid.devices.driver_phone" in caplog.text
    assert "manage.py role_sql" in caplog.text


@pytest.mark.proves("DENY-SERVES-NOT")
def test_answer_holds_for_a_minute_and_for_the_same_list_only(
    closing: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_closed((PHONE,), TICKET)
    execute(closing.superuser_dsn, OPEN)
    require_closed((PHONE,), TICKET)
    with pytest.raises(UnsafeRole):
        require_closed((("tracksolid", "drivers", "full_name"),), TICKET)
    monkeypatch.setattr(denied, "FRESH_SECONDS", -1.0)
    with pytest.raises(UnsafeRole):
        require_closed((PHONE,), TICKET)


@pytest.mark.proves("DENY-EXPLAINED")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT phone FROM tracksolid.drivers",
        "SELECT * FROM tracksolid.drivers",
        "SELECT * FROM drivers",
        "SELECT d FROM tracksolid.drivers AS d",
        "SELECT 1 WHERE EXISTS (SELECT FROM tracksolid.drivers WHERE phone <> '')",
        "WITH x AS (SELECT phone FROM tracksolid.drivers) SELECT count(*) FROM x",
        "SELECT count(*) FROM tracksolid.devices v JOIN tracksolid.drivers d ON d.phone = v.imei",
    ],
)
def test_error_names_what_is_closed_and_what_to_take_instead(
    closing: LocalDatabase, sql: str
) -> None:
    columns = execute(
        closing.superuser_dsn,
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'tracksolid.drivers'::regclass AND attnum > 0",
    )[0][0]
    told = explained(sql)
    assert told.startswith("Closed in tracksolid.drivers: phone (personal data); full_name, ")
    assert told.endswith(" (not granted to this role). Name the columns you need: driver_id, city.")
    assert told.count("Closed in") == 1
    assert all(name in told for name in columns.split())


@pytest.mark.proves("DENY-EXPLAINED")
def test_name_with_a_schema_means_that_schema_only(closing: LocalDatabase) -> None:
    execute(
        closing.superuser_dsn,
        "CREATE VIEW reporting.drivers AS SELECT 1 AS i;"
        "REVOKE ALL ON reporting.drivers FROM analytics_ro",
    )
    try:
        assert explained("SELECT phone FROM tracksolid.drivers").startswith("Closed in tracksolid.")
        assert explained("SELECT * FROM drivers") == (
            "Closed in reporting.drivers: i (not granted to this role). None is open."
        )
    finally:
        execute(closing.superuser_dsn, "DROP VIEW reporting.drivers")


@pytest.mark.proves("DENY-EXPLAINED")
def test_other_errors_and_open_relations_are_not_explained(closing: LocalDatabase) -> None:
    assert explained("SELECT 1 / (city = '')::int FROM tracksolid.drivers") == ""
    privilege = QueryFailed("PostgreSQL: permission denied.", sqlstate="42501")
    for sql in ("SELECT 1", "SELECT * FROM tracksolid.devices", "SELECT * FROM tracksolid.gone"):
        assert explain_denied(privilege, parsed(sql), [PHONE], PATH, TICKET) == ""


@pytest.mark.proves("DENY-EXPLAINED")
def test_long_lists_are_cut(engine: LocalDatabase) -> None:
    names = ", ".join(f"c{n:03} int" for n in range(100))
    execute(
        engine.superuser_dsn,
        f"CREATE TABLE tracksolid.wide ({names}); REVOKE ALL ON tracksolid.wide FROM analytics_ro;"
        "GRANT SELECT (c000) ON tracksolid.wide TO analytics_ro",
    )
    try:
        privilege = QueryFailed("PostgreSQL: permission denied.", sqlstate="42501")
        told = explain_denied(privilege, parsed("TABLE tracksolid.wide"), [], PATH, TICKET)
    finally:
        execute(engine.superuser_dsn, "DROP TABLE tracksolid.wide")
    assert "c001, c002, " in told
    assert "c040 and 59 more (not granted to this role)." in told
