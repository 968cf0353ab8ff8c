"""Behind PgBouncer in transaction mode every layer still holds, and sessions don't mix."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from fleetmcp.analytics.connection import drop_connection, read_only
from fleetmcp.analytics.errors import QueryCancelled, QueryFailed, QueryTimedOut
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.role import role_problems
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests import pgbouncer
from tests.engine.test_results import ask


@pytest.fixture
def pooled(engine: LocalDatabase) -> Iterator[LocalDatabase]:
    """Put PgBouncer between the engine and its database; it drops our startup options."""
    if pgbouncer.PROGRAM is None:
        pytest.skip(pgbouncer.MISSING)
    entry = connections.settings["analytics_ro"]
    before = dict(entry)
    login = (entry["USER"], entry["PASSWORD"])
    options = "extra_float_digits,options"
    with pgbouncer.pooling(
        "tracksolid_db", int(entry["PORT"]), login, sessions=2, ignored=options
    ) as port:
        entry["PORT"] = str(port)
        drop_connection()
        yield engine
        drop_connection()
        entry.update(before)


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
