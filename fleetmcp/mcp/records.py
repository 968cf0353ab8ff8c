"""The threads that talk to the app database, apart from the engine's: a slow query never waits
in front of an audit row.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ParamSpec, TypeVar

from django.db import Error as DatabaseError
from django.db import OperationalError, connection, transaction

from fleetmcp.news import has_news

THREADS = 4
MOST_AT_ONCE = 64
# SQLite itself waits ten seconds for another writer; nothing waits for a PostgreSQL that is frozen.
PATIENCE_S = 12.0

P = ParamSpec("P")
T = TypeVar("T")
After = Callable[[Exception | None], None]

# Apart, because writers may have to wait for each other, and nobody at the door should for them.
_readers = ThreadPoolExecutor(THREADS, thread_name_prefix="look-ups")
_upkeep = ThreadPoolExecutor(1, thread_name_prefix="upkeep")


async def look_up(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that only reads, on a thread with a connection of its own.

    Raises django.db.Error, also when it takes longer than anybody should wait.
    """
    told: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    _readers.submit(_Job(partial(function, *args, **kwargs), told).done_alone)
    return await _in_time(told)


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that writes and for which no client waits, however long it takes."""
    work = partial(function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_upkeep, _prepared, work)


async def write(
    function: Callable[..., T],
    *args: Any,
    after: After | None = None,
    undo: Callable[[T], object] | None = None,
) -> T:
    """Run a function that writes a row or a few; it is on disk when this returns.

    Whatever waits at the same moment shares a commit where there is one writer at a time anyway.
    ``after`` is called once on that thread, with the error if there is one. Raises
    django.db.Error, also when it takes too long; what ends only later is undone.
    """
    told: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    _waiting.append(_Job(partial(function, *args), told, after, undo))
    _writers().submit(_write_some)
    return await _in_time(told)


async def _in_time(answer: asyncio.Future[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await answer
    except TimeoutError:
        raise OperationalError("the app database did not answer in time") from None


@dataclass(eq=False)
class _Job:
    work: Callable[[], Any]
    told: asyncio.Future[Any]
    after: After | None = None
    undo: Callable[[Any], object] | None = None
    result: Any = None
    error: Exception | None = None

    def done_alone(self) -> None:
        """Do it on a connection that works, and end it."""
        self.attempt(partial(_prepared, self.work))
        self.end()

    def attempt(self, work: Callable[[], Any]) -> None:
        """Do the work and keep what came of it."""
        try:
            self.result, self.error = work(), None
        except Exception as error:
            self.error = error

    def end(self) -> None:
        """Do what is to follow on this thread, and tell the loop."""
        try:
            if self.after:
                self.after(self.error)
        finally:
            self.told.get_loop().call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        """Let whoever waits go on, or undo what nobody waits for any more; on their loop."""
        if not self.told.done():
            if self.error is None:
                self.told.set_result(self.result)
            else:
                self.told.set_exception(self.error)
        elif self.undo and self.error is None:
            loop = self.told.get_loop()
            loop.run_in_executor(_upkeep, _prepared, partial(self.undo, self.result))


_waiting: deque[_Job] = deque()


@cache
def _writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1 if _alone() else THREADS, thread_name_prefix="records")


def _alone() -> bool:
    return connection.vendor == "sqlite"


def _write_some() -> None:
    """Do what waits; nothing, if another round took it along."""
    jobs: list[_Job] = []
    while _waiting and len(jobs) < (MOST_AT_ONCE if _alone() else 1):
        jobs.append(_waiting.popleft())
    if len(jobs) > 1 and _written_together(jobs):
        for job in jobs:
            job.end()
    else:
        for job in jobs:
            job.done_alone()


def _written_together(jobs: list[_Job]) -> bool:
    """Do them in one transaction; if the database refuses any, none is done and False returned."""
    try:
        _prepared(partial(_commit, jobs))
    except DatabaseError:
        return False
    return True


def _commit(jobs: list[_Job]) -> None:
    with transaction.atomic():
        for job in jobs:
            with transaction.atomic():
                job.attempt(job.work)
                if isinstance(job.error, DatabaseError):
                    raise job.error


def _prepared(work: Callable[[], T]) -> T:
    """A connection that broke, or that the server closed meanwhile, is replaced before use."""
    raw = connection.connection
    if connection.errors_occurred or (raw is not None and not _alone() and has_news(raw)):
        connection.close()
        connection.errors_occurred = False
    return work()
