"""The guard's verdicts on a real server: what is accepted runs, what is refused has a code."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest
from psycopg2 import errorcodes

from fleetmcp.analytics import guard
from fleetmcp.analytics.connection import Ticket
from fleetmcp.analytics.errors import Code, QueryFailed, QueryRefused
from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.snapshot import current_policy
from scripts.demo_db import LocalDatabase
from tests.guard.cases import ACCEPTED, REFUSED

ACCEPTED_CASES = [
    line.encode().decode("unicode_escape") if line.startswith("\\u") else line
    for line in ACCEPTED.strip().splitlines()
]
REFUSED_CASES = [
    (code, line) for code, lines in REFUSED.items() for line in lines.strip().splitlines()
]


@pytest.fixture
def policy(engine: LocalDatabase) -> Policy:
    """Return the policy of the demo database."""
    return current_policy(Ticket("alice", "policy"))


def check(sql: object, policy: Policy) -> guard.Statement:
    """Judge on the guard's own thread."""
    return guard_executor().submit(guard.check, sql, policy).result()


@pytest.mark.proves("GUARD-ACCEPTS")
@pytest.mark.parametrize("sql", ACCEPTED_CASES)
def test_honest_question_is_accepted_and_runs(sql: str, policy: Policy) -> None:
    statement = check(sql, policy)
    # The embedded PostgreSQL is built without libxml; the guard's verdict still counts.
    with suppress(NoXml) if "xml" in sql.lower() else nullcontext():
        run(statement, policy)


class NoXml(Exception):
    """This PostgreSQL was built without libxml."""


def run(statement: guard.Statement, policy: Policy) -> None:
    """Run the statement; tell a feature that this server lacks from a failure."""
    try:
        run_select(statement, policy, Ticket("alice", "1"), limits_for(100))
    except QueryFailed as failed:
        if failed.sqlstate == errorcodes.FEATURE_NOT_SUPPORTED:
            raise NoXml from failed
        raise


@pytest.mark.proves("GUARD-REFUSES")
@pytest.mark.parametrize(("code", "sql"), REFUSED_CASES)
def test_statement_is_refused_with_its_code(code: Code, sql: str, policy: Policy) -> None:
    with pytest.raises(QueryRefused) as refusal:
        check(sql, policy)
    assert refusal.value.code is code
    assert str(refusal.value).startswith(f"[{code}] ")
