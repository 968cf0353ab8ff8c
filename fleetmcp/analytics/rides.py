"""A job on a thread of the engine: its answer as soon as there is one, then the cleaning up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from fleetmcp.analytics.connection import scrub, scrubbed_later
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.ticket import Ticket

HEARTBEAT_S = 2.0
# Our own clock: PostgreSQL checks its timeout only where it checks for interrupts.
_CANCEL_AFTER_S = 2.0
_CLEAN_WITHIN_S = 5.0

T = TypeVar("T")
Job = Callable[[Limits], T]
Beat = Callable[[float, float], Awaitable[None]]


async def _silent(seconds: float, most: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Beats:
    """Whom to tell every two seconds: seconds so far, and seconds at most."""

    waiting: Beat = _silent
    running: Beat = _silent


SILENT = Beats()


def expect_clean(ended: asyncio.Future[None], ticket: Ticket) -> None:
    """Give the thread some seconds to clean up; after that it loses its connection.

    Only that one: the same question may be at work on another thread by then.
    """
    timer = ended.get_loop().call_later(_CLEAN_WITHIN_S, ticket.cut, ticket.held)
    ended.add_done_callback(lambda _: timer.cancel())


def work(
    job: Job[T], limits: Limits, answered: asyncio.Future[T], ended: asyncio.Future[None]
) -> None:
    """Do the job and tell its end at once; only then clean up, while the answer travels."""
    loop = answered.get_loop()
    try:
        with scrubbed_later():
            tell = partial(answered.set_result, job(limits))
    except BaseException as error:
        tell = partial(answered.set_exception, error)
    loop.call_soon_threadsafe(_tell, answered, tell)
    try:
        scrub()
    finally:
        loop.call_soon_threadsafe(ended.set_result, None)


def _tell(answered: asyncio.Future[T], tell: Callable[[], None]) -> None:
    if not answered.done():
        tell()
        answered.exception()  # marks it as seen: nobody may be waiting any more


async def watched(running: asyncio.Future[T], ticket: Ticket, limits: Limits, beats: Beats) -> T:
    """Wait for the job, telling how long it takes, and end it when PostgreSQL doesn't."""
    started = asyncio.get_running_loop().time()
    allowed = limits.statement_ms / 1000 + _CANCEL_AFTER_S
    while True:
        done, _ = await asyncio.wait({running}, timeout=HEARTBEAT_S)
        if done:
            return await running
        elapsed = asyncio.get_running_loop().time() - started
        await beats.running(elapsed, limits.statement_ms / 1000)
        if elapsed > allowed:
            ticket.cancel("deadline")
