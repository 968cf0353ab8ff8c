"""The record of a call says what the call read, through the running server."""

from __future__ import annotations

import sqlite3

import pytest

from tests.live import Server


def touched(server: Server) -> set[str]:
    """Return what the newest call touched; what it read through something else has a tilde."""
    with sqlite3.connect(server.home / "app.sqlite3", timeout=10) as database:
        rows = database.execute(
            "SELECT t.direct, o.schema, o.name, o.column FROM audit_touchedobject t"
            " JOIN audit_catalogobject o ON o.id = t.object_id"
            " WHERE t.query_id = (SELECT max(id) FROM audit_querylog)"
        ).fetchall()
    return {("" if direct else "~") + ".".join(filter(None, names)) for direct, *names in rows}


@pytest.mark.proves("TOUCHED-RECORDED")
def test_query_leaves_what_it_read_and_its_fingerprint(server: Server) -> None:
    sql = "SELECT vehicle_number FROM reporting.v_live_positions WHERE speed_kmh > {}"
    server.data("query", sql=sql.format(5))
    first = server.last_row()
    found = touched(server)
    assert {name for name in found if not name.startswith("~")} == {
        "reporting.v_live_positions",
        "reporting.v_live_positions.vehicle_number",
        "reporting.v_live_positions.speed_kmh",
    }
    assert {"~tracksolid.devices.vehicle_number", "~tracksolid.live_positions.speed"} <= found
    server.data("query", sql=sql.format(6))
    assert len(first["fingerprint"]) == 16
    assert server.last_row()["fingerprint"] == first["fingerprint"]


@pytest.mark.proves("TOUCHED-RECORDED")
def test_refused_query_touched_nothing_but_has_a_fingerprint(server: Server) -> None:
    server.error("query", sql="SELECT phone FROM tracksolid.drivers; SELECT 1")
    assert touched(server) == set()
    assert len(server.last_row()["fingerprint"]) == 16
    server.error("query", sql="SELECT FROM WHERE")
    assert server.last_row()["fingerprint"] == ""


@pytest.mark.proves("TOUCHED-RECORDED")
def test_failed_query_leaves_what_it_would_have_read(server: Server) -> None:
    server.error("query", sql="SELECT 1 / (speed - speed) FROM tracksolid.live_positions")
    assert server.last_row()["outcome"] == "failed"
    assert touched(server) == {"tracksolid.live_positions", "tracksolid.live_positions.speed"}


@pytest.mark.proves("TOUCHED-RECORDED")
def test_sample_touches_every_column_of_the_table(server: Server) -> None:
    server.data("sample_table", schema="reporting", table="cost_centres", n=2)
    columns = "code name city department monthly_budget_kes active".split()
    expected = {f"reporting.cost_centres.{name}" for name in columns}
    assert touched(server) == {"reporting.cost_centres", *expected}
    assert len(server.last_row()["fingerprint"]) == 16


@pytest.mark.proves("TOUCHED-EXPLAIN")
def test_description_touches_columns_a_plan_tables_and_a_list_nothing(server: Server) -> None:
    server.data("describe_table", schema="reporting", table="refresh_log")
    columns = "id refreshed_at object_name duration_ms notes".split()
    expected = {f"reporting.refresh_log.{name}" for name in columns}
    assert touched(server) == {"reporting.refresh_log", *expected}
    server.data("explain_query", sql="SELECT trip_id FROM reporting.v_trips")
    found = touched(server)
    assert "reporting.v_trips" in found
    assert {name.count(".") for name in found} == {1}
    server.data("list_tables", schema="reporting")
    assert touched(server) == set()


@pytest.mark.proves("TOUCHED-TIMES")
def test_row_says_how_long_the_call_was_in_the_database(server: Server) -> None:
    server.data("query", sql="SELECT reporting.test_sleep(0.3)")
    row = server.last_row()
    assert row["waited_ms"] == 0
    assert 300 <= row["database_ms"] <= row["duration_ms"]


@pytest.mark.proves("TOUCHED-WHO-COMMAND")
def test_command_finds_the_analyst_who_read_a_column(server: Server) -> None:
    server.data("query", who="bob", sql="SELECT licence_number FROM tracksolid.drivers LIMIT 1")
    told = server.manage("who_read", "tracksolid.drivers.licence_number", "--limit", "1")
    assert f"bob  query {server.last_row()['id']}  query  directly" in told
