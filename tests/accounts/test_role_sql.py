"""The deny-list as the DBA runs it, on a real PostgreSQL."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator

import psycopg2
import pytest
from django.core.management import call_command
from psycopg2 import errors
from psycopg2.extensions import parse_dsn

from accounts.denials import allow_column, deny_column
from accounts.models import DeniedColumn
from scripts.demo_db import LocalDatabase
from tests.database import execute

ODD = """Driver's "phone" \\ :x %s"""
TRICKS = [
    "SELECT phone FROM tracksolid.drivers",
    "SELECT * FROM tracksolid.drivers",
    "SELECT d FROM tracksolid.drivers d",
    "SELECT row_to_json(d) FROM tracksolid.drivers d",
    "SELECT count(*) FROM tracksolid.drivers WHERE phone LIKE '+254%'",
    "SELECT driver_id FROM tracksolid.drivers ORDER BY phone",
    "TABLE tracksolid.drivers",
]


def role_sql(*options: str) -> str:
    out = io.StringIO()
    call_command("role_sql", *options, stdout=out)
    return out.getvalue()


def apply(local: LocalDatabase, script: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the DBA does: psql, on stdin."""
    psql = local.cluster.bin_dir / "psql"
    return subprocess.run(
        [psql, "-X", "-q", "-d", local.superuser_dsn],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )


def applied(local: LocalDatabase, script: str) -> str:
    done = apply(local, script)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def deny(column: str, table: str = "drivers", schema: str = "tracksolid") -> None:
    deny_column(schema=schema, table=table, column=column, reason="personal data")


def refused(local: LocalDatabase, sql: str) -> bool:
    try:
        execute(local.analytics_dsn, f"{sql} LIMIT 1")
    except errors.InsufficientPrivilege:
        return True
    return False


def closed(local: LocalDatabase) -> list[tuple[str, ...]]:
    return execute(
        local.superuser_dsn,
        "SELECT attrelid::regclass::text, attname::text FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = attrelid WHERE relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND relnamespace IN ('tracksolid'::regnamespace, 'reporting'::regnamespace)"
        " AND attnum > 0 AND NOT attisdropped"
        " AND NOT has_column_privilege('analytics_ro', attrelid, attnum, 'SELECT') ORDER BY 1, 2",
    )


@pytest.fixture
def local(fleet: LocalDatabase, db: None) -> Iterator[LocalDatabase]:
    """The fleet, with everything open again afterwards."""
    yield fleet
    DeniedColumn.objects.all().delete()
    applied(fleet, role_sql())
    assert closed(fleet) == []


@pytest.mark.proves("DENY-SQL")
@pytest.mark.parametrize("sql", TRICKS)
def test_denied_column_is_closed_to_every_trick_and_opens_when_it_is_taken_off(
    local: LocalDatabase, sql: str
) -> None:
    deny("phone")
    assert "closed: tracksolid.drivers.phone" in applied(local, role_sql())
    assert closed(local) == [("tracksolid.drivers", "phone")]
    assert refused(local, sql)
    assert not refused(local, "SELECT driver_id, full_name FROM tracksolid.drivers")

    allow_column(denied=DeniedColumn.objects.get())
    assert "open again: tracksolid.drivers" in applied(local, role_sql())
    assert not refused(local, sql)


@pytest.mark.proves("DENY-SQL")
def test_second_run_changes_nothing(local: LocalDatabase) -> None:
    grants = "SELECT relname, relacl::text, (SELECT string_agg(attname || attacl::text, ','"
    grants += " ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid) FROM pg_class c"
    grants += " WHERE relnamespace = 'tracksolid'::regnamespace ORDER BY 1"
    deny("phone")
    deny("driver_phone", "devices")
    applied(local, role_sql())
    before = execute(local.superuser_dsn, grants)
    applied(local, role_sql())
    assert execute(local.superuser_dsn, grants) == before
    assert closed(local) == [
        ("tracksolid.devices", "driver_phone"),
        ("tracksolid.drivers", "phone"),
    ]


@pytest.mark.proves("DENY-SQL")
def test_password_stays_and_none_is_printed(local: LocalDatabase) -> None:
    deny("phone")
    stored = "SELECT rolpassword FROM pg_authid WHERE rolname = 'analytics_ro'"
    before = execute(local.superuser_dsn, stored)
    applied(local, role_sql())
    assert execute(local.superuser_dsn, stored) == before
    for script in (role_sql(), role_sql("--full")):
        assert parse_dsn(local.analytics_dsn)["password"] not in script


@pytest.mark.proves("DENY-SQL-QUOTED")
def test_odd_names_are_closed_and_change_nothing_else(local: LocalDatabase) -> None:
    name = ODD.replace('"', '""')
    with psycopg2.connect(local.superuser_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(f'CREATE TABLE tracksolid."{name}" ("{name}" int, "to" int)')
        cursor.execute(f'GRANT SELECT ON tracksolid."{name}" TO analytics_ro')
    connection.close()
    try:
        deny(ODD, ODD)
        for script in (role_sql(), with_password(local, role_sql("--full"))):
            applied(local, script)
            columns = [column for _, column in closed(local)]
            assert columns == [ODD]
            assert not refused(local, f'SELECT "to" FROM tracksolid."{name}"')
    finally:
        execute(local.superuser_dsn, f'DROP TABLE tracksolid."{name}"')


@pytest.mark.proves("DENY-SQL-QUOTED")
@pytest.mark.parametrize(
    "text", ["'); DROP TABLE tracksolid.drivers; --", "\\'; \\! touch /tmp/x", ":'password'", "$$"]
)
def test_hostile_name_or_reason_runs_nothing(local: LocalDatabase, text: str) -> None:
    deny_column(schema="tracksolid", table="drivers", column="phone", reason=text)
    deny(text.replace(".", "_"))
    assert "no such column" in applied(local, role_sql())
    assert closed(local) == [("tracksolid.drivers", "phone")]


@pytest.mark.proves("DENY-SQL")
def test_missing_column_is_pointed_out_and_the_others_are_closed(local: LocalDatabase) -> None:
    deny("phon")
    deny("phone")
    said = applied(local, role_sql())
    assert "no such column, nothing to close: tracksolid.drivers.phon;" in said
    assert closed(local) == [("tracksolid.drivers", "phone")]


@pytest.mark.proves("DENY-SQL")
def test_column_that_public_may_read_undoes_the_whole_run(local: LocalDatabase) -> None:
    execute(local.superuser_dsn, "GRANT SELECT (phone) ON tracksolid.drivers TO PUBLIC")
    try:
        deny("phone")
        deny("driver_phone", "devices")
        done = apply(local, role_sql())
        assert done.returncode != 0
        assert "still readable though denied: tracksolid.drivers.phone" in done.stderr
        assert closed(local) == []
    finally:
        execute(local.superuser_dsn, "REVOKE SELECT (phone) ON tracksolid.drivers FROM PUBLIC")


@pytest.mark.proves("DENY-SQL")
def test_partitions_are_closed_with_their_parent(local: LocalDatabase) -> None:
    execute(
        local.superuser_dsn,
        "CREATE TABLE tracksolid.calls (phone text, day date) PARTITION BY RANGE (day);"
        "CREATE TABLE tracksolid.calls_1 PARTITION OF tracksolid.calls DEFAULT;"
        "CREATE VIEW reporting.v_calls AS SELECT phone AS number FROM tracksolid.calls;"
        "GRANT SELECT ON tracksolid.calls, tracksolid.calls_1, reporting.v_calls TO analytics_ro",
    )
    try:
        deny("phone", "calls")
        said = applied(local, role_sql())
        assert closed(local) == [("tracksolid.calls", "phone"), ("tracksolid.calls_1", "phone")]
        assert "may show it; deny their columns too, or change them: reporting.v_calls" in said
        assert not refused(local, "SELECT day FROM tracksolid.calls_1")
    finally:
        execute(local.superuser_dsn, "DROP TABLE tracksolid.calls CASCADE")


@pytest.mark.proves("DENY-SQL")
def test_table_that_the_role_may_not_read_at_all_is_not_opened(local: LocalDatabase) -> None:
    execute(local.superuser_dsn, "REVOKE SELECT ON tracksolid.drivers FROM analytics_ro")
    try:
        deny("phone")
        applied(local, role_sql())
        assert refused(local, "SELECT city FROM tracksolid.drivers")
    finally:
        execute(local.superuser_dsn, "GRANT SELECT ON tracksolid.drivers TO analytics_ro")


@pytest.mark.proves("DENY-SQL-FULL")
def test_full_script_needs_only_the_password_and_closes_the_same(local: LocalDatabase) -> None:
    deny("phone")
    done = apply(local, role_sql("--full"))
    assert done.returncode != 0
    assert "no password was given" in done.stderr
    said = applied(local, with_password(local, role_sql("--full")))
    assert "denied: tracksolid.drivers.phone" in said
    assert closed(local) == [("tracksolid.drivers", "phone")]


def with_password(local: LocalDatabase, script: str) -> str:
    """Put the password before the script, the same as now: others use this server."""
    return f"\\set password '{parse_dsn(local.analytics_dsn)['password']}'\n{script}"
