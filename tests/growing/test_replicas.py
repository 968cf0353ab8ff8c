"""Two replicas behind nginx with TLS, one PostgreSQL app database, clients pinned to neither."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from scripts import nginx
from scripts.demo_db import LocalDatabase
from tests.clients.claude_code import ClaudeCode, binary
from tests.database import execute
from tests.environment import SETTINGS
from tests.live import Server, free_port, rpc

pytestmark = pytest.mark.skipif(
    not (nginx.PROGRAM and shutil.which("openssl")),
    reason="nginx or openssl is missing (Debian: apt-get install nginx-light openssl)",
)


@dataclass
class Pair:
    """What clients see, and the two behind it."""

    front: Server
    replicas: list[Server]
    app_dsn: str

    def rows(self, where: str) -> list[tuple[object, ...]]:
        return execute(self.app_dsn, f"SELECT count(*) FROM audit_querylog WHERE {where}")


@pytest.fixture(scope="module")
def pair(fleet: LocalDatabase) -> Iterator[Pair]:
    """Start everything; nginx's folder must be open to its unprivileged workers."""
    home = Path(tempfile.mkdtemp(prefix="pair-"))
    home.chmod(0o755)
    app_dsn = re.sub(r"//[^@]+@(.*)/.*", r"//pair:pair-password@\1/pair", fleet.analytics_dsn)
    execute(fleet.superuser_dsn, "CREATE ROLE pair LOGIN PASSWORD 'pair-password'")
    execute(fleet.superuser_dsn, "CREATE DATABASE pair OWNER pair")
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(nginx.certificate(home))
    try:
        with ExitStack() as stack:
            yield _started(home, fleet.analytics_dsn, app_dsn, stack)
    finally:
        os.environ.pop("SSL_CERT_FILE")
        if before:
            os.environ["SSL_CERT_FILE"] = before
        execute(fleet.superuser_dsn, "DROP DATABASE pair WITH (FORCE)")
        execute(fleet.superuser_dsn, "DROP ROLE pair")
        shutil.rmtree(home)


def _started(home: Path, dsn: str, app_dsn: str, stack: ExitStack) -> Pair:
    port = free_port()
    settings = {
        **os.environ,
        **SETTINGS,
        "DATABASE_URL": dsn,
        "APP_DATABASE_URL": app_dsn,
        "PUBLIC_URL": f"https://localhost:{port}",
        "TRUSTED_PROXIES": "1",
    }
    shown = Server(f"https://localhost:{port}", home, settings)
    shown.manage("migrate", "--verbosity=0")
    shown.policy(queries_per_minute=1_000_000, concurrent_queries=1_000, rows_per_day=10**9)
    for name in ("alice", "bob", "carol"):
        said = shown.manage("issue_token", name, "--label=test", "--create-user")
        shown.tokens[name] = said.split()[-1]
    replicas = []
    for number in range(2):
        (home / str(number)).mkdir()
        url = f"http://127.0.0.1:{free_port()}"
        replicas.append(Server(url, home / str(number), settings, shown.tokens))
        stack.callback(replicas[-1].stop)
        replicas[-1].start()
    backends = [replica.url.removeprefix("http://") for replica in replicas]
    text = nginx.balancing(home, port, backends, tls=True)
    stack.enter_context(nginx.running(home, port, text))
    return Pair(shown, replicas, app_dsn)


def ask(pair: Pair, sql: str, who: str = "alice") -> httpx.Response:
    """Ask on a connection of its own: nginx takes turns."""
    body = rpc("tools/call", {"name": "query", "arguments": {"sql": sql}})
    headers = pair.front.headers(who)
    return httpx.post(f"{pair.front.url}/mcp", content=body, headers=headers, timeout=60)


@pytest.mark.proves("GROW-REPLICAS")
def test_official_client_works_though_each_request_goes_to_another_replica(pair: Pair) -> None:
    for number in range(6):
        assert pair.front.data("query", sql=f"SELECT {number}")["rows"] == [[number]]
    log = (pair.front.home / "access.log").read_text()
    for replica in pair.replicas:
        assert f"{replica.url.removeprefix('http://')} 200" in log
    address = execute(pair.app_dsn, "SELECT DISTINCT host(ip) FROM audit_querylog")
    assert address == [("127.0.0.1",)]


@pytest.mark.proves("GROW-CLAUDE-CODE")
def test_the_real_claude_code_connects_through_tls(pair: Pair, tmp_path: Path) -> None:
    claude = ClaudeCode(binary(), tmp_path)
    trusted = {"NODE_EXTRA_CA_CERTS": os.environ["SSL_CERT_FILE"]}
    header = f"Authorization: Bearer {pair.front.tokens['alice']}"
    address = f"{pair.front.url}/mcp"
    add = ("mcp", "add", "--transport", "http", "fireside-analytics", address)
    claude.run(*add, "--header", header)
    assert "✔ Connected" in claude.run("mcp", "list", **trusted)
    assert "Connected" not in claude.run("mcp", "list")


@pytest.mark.proves("GROW-REPLICAS")
def test_revocation_holds_on_both_at_the_next_call(pair: Pair) -> None:
    assert ask(pair, "SELECT 1", "bob").status_code == 200
    pair.front.manage("revoke_token", pair.front.tokens["bob"][:11], "--reason=left")
    assert [ask(pair, "SELECT 1", "bob").status_code for _ in range(6)] == [401] * 6


@pytest.mark.proves("GROW-REPLICAS")
def test_rate_limit_is_counted_over_both(pair: Pair) -> None:
    code = (
        "from accounts.policies import *; from accounts.models import User;"
        "assign_policy(user=User.objects.get(username='carol'), policy=create_policy("
        "name='slow', queries_per_minute=5, concurrent_queries=50))"
    )
    pair.front.manage("shell", "-c", code)
    with ThreadPoolExecutor(6) as clients:
        replies = list(clients.map(lambda n: ask(pair, f"SELECT {n}", "carol").text, range(12)))
    assert sum('"isError":false' in reply for reply in replies) == 5
    assert sum("[queries_per_minute]" in reply for reply in replies) == 7


@pytest.mark.proves("GROW-REPLICAS")
def test_cancel_from_elsewhere_reaches_the_replica_that_runs_the_question(pair: Pair) -> None:
    with ThreadPoolExecutor(4) as clients:
        slow = [clients.submit(ask, pair, "SELECT reporting.test_sleep(25)") for _ in range(4)]
        running: list[tuple[object, ...]] = []
        deadline = time.monotonic() + 15
        while len(running) < 4 and time.monotonic() < deadline:
            running = execute(
                pair.app_dsn, "SELECT id FROM audit_querylog WHERE outcome = 'running'"
            )
            time.sleep(0.1)
        started = time.monotonic()
        for (query_id,) in running:
            pair.front.manage("cancel_query", str(query_id))
        replies = [one.result().text for one in slow]
    assert time.monotonic() - started < 20
    assert all("[cancelled]" in reply for reply in replies)


@pytest.mark.proves("GROW-REPLICAS")
def test_pause_holds_on_both_and_so_does_its_end(pair: Pair) -> None:
    pair.front.manage("pause_server", "Back at noon.")
    paused = [ask(pair, "SELECT 1").text for _ in range(4)]
    pair.front.manage("resume_server")
    assert all("[paused] Back at noon." in reply for reply in paused)
    assert all('"isError":false' in ask(pair, "SELECT 1").text for _ in range(4))


@pytest.mark.proves("GROW-ROLLING")
def test_rolling_restart_under_load_loses_no_row_and_shows_no_5xx(pair: Pair) -> None:
    stop = threading.Event()
    answered: list[tuple[str, int]] = []

    def keep_asking(worker: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            mark = f"rolling {worker}-{number}"
            answered.append((mark, ask(pair, f"SELECT '{mark}'").status_code))

    with ThreadPoolExecutor(4) as clients:
        loads = [clients.submit(keep_asking, worker) for worker in range(4)]
        for replica in pair.replicas:
            time.sleep(1)
            replica.stop()
            replica.start()
        time.sleep(1)
        stop.set()
        for load in loads:
            load.result()
    assert len(answered) > 50
    assert {status for _, status in answered} == {200}
    rows = execute(pair.app_dsn, "SELECT sql FROM audit_querylog WHERE outcome = 'ok'")
    recorded = {str(sql).removeprefix("SELECT ").strip("'") for (sql,) in rows}
    assert {mark for mark, _ in answered} - recorded == set()
    assert pair.rows("outcome = 'running'") == [(0,)]


@pytest.mark.proves("GROW-REPLICAS")
def test_progress_and_hang_up_pass_through_the_proxy(pair: Pair) -> None:
    async def hang_up() -> None:
        body = rpc(
            "tools/call", {"name": "query", "arguments": {"sql": "SELECT reporting.test_sleep(20)"}}
        )
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(
                    f"{pair.front.url}/mcp", content=body, headers=pair.front.headers(), timeout=1.5
                )

    asyncio.run(hang_up())
    deadline = time.monotonic() + 10
    while pair.rows("outcome = 'running'") != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert pair.rows("outcome = 'cancelled' AND sql LIKE '%sleep(20)'") == [(1,)]
