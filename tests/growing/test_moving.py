"""From SQLite to PostgreSQL: people, tokens and a record whose chain still verifies."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.live import ROOT, Server, start_server

FILLED = ("fill_audit", "--rows", "2500", "--people", "5", "--i-know-this-is-no-real-history")


@pytest.fixture
def app_dsn(fleet: LocalDatabase) -> Iterator[str]:
    """An empty PostgreSQL database for the app."""
    execute(fleet.superuser_dsn, "CREATE ROLE mover LOGIN PASSWORD 'mover-password'")
    execute(fleet.superuser_dsn, "CREATE DATABASE moved OWNER mover")
    yield re.sub(r"//[^@]+@(.*)/.*", r"//mover:mover-password@\1/moved", fleet.analytics_dsn)
    execute(fleet.superuser_dsn, "DROP DATABASE moved WITH (FORCE)")
    execute(fleet.superuser_dsn, "DROP ROLE mover")


@pytest.fixture
def stopped(fleet: LocalDatabase, tmp_path: Path) -> Server:
    """A server that has worked on SQLite, sealed its record, and was stopped."""
    with start_server(tmp_path, fleet.analytics_dsn, AUDIT_SEAL_SECONDS="0") as server:
        server.manage(*FILLED)
        server.data("query", sql="SELECT full_name FROM tracksolid.drivers LIMIT 3")
        server.error("query", sql="DELETE FROM tracksolid.drivers")
        server.manage("rotate_token", server.tokens["bob"][:11])
        server.manage("seal_audit")
    return server


def moved(server: Server, app_dsn: str) -> tuple[int, str]:
    """Migrate the new place and move; return the exit code and what was printed."""
    target = server.environ | {"APP_DATABASE_URL": app_dsn}
    words = [
        [*"migrate --verbosity=0".split()],
        ["move_app_database", server.environ["APP_DB_FILE"]],
    ]
    for manage in words:
        done = subprocess.run(
            [sys.executable, "manage.py", *manage],
            cwd=ROOT, env=target, capture_output=True, text=True, check=False,
        )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.proves("GROW-MOVE")
def test_moved_server_goes_on_with_its_tokens_and_its_chain(stopped: Server, app_dsn: str) -> None:
    head = stopped.manage("verify_audit", "--json")
    code, said = moved(stopped, app_dsn)
    assert code == 0, said
    assert "audit_querylog: 2,502" in said
    stopped.environ["APP_DATABASE_URL"] = app_dsn
    stopped.start()
    try:
        assert stopped.data("query", sql="SELECT 1")["rows"] == [[1]]
        assert re.findall('"head": "[^"]+"', head)[0] in stopped.manage("verify_audit", "--json")
        stopped.manage("seal_audit")
        assert "Nothing is wrong" in stopped.manage("verify_audit")
        said = stopped.manage("who_read", "tracksolid.drivers.full_name")
        assert "alice" in said
    finally:
        stopped.stop()
    for statement in ("UPDATE audit_querylog SET sql = ''", "DELETE FROM audit_event"):
        with pytest.raises(Exception, match=r"never|Only"):
            execute(app_dsn, statement)


@pytest.mark.proves("GROW-MOVE")
def test_record_that_does_not_verify_is_not_moved(stopped: Server, app_dsn: str) -> None:
    with sqlite3.connect(stopped.environ["APP_DB_FILE"]) as database:
        (trigger,) = database.execute(
            "SELECT group_concat(name) FROM sqlite_master WHERE type = 'trigger'"
            " AND name LIKE 'audit_querylog_update_%'"
        ).fetchone()
        for name in trigger.split(","):
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE audit_querylog SET sql = 'SELECT 2' WHERE id = 7")
    code, said = moved(stopped, app_dsn)
    assert code == 1
    assert "does not verify" in said
    assert "7" in said
    assert execute(app_dsn, "SELECT count(*) FROM audit_querylog") == [(0,)]
    assert execute(app_dsn, "SELECT count(*) FROM accounts_user") == [(0,)]


@pytest.mark.proves("GROW-MOVE")
def test_nothing_is_moved_twice_onto_itself_or_from_nowhere(
    stopped: Server, app_dsn: str, tmp_path: Path
) -> None:
    assert moved(stopped, app_dsn)[0] == 0
    assert "move into an empty one" in moved(stopped, app_dsn)[1]
    with pytest.raises(AssertionError, match="Set APP_DATABASE_URL"):
        stopped.manage("move_app_database", stopped.environ["APP_DB_FILE"])
    stopped.environ["APP_DB_FILE"] = str(tmp_path / "nothing.sqlite3")
    assert "stop the server first" in moved(stopped, app_dsn)[1]
