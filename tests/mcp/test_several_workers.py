"""Several processes behind one address share tokens and audit; the app database is PostgreSQL."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.live import Server, rpc, start_server

APP_OWNER = "CREATE ROLE app LOGIN PASSWORD 'app-password'"


def ask(server: Server, number: int) -> str:
    """Ask on a connection of its own, which any worker may take."""
    body = rpc("tools/call", {"name": "query", "arguments": {"sql": f"SELECT {number}"}})
    headers = server.headers() | {"X-Forwarded-For": "6.6.6.6"}
    return httpx.post(f"{server.url}/mcp", content=body, headers=headers).text


@pytest.mark.proves("WORKERS-SHARE")
def test_two_workers_on_postgresql_share_revocation_and_record(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    execute(fleet.superuser_dsn, APP_OWNER)
    execute(fleet.superuser_dsn, "CREATE DATABASE app OWNER app")
    app_dsn = re.sub(r"//[^@]+@(.*)/.*", r"//app:app-password@\1/app", fleet.analytics_dsn)
    try:
        with start_server(
            tmp_path_factory.mktemp("workers"), fleet.analytics_dsn, 2, APP_DATABASE_URL=app_dsn
        ) as server:
            with ThreadPoolExecutor(8) as clients:
                replies = list(clients.map(lambda i: ask(server, i), range(40)))
            assert all('"row_count":1' in reply.replace(": ", ":") for reply in replies)
            rows = execute(
                app_dsn, "SELECT outcome, host(ip), count(*) FROM audit_querylog GROUP BY 1, 2"
            )
            assert rows == [("ok", "127.0.0.1", 40)]
            assert len(re.findall("Booting worker", server.log())) == 2
            server.manage("revoke_token", server.tokens["alice"][:11], "--reason=left")
            with ThreadPoolExecutor(8) as clients:
                refused = list(clients.map(lambda i: ask(server, i), range(16)))
            assert all("no valid analyst token" in reply for reply in refused)
    finally:
        execute(fleet.superuser_dsn, "DROP DATABASE app WITH (FORCE)")
        execute(fleet.superuser_dsn, "DROP ROLE app")


@pytest.mark.proves("IP-NO-PROXY")
def test_spoofed_address_is_not_recorded(server: Server) -> None:
    body = rpc("tools/call", {"name": "list_schemas", "arguments": {}})
    server.post(body, **{"X-Forwarded-For": "6.6.6.6", "X-Real-IP": "6.6.6.6"})
    assert server.last_row()["ip"] == "127.0.0.1"
