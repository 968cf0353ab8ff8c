"""The app database is a PostgreSQL, and it or the wire to it fails: nobody hangs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest

from scripts.demo_db import Cluster
from tests.faults.house import House
from tests.faults.outages import dropped, frozen, limited, restart
from tests.faults.reply import slowest
from tests.faults.saw import Saw
from tests.faults.trial import CLOSED_S, MOST_S, TOLD, Bounds, endure, judged, lasting
from tests.faults.wire import Wire


@pytest.fixture
def wire(on_postgres: House) -> Wire:
    """Return the wire to the app database."""
    assert on_postgres.app.wire
    return on_postgres.app.wire


@pytest.fixture
def cluster(on_postgres: House) -> Cluster:
    """Return the PostgreSQL of the app database."""
    assert on_postgres.app.cluster
    return on_postgres.app.cluster


@pytest.mark.proves("FAULT-RECORD-RESTART")
@pytest.mark.fault(
    "App database (PostgreSQL) restarted under load",
    "rows, not_recorded or 503, nothing else, within 6 s; answers again by itself",
)
def test_restarted_app_database_is_told_and_then_answers(
    on_postgres: House, cluster: Cluster, saw: Saw
) -> None:
    bounds = Bounds(TOLD, answer=6, again=10, closed=CLOSED_S)
    replies = endure(on_postgres, saw, partial(restart, cluster), bounds)
    assert {reply.kind for reply in replies} != {"ok"}


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-SILENT")
@pytest.mark.fault(
    "App database (PostgreSQL) frozen, or the wire to it dead, for longer than anybody waits",
    f"not_recorded or 503 within {MOST_S} s; /healthz within 4 s; answers again by itself",
)
@pytest.mark.parametrize("case", ["frozen 20 s", "silent 20 s", "dropped 35 s", "frozen 60 s"])
def test_silent_app_database_is_told_and_then_answers(
    on_postgres: House, cluster: Cluster, wire: Wire, saw: Saw, case: str
) -> None:
    how, seconds, _ = case.split()
    faults: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "frozen": partial(frozen, cluster),
        "silent": wire.silent,
        "dropped": partial(dropped, wire),
    }

    def fault() -> None:
        lasting(faults[how](), int(seconds))()

    bounds = Bounds(TOLD, answer=MOST_S, again=30, clients=24, closed=CLOSED_S)
    replies = endure(on_postgres, saw, fault, bounds, f"{case}: ")
    assert {reply.kind for reply in replies} != {"ok"}


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-CUT")
@pytest.mark.fault(
    "Connections to the app database (PostgreSQL) reset, new ones too, for 3 s",
    "rows, not_recorded or 503 within 3 s; answers again by itself",
)
def test_cut_app_wire_is_told_and_then_answers(on_postgres: House, wire: Wire, saw: Saw) -> None:
    bounds = Bounds(TOLD, answer=3, again=10, closed=CLOSED_S)
    replies = endure(on_postgres, saw, lasting(wire.cut(), 3), bounds)
    assert {reply.kind for reply in replies} != {"ok"}


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-SLOW")
@pytest.mark.fault(
    "Slow app database: each packet held up for 50 ms in both directions",
    "every question of 12 clients is answered, within 6 s; /healthz within 4 s",
)
def test_slow_app_database_only_delays(on_postgres: House, wire: Wire, saw: Saw) -> None:
    bounds = Bounds(frozenset(), answer=6, again=10)
    replies = endure(on_postgres, saw, lasting(wire.slow(0.05), 6), bounds)
    assert slowest(replies) > 0.2


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-FULL")
@pytest.mark.fault(
    "Others use up the app database's connections (PostgreSQL)",
    "503 or not_recorded within 2 s; answers as soon as there is one",
)
def test_no_app_connection_left_is_told_and_then_answers(
    on_postgres: House, cluster: Cluster, wire: Wire, saw: Saw
) -> None:
    on_postgres.recovered(10)
    with limited(cluster.superuser_dsn("postgres"), "app", 0):
        with wire.cut():
            pass
        replies = [on_postgres.ask("SELECT 1") for _ in range(6)]
    judged(on_postgres, saw, replies, TOLD, answer=2)
