"""The verification list of the specification, a test each, through the official client."""

from __future__ import annotations

import asyncio
import json

import httpx
import psycopg2
import pytest
from psycopg2 import errors

from scripts.demo_db import LocalDatabase
from tests.live import Server

TOP_TEN = """
SELECT cost_centre, sum(distance_km) AS km FROM reporting.v_daily_summary
WHERE day >= date '2026-11-01' - 30 GROUP BY 1 ORDER BY 2 DESC LIMIT 10
"""
TOOLS = {
    "query", "list_schemas", "list_tables", "describe_table", "list_functions", "sample_table",
    "search_catalog", "explain_query",
}  # fmt: skip


@pytest.mark.proves("VERIFY-1-READ")
def test_analytics_ro_counts_the_daily_summary(fleet: LocalDatabase) -> None:
    with psycopg2.connect(fleet.analytics_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM reporting.v_daily_summary")
        row = cursor.fetchone()
    connection.close()
    assert row is not None
    assert row[0] > 0


@pytest.mark.proves("VERIFY-2-NO-CREATE")
def test_analytics_ro_cannot_create_a_table(fleet: LocalDatabase) -> None:
    connection = psycopg2.connect(
        fleet.analytics_dsn, options="-c default_transaction_read_only=off"
    )
    with pytest.raises(errors.InsufficientPrivilege), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE x (i int)")
    connection.close()


@pytest.mark.proves("VERIFY-4-HEALTH")
def test_healthz_is_open_and_ok(server: Server) -> None:
    reply = httpx.get(f"{server.url}/healthz")
    assert reply.status_code == 200
    assert reply.json() == {
        "ok": True, "server": "fireside-analytics", "version": "0.1.0", "tokens": 2,
    }  # fmt: skip


@pytest.mark.proves("VERIFY-4-HEALTH")
def test_healthz_behind_a_proxy_counts_no_tokens(server: Server) -> None:
    reply = httpx.get(f"{server.url}/healthz", headers={"X-Forwarded-For": "198.51.100.7"})
    assert "tokens" not in reply.json()


@pytest.mark.proves("VERIFY-5-READY")
def test_readyz_says_that_both_databases_answer(server: Server) -> None:
    reply = httpx.get(f"{server.url}/readyz")
    assert reply.status_code == 200
    assert reply.json() == {"ok": True, "app_database": "ok", "analytics": "ok"}


@pytest.mark.proves("VERIFY-6-TOOLS")
def test_eight_read_only_tools_with_schemas_for_what_they_return(server: Server) -> None:
    async def listed() -> object:
        async with server.session() as session:
            return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in asyncio.run(listed())}  # type: ignore[attr-defined]
    assert set(tools) == TOOLS
    for tool in tools.values():
        assert tool.annotations.readOnlyHint is True
        assert tool.annotations.destructiveHint is False
        assert tool.outputSchema["type"] == "object"
        assert len(tool.description) > 50


@pytest.mark.proves("VERIFY-6-TOOLS")
def test_schemas_tables_and_functions_are_listed_with_comments(server: Server) -> None:
    schemas = {one["name"]: one for one in server.data("list_schemas")["schemas"]}
    assert set(schemas) == {"reporting", "tracksolid"}
    assert schemas["reporting"]["comment"]
    tables = {one["name"]: one for one in server.data("list_tables", schema="tracksolid")["tables"]}
    assert {"devices", "drivers", "position_history", "live_positions"} <= set(tables)
    assert all(table["comment"] for table in tables.values())
    functions = server.data("list_functions")["functions"]
    named = {one["name"]: one for one in functions}
    assert {"fn_vehicle_track", "fn_cost_centre_distance", "fn_live_positions"} <= set(named)
    assert named["fn_live_positions"]["callable"] is True


@pytest.mark.proves("VERIFY-6-MATVIEW")
def test_materialized_view_shows_its_columns(server: Server) -> None:
    found = server.data("describe_table", schema="reporting", table="v_trips")
    assert (found["name"], found["kind"]) == ("v_trips", "materialized view")
    assert {"imei", "distance_km"} <= {column["name"] for column in found["columns"]}
    assert "v_trips" in {
        table["name"] for table in server.data("list_tables", schema="reporting")["tables"]
    }


@pytest.mark.proves("VERIFY-6-DESCRIBE")
def test_describe_table_has_exact_types_nullability_default_and_comment(server: Server) -> None:
    found = server.data("describe_table", schema="tracksolid", table="devices")
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["imei"]["nullable"] is False
    assert all(column["comment"] for column in columns.values())
    assert {"text", "timestamp with time zone"} <= {column["type"] for column in columns.values()}


@pytest.mark.proves("VERIFY-6-QUERY")
def test_the_first_question_of_the_guide_returns_ten_cost_centres(server: Server) -> None:
    result = server.data("query", sql=TOP_TEN)
    assert result["columns"] == [
        {"name": "cost_centre", "type": "text"}, {"name": "km", "type": "numeric"},
    ]  # fmt: skip
    assert (result["row_count"], result["truncated"], len(result["rows"])) == (10, False, 10)
    distances = [float(row[1]) for row in result["rows"]]
    assert distances == sorted(distances, reverse=True)
    assert result["query_id"] == str(server.last_row()["id"])


@pytest.mark.proves("VERIFY-6-QUERY")
def test_sample_table_shows_rows(server: Server) -> None:
    result = server.data("sample_table", schema="reporting", table="cost_centres", n=3)
    assert result["row_count"] == 3


@pytest.mark.proves("VERIFY-7-GUARD")
def test_update_is_rejected_by_the_guard(server: Server, fleet: LocalDatabase) -> None:
    text = server.error("query", sql="UPDATE reporting.refresh_log SET notes='x'")
    assert text.startswith("[not_select] This is UPDATE")
    assert "Write one SELECT" in text
    row = server.last_row()
    assert (row["outcome"], row["reason"], row["rows"]) == ("refused", "not_select", None)


@pytest.mark.proves("VERIFY-9-LINE")
def test_one_line_a_query_with_caller_sql_rows_and_ms(server: Server) -> None:
    server.data("query", sql="SELECT 1,\n'line two'")
    row = server.last_row()
    lines = [line for line in server.log().splitlines() if f"query={row['id']} " in line]
    assert len(lines) == 1
    for part in ('caller="alice"', 'tool="query"', "outcome=ok", "rows=1", "ms="):
        assert part in lines[0]
    assert json.dumps("SELECT 1,\n'line two'") in lines[0]
