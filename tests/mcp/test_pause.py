"""The pause switch, as analysts meet it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.demo_db import LocalDatabase
from tests.live import Server, start_server, until

MESSAGE = "Maintenance until 14:00 UTC"


@pytest.fixture(scope="module")
def workers(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server of two processes that these tests pause."""
    home = tmp_path_factory.mktemp("paused")
    with start_server(home, fleet.analytics_dsn, workers=2) as running:
        yield running


@pytest.fixture
def paused(workers: Server) -> Iterator[Server]:
    """Pause the server, and resume it after the test."""
    workers.manage("pause_server", MESSAGE)
    yield workers
    workers.manage("resume_server")


@pytest.mark.proves("PAUSE-DOOR")
def test_every_question_is_refused_with_the_message_and_a_row(paused: Server) -> None:
    for who in ("alice", "bob") * 4:
        text = paused.error("query", who, sql="SELECT 1")
        assert text == f"[paused] {MESSAGE}"
    assert paused.error("list_schemas") == f"[paused] {MESSAGE}"
    row = paused.last_row()
    assert (row["outcome"], row["reason"], row["tool"]) == ("refused", "paused", "list_schemas")


@pytest.mark.proves("PAUSE-DOOR")
def test_clients_stay_connected_while_paused(paused: Server) -> None:
    async def tools() -> int:
        async with paused.session() as session:
            return len((await session.list_tools()).tools)

    assert asyncio.run(tools()) > 0


@pytest.mark.proves("PAUSE-DOOR")
def test_next_question_after_resuming_is_answered(workers: Server) -> None:
    workers.manage("pause_server", MESSAGE)
    assert workers.error("query", sql="SELECT 1").startswith("[paused]")
    workers.manage("resume_server")
    assert workers.data("query", sql="SELECT 1")["rows"] == [[1]]


@pytest.mark.proves("PAUSE-CANCEL")
def test_pause_stops_what_runs_when_that_is_asked_for(workers: Server) -> None:
    sql = "SELECT reporting.test_sleep(25)"
    with ThreadPoolExecutor(1) as client:
        asked = client.submit(workers.call, "query", sql=sql)
        until(lambda: workers.rows("q.sql = ? AND outcome = 'running'", sql), 10)
        workers.manage("pause_server", MESSAGE, "--cancel-running")
        until(lambda: workers.rows("q.sql = ?", sql)[0]["outcome"] == "cancelled", 5)
        assert asked.result().isError
    workers.manage("resume_server")


@pytest.mark.proves("PEOPLE-DEACTIVATE")
def test_deactivated_person_is_out_at_the_next_request_and_their_query_stops(
    workers: Server,
) -> None:
    sql = "SELECT reporting.test_sleep(24)"
    code = (
        "from accounts.models import User; from accounts.people import *;"
        "{}_person(user=User.objects.get(username='bob'))"
    )
    with ThreadPoolExecutor(1) as client:
        asked = client.submit(workers.call, "query", "bob", sql=sql)
        until(lambda: workers.rows("q.sql = ? AND outcome = 'running'", sql), 10)
        workers.manage("shell", "-c", code.format("deactivate"))
        until(lambda: workers.rows("q.sql = ?", sql)[0]["outcome"] == "cancelled", 5)
        assert asked.result().isError
    assert workers.post("{}", Authorization=f"Bearer {workers.tokens['bob']}").status_code == 401
    workers.manage("shell", "-c", code.format("activate"))
    assert workers.data("query", "bob", sql="SELECT 1")["rows"] == [[1]]
