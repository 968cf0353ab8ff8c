"""Behind PgBouncer in transaction mode every layer still holds, and sessions don't mix."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
from django.db import connections

from fleetmcp.analytics.connection import drop_connection, read_only
from fleetmcp.analytics.errors import QueryCancelled, QueryFailed, QueryTimedOut
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.role import role_problems
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests.engine.test_results import ask
from tests.live import free_port

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
CONFIG = """
[databases]
tracksolid_db = host=127.0.0.1 port={server} dbname=tracksolid_db
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = extra_float_digits,options
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that the account nobody can read; pytest's own are closed to that account."""
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def pooled(engine: LocalDatabase, open_folder: Path) -> Iterator[LocalDatabase]:
    """Put PgBouncer between the engine and its database; it drops our startup options."""
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed (Debian: apt-get install pgbouncer)")
    port = free_port()
    entry = connections.settings["analytics_ro"]
    before = dict(entry)
    users = open_folder / "users.txt"
    users.write_text(f'"analytics_ro" "{entry["PASSWORD"]}"\n')
    config = open_folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(server=entry["PORT"], port=port, users=users))
    process = subprocess.Popen(
        [PROGRAM, "-q", *_as_somebody(), str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    entry["PORT"] = str(port)
    drop_connection()
    _wait_for(port)
    yield engine
    drop_connection()
    entry.update(before)
    process.terminate()
    process.wait()


def _as_somebody() -> list[str]:
    """PgBouncer refuses to be root: let it be nobody."""
    return ["-u", "nobody"] if os.geteuid() == 0 else []


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            psycopg2.connect(host="127.0.0.1", port=port, dbname="x", user="x", connect_timeout=1)
        except psycopg2.OperationalError as error:
            if "refused" not in str(error) or time.monotonic() > deadline:
                return
            time.sleep(0.1)


@pytest.mark.proves("POOLER-LAYERS")
def test_questions_are_answered_and_every_layer_holds(pooled: LocalDatabase) -> None:
    assert ask("SELECT count(*) FROM tracksolid.devices").rows == [[14]]
    assert role_problems(Ticket("alice", "1")) == []
    with (
        pytest.raises(QueryFailed) as failed,
        read_only(Ticket("alice", "1"), limits_for(1), ()) as session,
    ):
        session.run("UPDATE reporting.refresh_log SET notes = 'x'")
    assert failed.value.sqlstate == "25006"
    pinned = "SELECT current_setting('TimeZone'), current_setting('statement_timeout')"
    with read_only(Ticket("alice", "7"), limits_for(1), ("reporting",)) as session:
        assert session.run(pinned) == [("UTC", "30s")]
        shown = session.run("SHOW search_path") + session.run("SHOW application_name")
    assert shown == [("reporting, pg_temp",), ("fleetmcp:alice:7",)]


@pytest.mark.proves("POOLER-LAYERS")
def test_settings_of_one_question_do_not_reach_another(pooled: LocalDatabase) -> None:
    def one(number: int) -> tuple[str, ...]:
        try:
            with read_only(Ticket("alice", str(number)), limits_for(1), ()) as session:
                session.run("SELECT set_config('work_mem', '64kB', false)")
                mine: tuple[str, ...] = session.run("SHOW application_name")[0]
            with read_only(Ticket("bob", str(number)), limits_for(1), ()) as session:
                return mine + session.run("SHOW work_mem")[0]
        finally:
            drop_connection()

    with ThreadPoolExecutor(4) as several:
        seen = list(several.map(one, range(12)))
    assert seen == [(f"fleetmcp:alice:{number}", "4MB") for number in range(12)]


@pytest.mark.proves("POOLER-LAYERS")
def test_timeout_and_cancel_reach_postgresql_through_it(pooled: LocalDatabase) -> None:
    with pytest.raises(QueryTimedOut):
        ask("SELECT reporting.test_sleep(20)", statement_ms=200)
    ticket = Ticket("alice", "9")

    def slow() -> None:
        try:
            with read_only(ticket, limits_for(1), ()) as session:
                session.run("SELECT reporting.test_sleep(20)")
        finally:
            drop_connection()

    with ThreadPoolExecutor(1) as other:
        running = other.submit(slow)
        time.sleep(0.5)
        ticket.cancel("test")
        with pytest.raises(QueryCancelled, match="cancelled \\(test\\)"):
            running.result(timeout=5)
