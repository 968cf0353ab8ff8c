"""The analytics database fails in every way it can; questions get a sentence, and then answers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg2
import pytest

from tests.database import execute
from tests.faults.conftest import Saw
from tests.faults.house import STATEMENT_S, House, eventually, frozen
from tests.faults.load import asking, kinds, slowest

GONE = {"database_unavailable"}
# Our own clock gives PostgreSQL two seconds more, and looks every two seconds.
MOST_S = STATEMENT_S + 6


@pytest.mark.proves("FAULT-ANALYTICS-RESTART")
@pytest.mark.fault(
    "Analytics database restarted under load",
    "rows or database_unavailable, nothing else, within 6 s; answers again by itself",
)
def test_restarted_database_is_told_and_then_answers(on_sqlite: House, saw: Saw) -> None:
    with asking(on_sqlite) as replies:
        on_sqlite.fleet.cluster.stop()
        time.sleep(1)
        on_sqlite.fleet.cluster.start()
        back = on_sqlite.recovered(10)
    saw(kinds(replies), answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= {"ok"} | GONE
    assert slowest(replies) < 6
    on_sqlite.prove()


@pytest.mark.long
@pytest.mark.proves("FAULT-ANALYTICS-FROZEN")
@pytest.mark.fault(
    "Analytics database frozen (SIGSTOP of all its processes) for longer than a statement may take",
    f"timed_out, server_busy or database_unavailable within {MOST_S + 5} s; /healthz within 1 s",
)
def test_frozen_database_times_out_and_then_answers(on_sqlite: House, saw: Saw) -> None:
    worst = 0.0
    with asking(on_sqlite) as replies, frozen(on_sqlite.fleet.cluster):
        until = time.monotonic() + MOST_S + 3
        while time.monotonic() < until:
            started = time.monotonic()
            assert httpx.get(f"{on_sqlite.server.url}/healthz", timeout=5).status_code == 200
            worst = max(worst, time.monotonic() - started)
            time.sleep(0.3)
    back = on_sqlite.recovered(15)
    saw(f"{kinds(replies)}; healthz {worst:.2f} s", answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= {"ok", "timed_out", "server_busy"} | GONE
    assert slowest(replies) < MOST_S + 5
    assert worst < 1
    on_sqlite.prove()


@pytest.mark.proves("FAULT-ANALYTICS-CUT")
@pytest.mark.fault(
    "Connections to the analytics database reset, new ones too, for 3 s",
    "rows or database_unavailable within 2 s; answers again by itself",
)
def test_cut_wire_is_told_and_then_answers(on_sqlite: House, saw: Saw) -> None:
    with asking(on_sqlite) as replies:
        with on_sqlite.wire.cut():
            time.sleep(3)
        back = on_sqlite.recovered(5)
    saw(kinds(replies), answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= {"ok"} | GONE
    assert any(reply.kind in GONE for reply in replies)
    assert slowest(replies) < 2
    on_sqlite.prove()


@pytest.mark.long
@pytest.mark.proves("FAULT-ANALYTICS-SILENT")
@pytest.mark.fault(
    "The wire to the analytics database swallows everything (a dead firewall)",
    f"an answer within {MOST_S + 5} s, no thread is lost; answers again by itself",
)
@pytest.mark.parametrize("how", ["silent", "forgotten"])
def test_silent_wire_costs_no_connection_for_good(on_sqlite: House, saw: Saw, how: str) -> None:
    with asking(on_sqlite, 16) as replies:
        if how == "forgotten":
            on_sqlite.wire.forget()
            time.sleep(MOST_S)
        else:
            with on_sqlite.wire.silent():
                time.sleep(MOST_S)
    back = on_sqlite.recovered(15)
    saw(f"{how}: {kinds(replies)}", answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= {"ok", "timed_out", "server_busy"} | GONE
    assert slowest(replies) < MOST_S + 5
    on_sqlite.prove()


@pytest.mark.proves("FAULT-ANALYTICS-FULL")
@pytest.mark.fault(
    "Others use up the analytics database's connections",
    "database_unavailable within 2 s where no connection is left; answers as soon as there is one",
)
def test_no_connection_left_is_told_and_then_answers(on_sqlite: House, saw: Saw) -> None:
    dsn = on_sqlite.fleet.superuser_dsn
    taken = []
    try:
        with on_sqlite.wire.cut():
            execute(dsn, "ALTER ROLE analytics_ro CONNECTION LIMIT 5")
            eventually(lambda: _backends(on_sqlite) == 0, 10, "backends stay")
            taken = [psycopg2.connect(on_sqlite.fleet.analytics_dsn) for _ in range(5)]
        replies = [on_sqlite.ask("SELECT 1") for _ in range(6)]
        assert {reply.kind for reply in replies} == GONE
        assert slowest(replies) < 2
        for connection in taken:
            connection.close()
        execute(dsn, "ALTER ROLE analytics_ro CONNECTION LIMIT -1")
        back = on_sqlite.recovered(5)
    finally:
        execute(dsn, "ALTER ROLE analytics_ro CONNECTION LIMIT -1")
        for connection in taken:
            connection.close()
    saw(kinds(replies), answer=slowest(replies), recover=back)
    on_sqlite.prove()


@pytest.mark.proves("FAULT-ANALYTICS-SILENT")
@pytest.mark.fault(
    "A connection goes silent while the session is scrubbed, after the answer",
    "rows within 2 s; the connection comes back to the pool within 8 s, the wire still dead",
)
@pytest.mark.parametrize("word", [b"ROLLBACK", b"DISCARD ALL"], ids=["rollback", "discard"])
def test_silence_after_the_answer_costs_no_connection_for_good(
    on_sqlite: House, saw: Saw, word: bytes
) -> None:
    on_sqlite.recovered(5)
    with on_sqlite.wire.losing(word):
        with ThreadPoolExecutor(4) as clients:
            replies = list(clients.map(lambda _: on_sqlite.ask("SELECT 1", timeout=30), range(4)))
        back = eventually(lambda: on_sqlite.busy() == 0, 8, "connections are lost to the pool")
    on_sqlite.recovered(5)
    saw(kinds(replies), answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} == {"ok"}
    assert slowest(replies) < 2
    on_sqlite.prove()


def _backends(house: House) -> int:
    sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'analytics_ro'"
    return int(execute(house.fleet.superuser_dsn, sql)[0][0])
