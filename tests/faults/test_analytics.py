"""The analytics database fails in every way it can; questions get a sentence, and then answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg2
import pytest

from tests.faults.house import STATEMENT_S, House
from tests.faults.outages import frozen, limited, restart
from tests.faults.processes import eventually, stopped
from tests.faults.reply import Reply, kinds, slowest
from tests.faults.saw import Saw
from tests.faults.trial import Bounds, asking, endure, in_time, judged, lasting

GONE = frozenset({"database_unavailable"})
LATE = GONE | {"timed_out", "server_busy"}
# Our own clock gives PostgreSQL two seconds more, and looks every two seconds.
MOST_S = STATEMENT_S + 6


def _lost(replies: list[Reply]) -> int:
    return sum(not reply.good for reply in replies)


@pytest.mark.proves("FAULT-ANALYTICS-RESTART")
@pytest.mark.fault(
    "Analytics database restarted under load",
    "rows or database_unavailable, nothing else, within 6 s; answers again by itself",
)
def test_restarted_database_is_told_and_then_answers(on_sqlite: House, saw: Saw) -> None:
    fault = partial(restart, on_sqlite.fleet.cluster)
    assert _lost(endure(on_sqlite, saw, fault, Bounds(GONE, answer=6, again=10)))


@pytest.mark.proves("FAULT-ANALYTICS-FROZEN")
@pytest.mark.fault(
    "Analytics database frozen (SIGSTOP of all its processes)",
    f"rows, timed_out, server_busy or database_unavailable within {MOST_S + 5} s; /healthz within "
    "2 s; answers again by itself",
)
@pytest.mark.parametrize("seconds", [MOST_S, pytest.param(2 * MOST_S, marks=pytest.mark.long)])
def test_frozen_database_times_out_and_then_answers(
    on_sqlite: House, saw: Saw, seconds: int
) -> None:
    fault = lasting(frozen(on_sqlite.fleet.cluster), seconds)
    bounds = Bounds(LATE, answer=MOST_S + 5, again=15, healthz=2)
    assert _lost(endure(on_sqlite, saw, fault, bounds, f"{seconds} s: "))


@pytest.mark.long
@pytest.mark.proves("FAULT-ANALYTICS-FROZEN")
@pytest.mark.fault(
    "A single backend of the analytics database frozen (SIGSTOP) while it runs a statement",
    f"timed_out or database_unavailable for whoever asked it, within {MOST_S + 5} s; rows for all "
    "others; the record closed and the connection given up while it is still frozen",
)
def test_frozen_backend_costs_one_answer_only(on_sqlite: House, saw: Saw) -> None:
    asleep = "state = 'active' AND query LIKE '%/*one*/%'"
    on_sqlite.recovered(5)
    with ThreadPoolExecutor(1) as client:
        asked = client.submit(on_sqlite.ask, "SELECT reporting.test_sleep(4) /*one*/")
        eventually(lambda: bool(on_sqlite.backends(asleep)), 10, "it never runs")
        with stopped([on_sqlite.backends(asleep)[0][0]]):
            with asking(on_sqlite) as others:
                answer = asked.result()
            eventually(lambda: on_sqlite.running() == 0, 5, "the row stays open")
            back = eventually(lambda: on_sqlite.busy() == 0, 10, "the connection is kept")
    seen = f"who asked it: {answer.kind}; others: {kinds(others)}, {slowest(others):.1f} s"
    saw(seen, answer=answer.seconds, recover=back)
    assert answer.kind in {"timed_out", "database_unavailable"}
    assert _lost(others) == 0
    in_time(others, 4)
    in_time([answer], MOST_S + 5)
    on_sqlite.prove()


@pytest.mark.proves("FAULT-ANALYTICS-CUT")
@pytest.mark.fault(
    "Connections to the analytics database reset, new ones too, for 3 s",
    "rows or database_unavailable within 3 s; answers again by itself",
)
def test_cut_wire_is_told_and_then_answers(on_sqlite: House, saw: Saw) -> None:
    fault = lasting(on_sqlite.wire.cut(), 3)
    assert _lost(endure(on_sqlite, saw, fault, Bounds(GONE, answer=3, again=5)))


@pytest.mark.long
@pytest.mark.proves("FAULT-ANALYTICS-SILENT")
@pytest.mark.fault(
    "The wire to the analytics database swallows everything (a dead firewall)",
    f"an answer within {MOST_S + 5} s, no thread is lost; answers again by itself",
)
@pytest.mark.parametrize("how", ["silent", "forgotten"])
def test_silent_wire_costs_no_connection_for_good(on_sqlite: House, saw: Saw, how: str) -> None:
    wire = on_sqlite.wire
    fault = lasting(wire.silent() if how == "silent" else wire.forgotten(), MOST_S)
    bounds = Bounds(LATE, answer=MOST_S + 5, again=15, clients=16)
    assert _lost(endure(on_sqlite, saw, fault, bounds, f"{how}: "))


@pytest.mark.proves("FAULT-ANALYTICS-FULL")
@pytest.mark.fault(
    "Others use up the analytics database's connections",
    "database_unavailable within 2 s where no connection is left; answers as soon as there is one",
)
def test_no_connection_left_is_told_and_then_answers(on_sqlite: House, saw: Saw) -> None:
    with limited(on_sqlite.fleet.superuser_dsn, "analytics_ro", 5):
        with on_sqlite.wire.cut():
            eventually(lambda: on_sqlite.backends() == [], 10, "backends stay")
            taken = [psycopg2.connect(on_sqlite.fleet.analytics_dsn) for _ in range(5)]
        replies = [on_sqlite.ask("SELECT 1") for _ in range(6)]
        for connection in taken:
            connection.close()
    judged(on_sqlite, saw, replies, GONE, answer=2)


@pytest.mark.long
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
    saw(f"back in the pool after {back:.1f} s", recover=back)
    judged(on_sqlite, saw, replies, frozenset({"ok"}), answer=2)
