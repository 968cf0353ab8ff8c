"""The app database behind PgBouncer in transaction mode, under two workers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.demo_db import LocalDatabase
from tests import pgbouncer
from tests.database import execute
from tests.live import rpc, start_server

pytestmark = pytest.mark.skipif(not pgbouncer.PROGRAM, reason=pgbouncer.MISSING)


@pytest.fixture
def app_dsn(fleet: LocalDatabase) -> Iterator[str]:
    """Return the DSN of an app database, by way of the pooler."""
    execute(fleet.superuser_dsn, "CREATE ROLE pooled LOGIN PASSWORD 'pooled-password'")
    execute(fleet.superuser_dsn, "CREATE DATABASE pooled OWNER pooled")
    login = ("pooled", "pooled-password")
    with pgbouncer.pooling("pooled", fleet.cluster.port, login, sessions=4) as port:
        yield f"postgresql://pooled:pooled-password@127.0.0.1:{port}/pooled"
    execute(fleet.superuser_dsn, "DROP DATABASE pooled WITH (FORCE)")
    execute(fleet.superuser_dsn, "DROP ROLE pooled")


@pytest.mark.proves("GROW-POOLER")
def test_record_seals_and_revocation_hold_behind_the_pooler(
    fleet: LocalDatabase, app_dsn: str, tmp_path: Path
) -> None:
    with start_server(tmp_path, fleet.analytics_dsn, 2, APP_DATABASE_URL=app_dsn) as server:

        def ask(number: int) -> str:
            arguments = {"sql": f"SELECT full_name, {number} FROM tracksolid.drivers"}
            return server.post(rpc("tools/call", {"name": "query", "arguments": arguments})).text

        with ThreadPoolExecutor(8) as clients:
            replies = list(clients.map(ask, range(40)))
        assert all('"isError":false' in reply for reply in replies)
        assert execute(app_dsn, "SELECT outcome, count(*) FROM audit_querylog GROUP BY 1") == [
            ("ok", 40)
        ]
        server.manage("seal_audit")
        assert "Nothing is wrong" in server.manage("verify_audit")
        assert "alice" in server.manage("who_read", "tracksolid.drivers.full_name")
        exported = tmp_path / "all.jsonl"
        server.manage("export_audit", "--format=jsonl", f"--output={exported}")
        assert len(re.findall("full_name", exported.read_text())) >= 40
        server.manage("revoke_token", server.tokens["alice"][:11], "--reason=left")
        assert all("no valid" in ask(number) for number in range(6))
