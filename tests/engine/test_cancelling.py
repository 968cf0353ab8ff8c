"""A cancel reaches what runs, also while an earlier session of the same question is cleaned."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fleetmcp.analytics.connection import drop_connection, read_only
from fleetmcp.analytics.errors import QueryCancelled
from fleetmcp.analytics.lanes import Lanes
from fleetmcp.analytics.limits import Limits, limits_for
from fleetmcp.analytics.role import role_problems
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase

SLOW = "SELECT reporting.test_sleep(20)"
ROUNDS = 15


def sleep(ticket: Ticket) -> None:
    """Run a slow statement for the ticket."""
    try:
        with read_only(ticket, limits_for(1), ()) as session:
            session.run(SLOW)
    finally:
        drop_connection()


async def cancelled_after_an_errand(lanes: Lanes) -> float:
    """Do an errand and then something slow with one ticket; return how long a cancel took."""
    ticket = Ticket("alice", "1")

    def errand(limits: Limits) -> list[str]:
        return role_problems(ticket)

    def slow(limits: Limits) -> None:
        sleep(ticket)

    await lanes.errand(errand, ticket, limits_for(1))
    running = asyncio.create_task(lanes.question(slow, ticket, limits_for(1)))
    await asyncio.sleep(0.1)
    started = time.monotonic()
    ticket.cancel("test")
    with pytest.raises(QueryCancelled, match="cancelled \\(test\\)"):
        await running
    return time.monotonic() - started


@pytest.mark.proves("CANCEL-ANYWHERE")
@pytest.mark.usefixtures("engine")
def test_cancel_reaches_the_question_that_follows_an_errand() -> None:
    async def rounds() -> list[float]:
        lanes = Lanes(4)
        return [await cancelled_after_an_errand(lanes) for _ in range(ROUNDS)]

    assert max(asyncio.run(rounds())) < 2


@pytest.mark.proves("CANCEL-ANYWHERE")
def test_releasing_an_earlier_session_leaves_the_later_one_within_reach(
    engine: LocalDatabase,
) -> None:
    ticket, earlier = Ticket("alice", "1"), object()
    ticket.hold(earlier)
    with ThreadPoolExecutor(1) as other:
        running = other.submit(sleep, ticket)
        while len(ticket.held) < 2:
            time.sleep(0.01)
        ticket.release(earlier)
        ticket.cancel("test")
        with pytest.raises(QueryCancelled, match="cancelled \\(test\\)"):
            running.result(timeout=5)
    assert ticket.held == []
    assert 0 < ticket.in_database < 5


@pytest.mark.proves("CANCEL-ANYWHERE")
@pytest.mark.usefixtures("engine")
def test_cleaning_that_takes_too_long_ends_no_other_session() -> None:
    ticket = Ticket("alice", "1")
    with read_only(ticket, limits_for(1), ()) as session:
        ticket.cut([object()])
        assert session.run("SELECT 1") == [("1",)]
    assert ticket.cancelled_by == ""
