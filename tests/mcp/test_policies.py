"""What a person's policy lets them do, through the real server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.live import Server, rpc, start_server, until
from tests.mcp.test_endpoint import call, event

GENEROUS = {
    "schemas": "", "max_rows": 10_000, "max_characters": 2_000_000, "max_cell": 10_000,
    "statement_timeout_s": 30, "queries_per_minute": 1_000_000, "concurrent_queries": 1_000,
    "rows_per_day": 10**9, "may_export": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def limited(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server whose default policy these tests change."""
    with start_server(tmp_path_factory.mktemp("limited"), fleet.analytics_dsn) as running:
        yield running


@pytest.fixture
def server(limited: Server) -> Iterator[Server]:
    """Give the default policy back after each test."""
    yield limited
    limited.policy(**GENEROUS)


@pytest.mark.proves("POLICY-ENFORCED")
def test_schema_outside_of_the_policy_does_not_exist_for_the_person(server: Server) -> None:
    server.policy(schemas="reporting")
    assert [one["name"] for one in server.data("list_schemas")["schemas"]] == ["reporting"]
    for sql in ("SELECT * FROM tracksolid.devices", "SELECT * FROM devices"):
        text = server.error("query", sql=sql)
        assert text.startswith(("[schema_not_readable]", "[unknown_relation]"))
        assert "tracksolid," not in text
    text = server.error("query", sql="SELECT table_name FROM information_schema.tables")
    assert text.startswith("[catalog_not_readable]")
    for sql in ("SELECT NULL::tracksolid.devices", "SELECT tracksolid.secret_function()"):
        assert server.error("query", sql=sql).startswith(("[type_not", "[unknown_function]"))
    for tool in ("list_tables", "list_functions"):
        assert server.error(tool, schema="tracksolid").startswith("[schema_not_readable]")
    for tool in ("describe_table", "sample_table"):
        text = server.error(tool, schema="tracksolid", table="devices")
        assert text.startswith("[schema_not_readable]")
    found = server.data("search_catalog", text="imei")["found"]
    assert {item["schema"] for item in found} == {"reporting"}
    assert len(server.data("search_catalog", text="fuel", limit=1)["found"]) == 1
    described = server.data("describe_table", schema="reporting", table="v_trips")
    assert "definition" not in described
    assert server.data("query", sql="SELECT count(*) FROM v_trips")["row_count"] == 1


@pytest.mark.proves("POLICY-ENFORCED")
def test_rows_characters_cells_time_and_export_are_the_policys(server: Server) -> None:
    server.policy(
        max_rows=5, max_characters=1000, max_cell=100, statement_timeout_s=1, may_export=False
    )
    many = server.data("query", sql="SELECT i FROM generate_series(1, 50) i")
    assert (many["row_count"], many["truncated_by"]) == (5, "rows")
    assert "max_rows was set to 5: it must be from 1 to 5." in many["notes"]
    large = server.data("query", sql="SELECT repeat('x', 90) || i FROM generate_series(1, 50) i",
                        max_rows=5)  # fmt: skip
    assert large["row_count"] == 5
    cell = server.data("query", sql="SELECT repeat('x', 900)", max_rows=5)
    assert (len(cell["rows"][0][0]), cell["truncated_by"]) == (101, "cell")
    assert server.error("query", sql="SELECT reporting.test_sleep(9)").startswith("[timed_out")
    assert server.error("query", sql="SELECT 1", format="csv").startswith("[no_export]")


@pytest.mark.proves("POLICY-ENFORCED")
def test_limits_by_the_minute_and_the_day_say_when_they_free(server: Server) -> None:
    server.policy(rows_per_day=1)
    server.call("query", sql="SELECT 'the last row of today'")
    text = server.error("query", sql="SELECT 1")
    assert re.match(r"\[rows_per_day\] .* 00:00 UTC", text)
    server.policy(rows_per_day=10**9, queries_per_minute=1)
    text = server.error("query", sql="SELECT 1")
    assert re.match(r"\[queries_per_minute\] .* Try again in \d+ s", text)
    row = server.last_row()
    assert (row["outcome"], row["reason"]) == ("refused", "queries_per_minute")


@pytest.mark.proves("POLICY-ENFORCED")
def test_only_so_many_questions_of_one_person_run_at_a_time(server: Server) -> None:
    server.policy(concurrent_queries=2)
    with ThreadPoolExecutor(8) as clients:
        asked = [
            clients.submit(server.call, "query", sql=f"SELECT reporting.test_sleep(1.5) /*{i}*/")
            for i in range(6)
        ]
        other = clients.submit(server.data, "query", "bob", sql="SELECT 1")
        assert other.result()["rows"] == [[1]]
    errors = [str(question.result().content) for question in asked if question.result().isError]
    assert len(errors) == 4
    assert all("[concurrent_queries]" in text for text in errors)


@pytest.mark.proves("CANCEL-ANYWHERE")
@pytest.mark.parametrize("busy", [False, True])
def test_mark_on_the_row_stops_a_running_or_waiting_question(
    server: Server, fleet: LocalDatabase, busy: bool
) -> None:
    sql = f"SELECT reporting.test_sleep(25) /* marked {busy} */"
    body = call("query", {"sql": sql})
    with ThreadPoolExecutor(12) as clients:
        blocking = [
            clients.submit(server.call, "query", "bob", sql=f"SELECT {i}, reporting.test_sleep(4)")
            for i in range(9 if busy else 0)
        ]
        if busy:
            until(lambda: len(server.rows("outcome = 'running'")) == 9, 10)
        asked = clients.submit(
            httpx.post, f"{server.url}/mcp", content=body, headers=server.headers(), timeout=60
        )
        until(lambda: server.rows("q.sql = ? AND outcome = 'running'", sql), 10)
        row = server.rows("q.sql = ?", sql)[0]
        assert "marked" in server.manage("cancel_query", str(row["id"]), "--by=tess")
        until(lambda: server.rows("q.sql = ?", sql)[0]["outcome"] == "cancelled", 2.5)
        assert "cancelled (tess)" in asked.result().text
        assert [question.result().isError for question in blocking] == [False] * len(blocking)
    active = f"SELECT 1 FROM pg_stat_activity WHERE query LIKE '%marked {busy}%' " \
             "AND state = 'active' AND usename = 'analytics_ro'"  # fmt: skip
    until(lambda: not execute(fleet.superuser_dsn, active), 2)


@pytest.mark.proves("CANCEL-ANYWHERE")
def test_client_stops_its_own_call_by_notification_and_nobody_elses(server: Server) -> None:
    sql = "SELECT reporting.test_sleep(25) /* notified */"
    body = rpc("tools/call", {"name": "query", "arguments": {"sql": sql}}, ident="my-call")
    stop = rpc("notifications/cancelled", {"requestId": "my-call"}).replace('"id": 1, ', "")

    def notify(who: str) -> None:
        reply = httpx.post(f"{server.url}/mcp", content=stop, headers=server.headers(who))
        assert reply.status_code == 202

    with ThreadPoolExecutor(1) as client:
        asked = client.submit(
            httpx.post, f"{server.url}/mcp", content=body, headers=server.headers(), timeout=60
        )
        until(lambda: server.rows("q.sql = ? AND outcome = 'running'", sql), 10)
        notify("bob")
        assert server.rows("q.sql = ?", sql)[0]["cancel_requested_by"] == ""
        notify("alice")
        until(lambda: server.rows("q.sql = ?", sql)[0]["outcome"] == "cancelled", 2.5)
        assert event(asked.result())["result"]["isError"] is True


def run_as_dba(fleet: LocalDatabase, script: str) -> None:
    """Feed a script to psql as a superuser."""
    psql = fleet.cluster.bin_dir / "psql"
    subprocess.run([psql, "-qX", fleet.superuser_dsn], input=script, text=True, check=True)


@pytest.mark.proves("DENY-SERVED")
def test_denied_column_stops_the_server_until_closed_and_is_told_after(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    code = (
        "from accounts.denials import deny_column;"
        "deny_column(schema='tracksolid', table='drivers', column='phone', reason='personal data')"
    )
    with start_server(tmp_path_factory.mktemp("denied"), fleet.analytics_dsn) as server:
        server.manage("shell", "-c", code)
        assert server.error("query", sql="SELECT 1").startswith("[unsafe_role]")
        assert "Denied columns are readable: tracksolid.drivers.phone" in server.log()
        run_as_dba(fleet, server.manage("role_sql"))
        try:
            assert server.data("query", sql="SELECT 1")["rows"] == [[1]]
            text = server.error("query", sql="SELECT * FROM tracksolid.drivers")
            assert "Closed in tracksolid.drivers: phone (personal data)" in text
            assert "Name the columns you need: driver_id" in text
            sample = server.data("sample_table", schema="tracksolid", table="drivers", n=2)
            assert "phone" not in [column["name"] for column in sample["columns"]]
            table = server.data("describe_table", schema="tracksolid", table="drivers")
            marked = [one["name"] for one in table["columns"] if one.get("readable") is False]
            assert marked == ["phone"]
        finally:
            server.manage("shell", "-c", "from accounts.models import DeniedColumn as D;"
                          "[c.delete() for c in D.objects.all()]")  # fmt: skip
            run_as_dba(fleet, server.manage("role_sql"))
