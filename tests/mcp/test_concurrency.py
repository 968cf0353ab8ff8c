"""Many at once: nobody waits behind the slow, nobody's query outlives its client."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.live import Server, rpc, until

SLOW = "SELECT reporting.test_sleep(5) /* {} */"
ACTIVE = """
SELECT application_name, query FROM pg_stat_activity
WHERE application_name LIKE 'fleetmcp:%' AND state = 'active'
"""


@pytest.mark.proves("LANES-NO-JAM")
def test_another_analyst_answers_within_a_second_while_eight_are_slow(
    server: Server, fleet: LocalDatabase
) -> None:
    # Twice eight questions, so that the queue holds some as well.
    with ThreadPoolExecutor(16) as clients:
        slow = [clients.submit(server.call, "query", sql=SLOW.format(i)) for i in range(16)]
        until(lambda: len(execute(fleet.superuser_dsn, ACTIVE)) >= 6, 10)
        took = []
        for _ in range(3):
            body = rpc("tools/call", {"name": "query", "arguments": {"sql": "SELECT 1"}})
            started = time.monotonic()
            reply = httpx.post(
                f"{server.url}/mcp", content=body, headers=server.headers("bob"), timeout=10
            )
            assert '"rows":[[1]]' in reply.text.replace(" ", "")
            took.append(time.monotonic() - started)
            assert httpx.get(f"{server.url}/healthz", timeout=1).status_code == 200
            body = rpc("tools/call", {"name": "list_tables", "arguments": {"schema": "reporting"}})
            catalog = httpx.post(
                f"{server.url}/mcp", content=body, headers=server.headers("bob"), timeout=1
            )
            assert "v_daily_summary" in catalog.text
        assert median(took) < 1
        assert not any(question.done() for question in slow[:6])
        assert all(not question.result().isError for question in slow)


@pytest.mark.proves("SESSION-NO-TRACE")
def test_session_is_clean_soon_after_its_answer(server: Server, fleet: LocalDatabase) -> None:
    for number in range(5):
        assert server.data("query", sql=f"SELECT {number}")["rows"] == [[number]]
    dirty = (
        "SELECT query FROM pg_stat_activity WHERE usename = 'analytics_ro' AND (state <> 'idle' "
        "OR application_name LIKE 'fleetmcp:alice:%' OR query <> 'DISCARD ALL')"
    )
    until(lambda: execute(fleet.superuser_dsn, dirty) == [], 5)


@pytest.mark.proves("LANES-POOL-MAX")
def test_connections_never_exceed_the_pool(server: Server, fleet: LocalDatabase) -> None:
    # Servers of other tests keep idle connections here; those of this one are busy.
    count = (
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'analytics_ro' "
        "AND application_name LIKE 'fleetmcp:alice:%'"
    )
    most = 0
    with ThreadPoolExecutor(20) as clients:
        asked = [
            clients.submit(server.call, "query", sql=f"SELECT reporting.test_sleep(0.3) /*{i}*/")
            for i in range(40)
        ]
        while not all(question.done() for question in asked):
            most = max(most, execute(fleet.superuser_dsn, count)[0][0])
    assert 2 <= most <= 8
    assert all(not question.result().isError for question in asked)


@pytest.mark.proves("CANCEL-HANG-UP")
@pytest.mark.parametrize("waiting", [0.4, 1.5])
def test_hanging_up_cancels_the_query_in_postgresql(
    server: Server, fleet: LocalDatabase, waiting: float
) -> None:
    sql = f"SELECT reporting.test_sleep(20) /* hang-up {waiting} */"
    body = rpc("tools/call", {"name": "query", "arguments": {"sql": sql}})
    mine = f"SELECT 1 FROM pg_stat_activity WHERE query LIKE '%hang-up {waiting} %' " \
           "AND state = 'active' AND usename = 'analytics_ro'"  # fmt: skip
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/mcp", content=body, headers=server.headers(), timeout=waiting)
    until(lambda: not execute(fleet.superuser_dsn, mine), 2)
    until(lambda: server.rows("q.sql = ?", sql)[0]["outcome"] == "cancelled", 2)
    assert server.rows("q.sql = ?", sql)[0]["reason"] == "client"
    assert server.data("query", sql="SELECT 1")["rows"] == [[1]]


@pytest.mark.proves("CANCEL-HANG-UP")
def test_hanging_up_while_waiting_leaves_the_queue(server: Server) -> None:
    sql = "SELECT 'given up'"
    body = rpc(
        "tools/call", {"name": "query", "arguments": {"sql": "SELECT reporting.test_sleep(3)"}}
    )
    with ThreadPoolExecutor(8) as clients:
        for _ in range(8):
            clients.submit(httpx.post, f"{server.url}/mcp", content=body,
                           headers=server.headers(), timeout=30)  # fmt: skip
    assert server.data("query", sql=sql)["rows"] == [["given up"]]


@pytest.mark.proves("PROGRESS")
def test_long_query_reports_progress(server: Server) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    async def asked() -> Any:
        async with server.session() as session:
            arguments = {"sql": "SELECT reporting.test_sleep(4.5)"}
            return await session.call_tool("query", arguments, progress_callback=note)

    assert not asyncio.run(asked()).isError
    assert [round(progress) for progress, _, _ in seen] == [2, 4]
    assert seen[0][1:] == (30, "running for 2 s of 30 s")


@pytest.mark.proves("PROGRESS")
def test_waiting_query_says_how_long_it_may_wait(server: Server) -> None:
    seen: list[str] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(str(message))

    async def asked() -> Any:
        async with server.session() as session:
            arguments = {"sql": "SELECT reporting.test_sleep(0.5)"}
            return await session.call_tool("query", arguments, progress_callback=note)

    with ThreadPoolExecutor(7) as clients:
        sql = "SELECT {}, reporting.test_sleep(5)"
        busy = [clients.submit(server.call, "query", "bob", sql=sql.format(i)) for i in range(7)]
        until(lambda: len(server.rows("outcome = 'running'")) == 7, 10)
        assert not asyncio.run(asked()).isError
        assert all(not question.result().isError for question in busy)
    assert any(
        re.match("every connection is busy; waiting for . s of at most 20 s", s) for s in seen
    )


@pytest.mark.proves("LIMIT-TIME")
def test_statement_that_takes_too_long_is_timed_out_and_recorded(
    fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.live import start_server

    home = tmp_path_factory.mktemp("hasty")
    hasty = {"MCP_STATEMENT_TIMEOUT": "1", "MCP_QUEUE_TIMEOUT": "1", "MCP_POOL_MAX": "2"}
    with start_server(home, fleet.analytics_dsn, 0, **hasty) as server:
        text = server.error("query", sql="SELECT reporting.test_sleep(30)")
        assert text.startswith("[timed_out 57014] The query took longer than it may.")
        row = server.last_row()
        assert (row["outcome"], row["sqlstate"]) == ("timed_out", "57014")
        assert 900 < row["duration_ms"] < 3000

        holding = threading.Thread(
            target=lambda: [server.call("query", sql="SELECT reporting.test_sleep(0.9)")]
        )
        several = [holding] + [
            threading.Thread(target=server.call, args=("query",),
                             kwargs={"sql": f"SELECT reporting.test_sleep(0.95) /*{i}*/"})
            for i in range(6)
        ]  # fmt: skip
        for thread in several:
            thread.start()
        for thread in several:
            thread.join()
        outcomes = [row["reason"] for row in server.rows("q.sql LIKE '%/*%'")]
        assert "server_busy" in outcomes
        assert server.data("query", sql="SELECT 1")["rows"] == [[1]]
