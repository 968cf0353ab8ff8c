"""When things break: nothing runs unrecorded, and everything comes back by itself."""

from __future__ import annotations

import re
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.live import Server, rpc, start_server, until


@pytest.mark.proves("AUDIT-CRASH")
def test_after_kill_9_under_load_every_statement_in_postgresqls_log_has_a_row(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def keep_asking(server: Server, worker: int) -> None:
        for number in range(10_000):
            sql = f"SELECT 'kill-9 {worker}-{number}'"
            body = rpc("tools/call", {"name": "query", "arguments": {"sql": sql}})
            try:
                httpx.post(f"{server.url}/mcp", content=body, headers=server.headers())
            except httpx.TransportError:
                return

    with start_server(tmp_path_factory.mktemp("killed"), fleet.analytics_dsn) as server:
        with ThreadPoolExecutor(6) as clients:
            for worker in range(6):
                clients.submit(keep_asking, server, worker)
            until(lambda: len(server.rows()) > 150, 30)
            server.stop(signal.SIGKILL)
        logged = set(re.findall(r"'kill-9 \d+-\d+'", fleet.cluster.log_file.read_text()))
        ran = {row["sql"].removeprefix("SELECT ") for row in server.rows()}
        assert len(logged) > 100
        assert logged <= ran
        server.start()
        assert server.data("query", sql="SELECT 1")["rows"] == [[1]]


@pytest.mark.proves("AUDIT-FAIL-CLOSED")
def test_call_that_cannot_be_recorded_does_not_run(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with start_server(tmp_path_factory.mktemp("unrecorded"), fleet.analytics_dsn) as server:
        with sqlite3.connect(server.home / "app.sqlite3") as database:
            database.execute("ALTER TABLE audit_querylog RENAME TO gone")
        for tool, arguments in (("query", {"sql": "SELECT 'unrecorded'"}), ("list_schemas", {})):
            text = server.error(tool, **arguments)
            assert text.startswith("[not_recorded] The audit record of this call could not be")
        assert server.post(b"{").status_code == 503
        assert "unrecorded'" not in fleet.cluster.log_file.read_text()
        with sqlite3.connect(server.home / "app.sqlite3") as database:
            database.execute("ALTER TABLE gone RENAME TO audit_querylog")
        assert server.data("query", sql="SELECT 2")["rows"] == [[2]]


@pytest.mark.proves("DATABASE-DOWN")
def test_server_starts_without_the_database_and_recovers_by_itself(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fleet.cluster.stop()
    try:
        with start_server(tmp_path_factory.mktemp("down"), fleet.analytics_dsn) as server:
            assert httpx.get(f"{server.url}/healthz").status_code == 200
            ready = httpx.get(f"{server.url}/readyz")
            assert (ready.status_code, ready.json()["analytics"]) == (503, "database_unavailable")
            text = server.error("query", sql="SELECT 1")
            assert text.startswith("[database_unavailable]")
            assert "Try again in a minute" in text
            assert server.last_row()["reason"] == "database_unavailable"
            password = fleet.analytics_dsn.split(":")[2].split("@")[0]
            assert password not in server.log()
            fleet.cluster.start()
            assert server.data("query", sql="SELECT 1")["rows"] == [[1]]
            assert httpx.get(f"{server.url}/readyz").status_code == 200
            _survives_a_restart(server, fleet)
    finally:
        fleet.cluster.start()


def _survives_a_restart(server: Server, fleet: LocalDatabase) -> None:
    fleet.cluster.stop()
    assert server.error("query", sql="SELECT 1").startswith("[database_unavailable]")
    fleet.cluster.start()
    started = time.monotonic()
    assert server.data("query", sql="SELECT 1")["rows"] == [[1]]
    assert time.monotonic() - started < 5


@pytest.mark.proves("STOP-CLEAN")
def test_sigterm_ends_the_server_cleanly(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with start_server(tmp_path_factory.mktemp("stopped"), fleet.analytics_dsn) as server:
        assert server.data("query", sql="SELECT 1")["rows"] == [[1]]
        server.stop(signal.SIGTERM)
        assert "Application shutdown complete." in server.log()
        assert "Traceback" not in server.log()
        server.start()


@pytest.mark.proves("ROLE-REFUSED")
def test_unsafe_role_is_refused_with_the_list_in_the_log(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.database import execute

    execute(fleet.superuser_dsn, "CREATE ROLE careless LOGIN SUPERUSER PASSWORD 'careless'")
    dsn = re.sub(r"//[^@]+@", "//careless:careless@", fleet.analytics_dsn)
    try:
        with start_server(tmp_path_factory.mktemp("unsafe"), dsn) as server:
            assert server.error("query", sql="SELECT 1").startswith("[unsafe_role]")
            assert server.error("list_schemas").startswith("[unsafe_role]")
            ready = httpx.get(f"{server.url}/readyz")
            assert (ready.status_code, ready.json()["analytics"]) == (503, "unsafe_role")
            assert "The role in DATABASE_URL is not read-only: it is a superuser" in server.log()
    finally:
        execute(fleet.superuser_dsn, "DROP ROLE careless")
