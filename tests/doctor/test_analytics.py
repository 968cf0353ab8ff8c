"""Each check of the analytics database is content with a good one, and finds what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pytest_django import Settings

from fleetmcp.doctor import clock, grants, layers, reach, role, sessions, versions
from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.doctor.conftest import Check, assert_content, given, said

RO = "analytics_ro"
GOOD: list[Check] = [
    reach.configured, reach.resolved, reach.connected, reach.readable,
    layers.privileges, layers.role_default, layers.connection_default, layers.transaction,
    layers.guard, layers.override,
    role.rights, role.temporary, role.elsewhere, role.side_effects, role.limits, role.connections,
    grants.schemas, grants.relations, grants.future, grants.others, grants.personal_data,
    grants.unlisted,
    versions.postgresql, versions.extensions, clock.analytics,
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_denied_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the app database out of it."""
    monkeypatch.setattr(grants, "denied_columns", lambda: ())


@pytest.mark.proves("DOCTOR-ANALYTICS")
@pytest.mark.parametrize("check", GOOD, ids=lambda check: f"{check.__module__}.{check.__name__}")
def test_check_is_content_with_a_role_made_by_our_script(
    engine: LocalDatabase, check: Check
) -> None:
    assert_content(check)


@pytest.mark.proves("DOCTOR-ANALYTICS")
@pytest.mark.parametrize(
    ("check", "change", "found"),
    [
        (layers.privileges, (f"GRANT CREATE ON SCHEMA reporting TO {RO}",
         f"REVOKE CREATE ON SCHEMA reporting FROM {RO}"), "fail: .*did not stop CREATE TABLE"),
        (layers.privileges, (f"GRANT SELECT, DELETE ON reporting.cost_centres TO {RO}",
         f"REVOKE DELETE ON reporting.cost_centres FROM {RO}"), "fail: .*did not stop DELETE"),
        (layers.role_default, (f"ALTER ROLE {RO} SET default_transaction_read_only = off",
         f"ALTER ROLE {RO} SET default_transaction_read_only = on"), "fail: .*is off"),
        (role.rights, (f"ALTER ROLE {RO} CREATEDB", f"ALTER ROLE {RO} NOCREATEDB"),
         "fail: The role: it may create databases"),
        (role.rights, (f"GRANT UPDATE (notes) ON reporting.refresh_log TO {RO}",
         f"REVOKE UPDATE (notes) ON reporting.refresh_log FROM {RO}"),
         "fail: The role: it may write reporting.refresh_log"),
        (role.temporary, (f"GRANT TEMPORARY ON DATABASE tracksolid_db TO {RO}",
         f"REVOKE TEMPORARY ON DATABASE tracksolid_db FROM {RO}"), "warn: .*temporary tables"),
        (role.elsewhere, ("CREATE DATABASE payroll", "DROP DATABASE payroll"), "warn: .*payroll"),
        *((role.limits, (f"ALTER ROLE {RO} SET {name} = '{none}'",
           f"ALTER ROLE {RO} SET {name} = '{value}'"), f"warn: The role has no {name}")
          for name, none, value in (
              ("statement_timeout", "0", "30s"),
              ("idle_in_transaction_session_timeout", "0", "60s"),
              ("lock_timeout", "0", "5s"), ("temp_file_limit", "-1", "2GB"))),
        (role.connections, (f"ALTER ROLE {RO} CONNECTION LIMIT -1",
         f"ALTER ROLE {RO} CONNECTION LIMIT 50"), "warn: .*all 100 connections"),
        (role.connections, (f"ALTER ROLE {RO} CONNECTION LIMIT 9",
         f"ALTER ROLE {RO} CONNECTION LIMIT 50"), "fail: The role may have 9 connections"),
        (role.connections, (f"ALTER ROLE {RO} VALID UNTIL '2099-01-01'",
         f"ALTER ROLE {RO} VALID UNTIL 'infinity'"), "ok: The role may have 50"),
        (role.connections, (f"ALTER ROLE {RO} VALID UNTIL 'tomorrow'",
         f"ALTER ROLE {RO} VALID UNTIL 'infinity'"), "fail: The role's password is valid until"),
        (grants.schemas, (f"REVOKE USAGE ON SCHEMA tracksolid FROM {RO}",
         f"GRANT USAGE ON SCHEMA tracksolid TO {RO}"), "fail: .*may not use schema tracksolid"),
        (reach.readable, (f"REVOKE USAGE ON SCHEMA tracksolid FROM {RO}",
         f"GRANT USAGE ON SCHEMA tracksolid TO {RO}"), "fail: Nothing can be read in tracksolid"),
        (grants.relations, (f"REVOKE SELECT ON tracksolid.alarms FROM {RO}",
         f"GRANT SELECT ON tracksolid.alarms TO {RO}"), "warn: Not readable: tracksolid.alarms"),
        (grants.future, ("CREATE ROLE fuel_owner; CREATE TABLE reporting.fuel (i int);"
         "ALTER TABLE reporting.fuel OWNER TO fuel_owner",
         "DROP TABLE reporting.fuel; DROP ROLE fuel_owner"),
         "warn: .*those of fuel_owner in reporting"),
        (grants.others, (f"CREATE SCHEMA hr; CREATE TABLE hr.pay (i int); GRANT USAGE ON SCHEMA hr "
         f"TO {RO}; GRANT SELECT ON hr.pay TO {RO}", "DROP SCHEMA hr CASCADE"),
         r"warn: .*hr\.pay"),
        (grants.unlisted, (f"REVOKE SELECT ON tracksolid.drivers FROM {RO};"
         f"GRANT SELECT (full_name) ON tracksolid.drivers TO {RO}",
         f"REVOKE SELECT ON tracksolid.drivers FROM {RO};"
         f"GRANT SELECT ON tracksolid.drivers TO {RO}"),
         r"warn: Closed, though on no deny-list: .*tracksolid\.drivers\."),
        (role.side_effects, ("REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC",
         "GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO PUBLIC"), "ok: 25 built-in"),
    ],
)  # fmt: skip
def test_drift_in_the_database_is_found(
    engine: LocalDatabase, check: Check, change: tuple[str, str], found: str
) -> None:
    with given(engine, *change):
        text = said(check)
    assert_matches(found, text)
    assert_content(check)


def assert_matches(pattern: str, text: str) -> None:
    """Fail with the text when the pattern is not in it."""
    assert re.search(pattern, text), text


@pytest.mark.proves("DOCTOR-ANALYTICS")
@pytest.mark.parametrize(
    ("check", "change", "found"),
    [
        (reach.configured, {"ENGINE": "django.db.backends.dummy"}, "fail: DATABASE_URL is not set"),
        (reach.configured, {"USER": "postgres"}, "warn: The user of DATABASE_URL is postgres"),
        (reach.resolved, {"HOST": "nowhere.invalid"}, "fail: The name nowhere.invalid"),
        (reach.connected, {"HOST": "nowhere.invalid"}, "fail: .*the host's name is unknown here"),
        (reach.connected, {"PORT": "1"}, "fail: .*nothing listens on that host and port"),
        (reach.connected, {"PASSWORD": "guessed"}, "fail: .*the password is wrong"),
        (reach.connected, {"NAME": "elsewhere"}, "fail: .*no such database or role"),
    ],
)
def test_wrong_dsn_is_told_without_its_password(
    alias: dict[str, Any], check: Check, change: dict[str, str], found: str
) -> None:
    secret = alias["PASSWORD"]
    alias.update(change)
    text = said(check)
    assert_matches(found, text)
    assert secret not in text
    assert "guessed" not in text


@pytest.mark.proves("DOCTOR-ANALYTICS")
def test_pooler_that_drops_our_startup_options_is_found(alias: dict[str, Any]) -> None:
    alias["OPTIONS"] = {**alias["OPTIONS"], "options": ""}
    assert "warn: Our startup options do not reach" in said(layers.connection_default)


@pytest.mark.proves("DOCTOR-ANALYTICS")
def test_session_that_is_not_read_only_is_found(
    alias: dict[str, Any], engine: LocalDatabase
) -> None:
    off = "-c default_transaction_read_only=off"
    alias["OPTIONS"] = {**alias["OPTIONS"], "options": off}
    assert "fail: Our own connections are not" in said(layers.connection_default)


@pytest.mark.proves("DOCTOR-ANALYTICS")
def test_transaction_that_would_write_is_found_and_rolled_back(
    engine: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def writing(**words: Any) -> Iterator[Any]:
        with sessions.session(options=words["options"], readonly=False) as cursor:
            yield cursor

    monkeypatch.setattr(layers, "session", writing)
    ro = "ON SCHEMA reporting"
    with given(engine, f"GRANT CREATE {ro} TO {RO}", f"REVOKE CREATE {ro} FROM {RO}"):
        assert "fail: A READ ONLY transaction did not stop" in said(layers.transaction)
    left = f"SELECT to_regclass('reporting.{sessions.PROBE}')"
    assert execute(engine.superuser_dsn, left) == [(None,)]


@pytest.mark.proves("DOCTOR-ANALYTICS")
def test_statement_that_the_guard_lets_through_is_named(
    engine: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "WRITES", ("SELECT 1",))
    assert "fail: The guard let through: SELECT 1" in said(layers.guard)


@pytest.mark.proves("DOCTOR-ANALYTICS")
def test_switch_for_unsafe_roles_is_found(settings: Settings) -> None:
    settings.ANALYTICS_ALLOW_UNSAFE_ROLE = True
    assert "fail: ANALYTICS_ALLOW_UNSAFE_ROLE is on" in said(layers.override)


@pytest.mark.proves("DOCTOR-ANALYTICS")
def test_schema_that_is_not_there_is_found(engine: LocalDatabase, settings: Settings) -> None:
    settings.ANALYTICS_SCHEMAS = ["reporting", "fuel"]
    assert "fail: There is no schema fuel" in said(grants.schemas)
    assert "fail: Nothing can be read in fuel" in said(reach.readable)


@pytest.mark.proves("DOCTOR-ANALYTICS")
def test_denied_column_that_is_open_or_gone_is_found(
    engine: LocalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = (("tracksolid", "drivers", "phone"), ("tracksolid", "drivers", "shoe_size"))
    monkeypatch.setattr(grants, "denied_columns", lambda: listed)
    text = said(grants.personal_data)
    assert "fail: Denied columns are readable: tracksolid.drivers.phone" in text
    assert "warn: Denied columns do not exist: tracksolid.drivers.shoe_size" in text


@pytest.mark.proves("DOCTOR-ANALYTICS")
@pytest.mark.parametrize(
    ("judge", "value", "level"),
    [
        (lambda v: versions.judged_postgresql(v, "x"), 14, "warn"),
        (lambda v: versions.judged_postgresql(v, "x"), 15, "ok"),
        (lambda v: versions.judged_postgresql(v, "x"), 19, "warn"),
        (versions.judged_postgis, "3.3.2", "warn"),
        (versions.judged_postgis, "3.5.2", "warn"),
        (versions.judged_postgis, "3.6.0", "ok"),
        (lambda v: [clock.judged("app", v)], 0.1, "ok"),
        (lambda v: [clock.judged("app", v)], 3.0, "warn"),
        (lambda v: [clock.judged("app", v)], 31.0, "fail"),
    ],
)
def test_versions_and_clocks_are_judged(judge: Any, value: object, level: str) -> None:
    assert [line.level for line in judge(value)] == [level]


@pytest.mark.proves("DOCTOR-ANALYTICS")
def test_clock_is_not_blamed_for_the_time_that_the_way_takes() -> None:
    assert clock.apart(100.0, 103.0, 101.5) == 0.0
    assert clock.apart(100.0, 101.0, 99.0) == 1.0
    assert clock.apart(100.0, 101.0, 104.0) == 3.0
