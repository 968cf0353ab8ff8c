"""The questions that this process runs, and the watch over marks that somebody put on them.

A cancel may arrive at any worker or replica. It marks the audit row; the process that runs the
question looks once a second whether one of its own rows is marked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from django.db import Error as DatabaseError

from audit.cancelling import cancel_requested
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.mcp import records
from fleetmcp.mcp.metrics import sample

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0

_running: dict[int, Ticket] = {}


@contextmanager
def listed(query_id: int, ticket: Ticket) -> Iterator[None]:
    """Keep the question on the list while it waits or runs."""
    _running[query_id] = ticket
    try:
        yield
    finally:
        del _running[query_id]


def end_all(by: str) -> None:
    """Cancel every question that this process runs or has waiting."""
    for ticket in list(_running.values()):
        ticket.cancel(by)


@asynccontextmanager
async def watched() -> AsyncIterator[None]:
    """Watch over the list for as long as the server lives."""
    watch = asyncio.create_task(_watch())
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _watch() -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            sample()
            await _look()
        except DatabaseError as error:
            logger.error("Cancels can't be looked for: %s", type(error).__name__)
        except Exception:  # whatever it is, the next look may be the one that is needed
            logger.exception("Cancels can't be looked for")


async def _look() -> None:
    marked = await records.look_up(cancel_requested, list(_running)) if _running else {}
    for query_id, by in marked.items():
        if query_id in _running:
            _running[query_id].cancel(by)
