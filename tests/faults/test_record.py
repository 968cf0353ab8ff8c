"""The app database fails: nothing runs unrecorded, everybody is told in time, nobody hangs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import httpx
import psycopg2
import pytest

from tests.database import execute
from tests.faults.conftest import Saw
from tests.faults.house import House, dropped, frozen
from tests.faults.load import asking, healthy, kinds, slowest

# The door waits that long for a token to be looked up, the record for its row; and a margin.
MOST_S = 30
TOLD = {"ok", "not_recorded", "503"}


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest) -> House:
    """Give a house on each kind of app database."""
    found: House = request.getfixturevalue(f"on_{request.param}")
    return found


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Keep everybody else from writing to the record."""
    if house.app.file:
        writer: Any = sqlite3.connect(house.app.file, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
    else:
        assert house.app.cluster
        writer = psycopg2.connect(house.app.cluster.superuser_dsn("app"))
        writer.cursor().execute("LOCK TABLE audit_querylog IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        writer.rollback()
        writer.close()


@pytest.mark.proves("FAULT-RECORD-LOCKED")
@pytest.mark.fault(
    "App database locked by another writer for 3 s",
    "every question is answered, only later; /healthz within 4 s",
)
def test_short_lock_only_delays(house: House, saw: Saw) -> None:
    house.recovered(5)
    with asking(house) as replies, healthy(house) as times, locked(house):
        time.sleep(3)
    saw(f"{kinds(replies)}; healthz {max(times):.2f} s", answer=slowest(replies))
    assert {reply.kind for reply in replies} == {"ok"}
    assert slowest(replies) < 8
    house.prove()


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-LOCKED")
@pytest.mark.fault(
    "App database locked by another writer for longer than anybody waits",
    f"not_recorded within {MOST_S} s, nothing runs; /healthz within 4 s; answers again by itself",
)
@pytest.mark.parametrize("seconds", [14, 30])
def test_long_lock_is_told_and_then_answers(house: House, saw: Saw, seconds: int) -> None:
    house.recovered(5)
    with asking(house, 24) as replies, healthy(house) as times:
        with locked(house):
            time.sleep(seconds)
        back = house.recovered(30)
    saw(
        f"{seconds} s: {kinds(replies)}; healthz {max(times):.2f} s",
        answer=slowest(replies), recover=back,
    )  # fmt: skip
    assert {reply.kind for reply in replies} <= TOLD
    assert slowest(replies) < MOST_S
    house.prove()


@pytest.mark.proves("FAULT-RECORD-RESTART")
@pytest.mark.fault(
    "App database (PostgreSQL) restarted under load",
    "rows, not_recorded or 503, nothing else, within 6 s; answers again by itself",
)
def test_restarted_app_database_is_told_and_then_answers(on_postgres: House, saw: Saw) -> None:
    assert on_postgres.app.cluster
    with asking(on_postgres) as replies, healthy(on_postgres) as times:
        on_postgres.app.cluster.stop()
        time.sleep(1)
        on_postgres.app.cluster.start()
        back = on_postgres.recovered(10)
    seen = f"{kinds(replies)}; healthz {max(times):.2f} s"
    saw(seen, answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= TOLD
    assert slowest(replies) < 6
    on_postgres.prove()


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-SILENT")
@pytest.mark.fault(
    "App database (PostgreSQL) frozen, or the wire to it dead, for longer than anybody waits",
    f"not_recorded or 503 within {MOST_S} s; /healthz within 4 s; answers again by itself",
)
@pytest.mark.parametrize(
    ("how", "seconds"),
    [("frozen", 20), ("silent", 20), ("dropped", 35), ("frozen", 60)],
)
@pytest.mark.timeout(400)
def test_silent_app_database_is_told_and_then_answers(
    on_postgres: House, saw: Saw, how: str, seconds: int
) -> None:
    house = on_postgres
    assert house.app.cluster
    assert house.app.wire
    house.recovered(10)
    faults: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "frozen": partial(frozen, house.app.cluster),
        "silent": house.app.wire.silent,
    }
    faults["dropped"] = partial(dropped, house.app.wire)
    with asking(house, 24) as replies, healthy(house) as times:
        with faults[how]():
            time.sleep(seconds)
        back = house.recovered(30)
    saw(
        f"{how} {seconds} s: {kinds(replies)}; healthz {max(times):.2f} s",
        answer=slowest(replies), recover=back,
    )  # fmt: skip
    assert {reply.kind for reply in replies} <= TOLD
    assert slowest(replies) < MOST_S
    house.prove()


@pytest.mark.proves("FAULT-RECORD-CUT")
@pytest.mark.fault(
    "Connections to the app database (PostgreSQL) reset, new ones too, for 3 s",
    "rows, not_recorded or 503 within 3 s; answers again by itself",
)
def test_cut_app_wire_is_told_and_then_answers(on_postgres: House, saw: Saw) -> None:
    assert on_postgres.app.wire
    with asking(on_postgres) as replies, healthy(on_postgres) as times:
        with on_postgres.app.wire.cut():
            time.sleep(3)
        back = on_postgres.recovered(10)
    seen = f"{kinds(replies)}; healthz {max(times):.2f} s"
    saw(seen, answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= TOLD
    assert slowest(replies) < 3
    on_postgres.prove()


@pytest.mark.long
@pytest.mark.proves("FAULT-RECORD-SLOW")
@pytest.mark.fault(
    "Slow app database: each packet held up for 50 ms in both directions",
    "every question of 12 clients is answered, within 6 s; /healthz within 4 s",
)
def test_slow_app_database_only_delays(on_postgres: House, saw: Saw) -> None:
    assert on_postgres.app.wire
    with on_postgres.app.wire.slow(0.05), healthy(on_postgres) as times:
        with asking(on_postgres) as replies:
            time.sleep(6)
        back = on_postgres.recovered(10)
    seen = f"{kinds(replies)}; healthz {max(times):.2f} s"
    saw(seen, answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} == {"ok"}
    assert slowest(replies) < 6
    on_postgres.prove()


@pytest.mark.proves("FAULT-RECORD-FULL")
@pytest.mark.fault(
    "Others use up the app database's connections (PostgreSQL)",
    "503 or not_recorded within 2 s; answers as soon as there is one",
)
def test_no_app_connection_left_is_told_and_then_answers(on_postgres: House, saw: Saw) -> None:
    app = on_postgres.app
    assert app.wire
    assert app.cluster
    dsn = app.cluster.superuser_dsn("postgres")
    try:
        with app.wire.cut():
            execute(dsn, "ALTER ROLE app CONNECTION LIMIT 0")
        replies = [on_postgres.ask("SELECT 1") for _ in range(6)]
    finally:
        execute(dsn, "ALTER ROLE app CONNECTION LIMIT -1")
    back = on_postgres.recovered(5)
    saw(kinds(replies), answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} <= {"503", "not_recorded"}
    assert slowest(replies) < 2
    on_postgres.prove()


@contextmanager
def without_table(house: House) -> Iterator[None]:
    """Take the audit table away meanwhile."""
    guards = [] if house.app.cluster else house.app.ask(_TRIGGERS)
    house.app.ask("ALTER TABLE audit_querylog RENAME TO gone")
    try:
        yield
    finally:
        house.app.ask("ALTER TABLE gone RENAME TO audit_querylog")
        # SQLite writes the new names into triggers, and verify_audit reads every word of them.
        for name, sql in guards:
            house.app.ask(f"DROP TRIGGER {name}")
            house.app.ask(sql)


_TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"


@pytest.mark.proves("FAULT-RECORD-GONE")
@pytest.mark.fault(
    "The audit table is gone",
    "not_recorded within 2 s, no statement reaches PostgreSQL; answers once it is back",
)
def test_question_without_a_table_for_its_row_does_not_run(house: House, saw: Saw) -> None:
    with without_table(house):
        replies = [house.ask("SELECT 'unrecorded'") for _ in range(6)]
    back = house.recovered(5)
    saw(kinds(replies), answer=slowest(replies), recover=back)
    assert {reply.kind for reply in replies} == {"not_recorded"}
    assert slowest(replies) < 2
    assert "SELECT 'unrecorded'" not in house.fleet.cluster.log_file.read_text()
    assert httpx.get(f"{house.server.url}/readyz", timeout=10).status_code == 200
    house.prove()
