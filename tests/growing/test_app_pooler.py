"""The app database behind PgBouncer in transaction mode, under two workers."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.engine.test_pgbouncer import PROGRAM, _as_somebody, _wait_for
from tests.live import free_port, rpc, start_server

pytestmark = pytest.mark.skipif(
    not PROGRAM, reason="pgbouncer is not installed (Debian: apt-get install pgbouncer)"
)
CONFIG = """
[databases]
pooled = host=127.0.0.1 port={server} dbname=pooled
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 4
"""


@pytest.fixture
def app_dsn(fleet: LocalDatabase) -> Iterator[str]:
    """Return the DSN of an app database, by way of the pooler."""
    folder = Path(tempfile.mkdtemp(prefix="app-pooler-"))
    folder.chmod(0o755)
    port = free_port()
    execute(fleet.superuser_dsn, "CREATE ROLE pooled LOGIN PASSWORD 'pooled-password'")
    execute(fleet.superuser_dsn, "CREATE DATABASE pooled OWNER pooled")
    (folder / "users.txt").write_text('"pooled" "pooled-password"\n')
    config = CONFIG.format(server=fleet.cluster.port, port=port, folder=folder)
    (folder / "pgbouncer.ini").write_text(config)
    words = [str(PROGRAM), "-q", *_as_somebody(), str(folder / "pgbouncer.ini")]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait_for(port)
    yield f"postgresql://pooled:pooled-password@127.0.0.1:{port}/pooled"
    process.terminate()
    process.wait()
    execute(fleet.superuser_dsn, "DROP DATABASE pooled WITH (FORCE)")
    execute(fleet.superuser_dsn, "DROP ROLE pooled")
    shutil.rmtree(folder)


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
