"""The engine's threads: each keeps one connection, so the thread pool *is* the connection pool.

Two lanes share ``MCP_POOL_MAX`` connections. Questions run in the main lane. When it is full, a
question first tries the quick lane, with a statement timeout of ``TRY_MS``: what only reads can be
asked twice, so a short question overtakes the long ones and a long one goes back to the queue.
The tools that read the catalog live in the quick lane.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.conf import settings

from fleetmcp.analytics.errors import QueryTimedOut, ServerBusy
from fleetmcp.analytics.failures import cancelled
from fleetmcp.analytics.limits import Limits
from fleetmcp.analytics.places import Lane, Waiter
from fleetmcp.analytics.rides import (
    HEARTBEAT_S,
    SILENT,
    Beats,
    Job,
    expect_clean,
    watched,
    work,
)
from fleetmcp.analytics.ticket import Ticket

TRY_MS = 150
QUICK_THREADS = 2

T = TypeVar("T")


def _lane(name: str, threads: int) -> Lane:
    return Lane(threads, ThreadPoolExecutor(threads, thread_name_prefix=name))


@dataclass(frozen=True)
class LanesState:
    """How busy the lanes are: name -> (busy, size), and how many wait."""

    lanes: dict[str, tuple[int, int]]
    waiting: int


class Lanes:
    """Both lanes of one process and their queue, used from one event loop."""

    def __init__(self, size: int) -> None:
        quick = min(QUICK_THREADS, size - 1)
        self.main = _lane("analytics", size - quick)
        self.quick = _lane("quick", quick)
        self._queue: deque[Waiter] = deque()
        self._sizes = {"main": size - quick, "quick": quick}

    def state(self) -> LanesState:
        """Return how busy the lanes are just now."""
        free = {"main": self.main.free, "quick": self.quick.free}
        busy = {name: (size - free[name], size) for name, size in self._sizes.items()}
        return LanesState(busy, len(self._queue))

    async def question(
        self, job: Job[T], ticket: Ticket, limits: Limits, beats: Beats = SILENT
    ) -> T:
        """Run the job as soon as a connection is free. Raises ServerBusy at the queue limit."""
        lane = await self._enter((self.main, self.quick), ticket, limits, beats)
        if lane is self.quick:
            try:
                short = replace(limits, statement_ms=min(TRY_MS, limits.statement_ms))
                return await self._ride(lane, job, ticket, short, beats)
            except QueryTimedOut:
                if limits.statement_ms <= TRY_MS or ticket.cancelled_by:
                    raise
            lane = await self._enter((self.main,), ticket, limits, beats, first=True)
        return await self._ride(lane, job, ticket, limits, beats)

    async def errand(self, job: Job[T], ticket: Ticket, limits: Limits) -> T:
        """Run a short job of our own, in whichever lane is free first."""
        lane = await self._enter((self.quick, self.main), ticket, limits, SILENT)
        return await self._ride(lane, job, ticket, limits, SILENT)

    async def _enter(
        self,
        lanes: tuple[Lane, ...],
        ticket: Ticket,
        limits: Limits,
        beats: Beats,
        *,
        first: bool = False,
    ) -> Lane:
        """Take a free thread of one of the lanes, the first named preferred, or queue for one."""
        for lane in lanes:
            if lane.free:
                lane.free -= 1
                return lane
        loop = asyncio.get_running_loop()
        waiter = Waiter(lanes, loop, loop.create_future(), loop.create_future())
        if first:
            self._queue.appendleft(waiter)
        else:
            self._queue.append(waiter)
        ticket.when_cancelled = waiter.wake
        started = loop.time()
        try:
            return await self._queued(waiter, ticket, limits, beats)
        except BaseException:
            self._give_up(waiter)
            raise
        finally:
            ticket.when_cancelled = None
            ticket.waited += loop.time() - started

    async def _queued(self, waiter: Waiter, ticket: Ticket, limits: Limits, beats: Beats) -> Lane:
        """Wait in the queue, telling how long it may take.

        Raises ServerBusy at its limit, QueryCancelled when somebody stops the question meanwhile.
        """
        most, waited = limits.queue_ms / 1000, 0.0
        either: set[asyncio.Future[Any]] = {waiter.given, waiter.woken}
        started = asyncio.get_running_loop().time()
        while waited < most:
            await asyncio.wait(
                either,
                timeout=min(HEARTBEAT_S, most - waited),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if ticket.cancelled_by:
                raise cancelled(ticket.cancelled_by)
            if waiter.given.done():
                return waiter.given.result()
            waited = asyncio.get_running_loop().time() - started
            await beats.waiting(waited, most)
        raise ServerBusy(
            f"Every connection was busy for {most:g} s.",
            hint="Try again in a minute, with a narrower query.",
        )

    def _give_up(self, waiter: Waiter) -> None:
        if waiter.given.done() and not waiter.given.cancelled():
            self._leave(waiter.given.result())
        else:
            self._queue.remove(waiter)

    def _leave(self, lane: Lane) -> None:
        """Hand the thread to whoever has waited longest for such a one."""
        for waiter in self._queue:
            if lane in waiter.lanes:
                self._queue.remove(waiter)
                waiter.given.set_result(lane)
                return
        lane.free += 1

    async def _ride(
        self, lane: Lane, job: Job[T], ticket: Ticket, limits: Limits, beats: Beats
    ) -> T:
        """Run the job on the lane's thread; whoever stops waiting also stops the statement."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[T] = loop.create_future()
        ended: asyncio.Future[None] = loop.create_future()
        lane.executor.submit(work, job, limits, answered, ended)
        ended.add_done_callback(lambda _: self._leave(lane))
        answered.add_done_callback(lambda _: expect_clean(ended, ticket))
        try:
            return await watched(answered, ticket, limits, beats)
        except asyncio.CancelledError:
            ticket.cancel("client")
            raise


_lanes: tuple[asyncio.AbstractEventLoop, Lanes] | None = None


def lanes() -> Lanes:
    """Return the lanes of the running event loop, made on first use."""
    global _lanes
    loop = asyncio.get_running_loop()
    if _lanes is None or _lanes[0] is not loop:
        _lanes = (loop, Lanes(settings.MCP_POOL_MAX))
    return _lanes[1]
