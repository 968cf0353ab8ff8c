"""The engine's threads: each keeps one connection, so the thread pool *is* the connection pool.

Two lanes share ``MCP_POOL_MAX`` connections. Questions run in the main lane. When it is full, a
question first tries the quick lane, with a statement timeout of ``TRY_MS``: what only reads can be
asked twice, so a short question overtakes the long ones and a long one goes back to the queue.
The tools that read the catalog live in the quick lane.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from django.conf import settings

from fleetmcp.analytics.connection import Ticket
from fleetmcp.analytics.errors import QueryTimedOut, ServerBusy
from fleetmcp.analytics.limits import Limits

TRY_MS = 150
QUICK_THREADS = 2
# Our own clock: PostgreSQL checks its timeout only where it checks for interrupts.
_CANCEL_AFTER_S = 2.0
_SEVER_AFTER_S = 3.0
_HEARTBEAT_S = 2.0

T = TypeVar("T")
Job = Callable[[Limits], T]
Heartbeat = Callable[[float], Awaitable[None]]


async def _silent(seconds: float) -> None:
    """Report nothing."""


@dataclass
class Lane:
    """Threads, and how many of them are free."""

    threads: int
    free: int
    executor: ThreadPoolExecutor


def _lane(name: str, threads: int) -> Lane:
    return Lane(threads, threads, ThreadPoolExecutor(threads, thread_name_prefix=name))


class Lanes:
    """Both lanes of one process, used from one event loop."""

    def __init__(self, size: int) -> None:
        quick = min(QUICK_THREADS, size - 1)
        self.main = _lane("analytics", size - quick)
        self.quick = _lane("quick", quick)
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Future[None]] = set()

    async def question(
        self, job: Job[T], ticket: Ticket, limits: Limits, beat: Heartbeat = _silent
    ) -> T:
        """Run the job as soon as a connection is free. Raises ServerBusy at the queue limit."""
        lane = await self._enter((self.main, self.quick), limits)
        if lane is self.quick:
            try:
                short = replace(limits, statement_ms=min(TRY_MS, limits.statement_ms))
                return await self._ride(lane, job, ticket, short, beat)
            except QueryTimedOut:
                if limits.statement_ms <= TRY_MS or ticket.cancelled_by:
                    raise
            lane = await self._enter((self.main,), limits)
        return await self._ride(lane, job, ticket, limits, beat)

    async def errand(self, job: Job[T], ticket: Ticket, limits: Limits) -> T:
        """Run a short job of our own, in whichever lane is free first."""
        lane = await self._enter((self.quick, self.main), limits)
        return await self._ride(lane, job, ticket, limits, _silent)

    async def _enter(self, lanes: tuple[Lane, ...], limits: Limits) -> Lane:
        """Wait for a free thread in one of the lanes, the first named preferred, and take it."""
        async with self._changed:
            try:
                async with asyncio.timeout(limits.queue_ms / 1000):
                    await self._changed.wait_for(lambda: any(lane.free for lane in lanes))
            except TimeoutError:
                raise ServerBusy(
                    f"Every connection was busy for {limits.queue_ms / 1000:g} s.",
                    hint="Try again in a minute, with a narrower query.",
                ) from None
            lane = next(lane for lane in lanes if lane.free)
            lane.free -= 1
            return lane

    async def _ride(
        self, lane: Lane, job: Job[T], ticket: Ticket, limits: Limits, beat: Heartbeat
    ) -> T:
        """Run the job on the lane's thread; whoever stops waiting also stops the statement."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(lane.executor, job, limits)
        running.add_done_callback(partial(self._leave, lane))
        try:
            return await _watched(running, ticket, limits, beat)
        except asyncio.CancelledError:
            # A task of its own: whoever cancelled us may cancel each further await of ours too.
            self._spawn(_stop(running, ticket, "client"))
            raise

    def _leave(self, lane: Lane, done: asyncio.Future[T]) -> None:
        lane.free += 1
        if not done.cancelled():
            done.exception()  # marks it as seen: nobody may be waiting any more
        self._spawn(self._announce())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()


async def _watched(
    running: asyncio.Future[T], ticket: Ticket, limits: Limits, beat: Heartbeat
) -> T:
    """Wait for the job, telling how long it takes, and end it when PostgreSQL doesn't."""
    started = asyncio.get_running_loop().time()
    allowed = limits.statement_ms / 1000 + _CANCEL_AFTER_S
    while True:
        done, _ = await asyncio.wait({running}, timeout=_HEARTBEAT_S)
        if done:
            return await running
        elapsed = asyncio.get_running_loop().time() - started
        await beat(elapsed)
        if elapsed > allowed:
            await _stop(running, ticket, "deadline")


async def _stop(running: asyncio.Future[T], ticket: Ticket, by: str) -> None:
    """Cancel the statement in PostgreSQL; cut its socket if that doesn't end it soon."""
    await asyncio.to_thread(ticket.cancel, by)
    done, _ = await asyncio.wait({running}, timeout=_SEVER_AFTER_S)
    if not done:
        await asyncio.to_thread(ticket.sever, by)
        await asyncio.wait({running}, timeout=_SEVER_AFTER_S)


_lanes: tuple[asyncio.AbstractEventLoop, Lanes] | None = None


def lanes() -> Lanes:
    """Return the lanes of the running event loop, made on first use."""
    global _lanes
    loop = asyncio.get_running_loop()
    if _lanes is None or _lanes[0] is not loop:
        _lanes = (loop, Lanes(settings.MCP_POOL_MAX))
    return _lanes[1]
