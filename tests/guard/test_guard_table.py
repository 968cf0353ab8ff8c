"""The guard's verdicts on real servers: what is accepted runs, what is refused has its code."""

from __future__ import annotations

import pytest

from fleetmcp.analytics import guard
from fleetmcp.analytics.errors import Code, QueryRefused
from fleetmcp.analytics.guard.parse import guard_executor
from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.limits import limits_for
from fleetmcp.analytics.queries import run_select
from fleetmcp.analytics.ticket import Ticket
from tests.guard.cases import ACCEPTED_CASES, REFUSED_CASES, Case
from tests.servers import FleetServer


def check(sql: object, policy: Policy) -> guard.Statement:
    """Judge on the guard's own thread."""
    return guard_executor().submit(guard.check, sql, policy).result()


def codes(case: Case, server: FleetServer) -> set[Code | None]:
    """Return the codes that the refusal may have; what isn't installed is also unknown."""
    missing = not case.applies(server.major, server.extensions)
    return {case.code, Code.UNKNOWN_FUNCTION} if missing else {case.code}


@pytest.mark.proves("GUARD-ACCEPTS")
@pytest.mark.parametrize("case", ACCEPTED_CASES, ids=str)
def test_honest_question_is_accepted_and_runs(
    case: Case, server: FleetServer, policy: Policy
) -> None:
    if case.applies(server.major, server.extensions):
        run_select(check(case.sql, policy), policy, Ticket("alice", "1"), limits_for(100))


@pytest.mark.proves("GUARD-REFUSES")
@pytest.mark.parametrize("case", REFUSED_CASES, ids=str)
def test_statement_is_refused_with_its_code(
    case: Case, server: FleetServer, policy: Policy
) -> None:
    with pytest.raises(QueryRefused) as refusal:
        check(case.sql, policy)
    assert refusal.value.code in codes(case, server)
    assert str(refusal.value).startswith(f"[{refusal.value.code}] ")


@pytest.mark.proves("GUARD-ACCEPTS", "GUARD-REFUSES")
@pytest.mark.parametrize("cases", [ACCEPTED_CASES, REFUSED_CASES], ids=["accepted", "refused"])
def test_table_has_its_size_and_no_row_twice(cases: list[Case]) -> None:
    said = [case.sql for case in cases]
    assert sorted({sql for sql in said if said.count(sql) > 1}) == []
    assert len({" ".join(sql.lower().split()) for sql in said}) >= 300
