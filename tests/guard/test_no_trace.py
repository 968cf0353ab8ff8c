"""After the whole table, every server and the next analyst's session are what they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import psycopg2
import pytest
from psycopg2 import extensions

from fleetmcp.analytics.connection import drop_connection, read_only
from fleetmcp.analytics.errors import AnalyticsError
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.ticket import Ticket
from tests.guard.cases import ACCEPTED_CASES, REFUSED_CASES, Case
from tests.guard.state import state_of
from tests.guard.test_guard_table import check
from tests.servers import FleetServer

TICKET = Ticket("alice", "1")
# Not compared: the write-ahead log and transaction ids (pg_logical_emit_message, txid_current,
# lo_create and others use some up without the guard), and the seed of random() (setseed).
# What the guard alone stops; the other layers let it leave these traces.
LEAVES_A_TRACE = {
    "SELECT 1; COMMIT; BEGIN READ WRITE; ALTER ROLE analytics_ro SET statement_timeout = 0; COMMIT":
        "a role may change its own defaults: every later session starts with them",
    "SELECT 1; COMMIT; NOTIFY fleet, 'x'": "whoever listens hears it",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_get_activity(NULL)":
        "may end other sessions of the role, as far as it gets",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user":
        "may end other sessions of the role, as far as it gets",
}  # fmt: skip
SHORT = replace(limits_for(50), statement_ms=50)


@pytest.mark.proves("SESSION-NO-TRACE")
def test_each_exception_is_a_row_of_the_refused_table() -> None:
    assert LEAVES_A_TRACE.keys() <= {case.sql for case in REFUSED_CASES}


def judged_and_run(case: Case, policy: Policy) -> None:
    """Do what the server does for an analyst; an error of PostgreSQL's own is an answer too."""
    with suppress(AnalyticsError):
        run_select(check(case.sql, policy), policy, TICKET, SHORT)


def run_unjudged(sql: str, policy: Policy) -> bool:
    """Do what would happen if the guard were not there; say whether PostgreSQL gave rows."""
    with suppress(AnalyticsError), read_only(TICKET, SHORT, policy.search_path) as session:
        session.run(sql)
        return True
    return False


@contextmanager
def bystander(dsn: str) -> Iterator[extensions.connection]:
    """Yield somebody else's session that listens, holds a lock and is in the midst of its work."""
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("LISTEN fleet; LISTEN a; SELECT pg_advisory_lock_shared(4711)")
        yield connection


def heard(connection: extensions.connection) -> list[str]:
    """Return what was sent to the bystander; raises when its session was ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.poll()
    return [f"{notice.channel}: {notice.payload}" for notice in connection.notifies]


@pytest.mark.proves("SESSION-NO-TRACE")
def test_table_leaves_no_trace_as_the_analyst_runs_it(server: FleetServer, policy: Policy) -> None:
    warm_up(policy)
    with bystander(server.superuser_dsn()) as owner, bystander(server.analytics_dsn) as analyst:
        before = state_of(server)
        for case in [*ACCEPTED_CASES, *REFUSED_CASES]:
            judged_and_run(case, policy)
        assert before.differences(state_of(server)) == []
        assert heard(owner) + heard(analyst) == []


@pytest.mark.proves("SESSION-NO-TRACE", "READONLY-ROLE", "READONLY-TRANSACTION")
def test_refused_statements_leave_no_trace_without_the_guard(
    server: FleetServer, policy: Policy
) -> None:
    warm_up(policy)
    with bystander(server.superuser_dsn()) as owner, bystander(server.analytics_dsn) as analyst:
        before = state_of(server)
        attacks = [case.sql for case in REFUSED_CASES if case.sql not in LEAVES_A_TRACE]
        # Many do give rows: what the comparison says is then not for want of trying.
        assert sum([run_unjudged(sql, policy) for sql in attacks]) > len(attacks) / 5
        assert before.differences(state_of(server)) == []
        assert heard(owner) + heard(analyst) == []


def warm_up(policy: Policy) -> None:
    """Let the session load what it needs, in a connection of its own."""
    drop_connection()
    for case in ACCEPTED_CASES[:3]:
        judged_and_run(case, policy)
