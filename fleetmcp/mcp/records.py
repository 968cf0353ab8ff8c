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
    work = partial(function, *args, **kwargs)
    return await _in_time(asyncio.get_running_loop().run_in_executor(_readers, _prepared, work))


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
    loop = asyncio.get_running_loop()
    job = _Job(partial(function, *args), after, undo, loop.create_future())
    _waiting.append(job)
    loop.run_in_executor(_writers(), _write_some)
    result: T = await _in_time(job.told)
    return result


async def _in_time(answer: asyncio.Future[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await answer
    except TimeoutError:
        raise OperationalError("the app database did not answer in time") from None


@dataclass(eq=False)
class _Job:
    work: Callable[[], Any]
    after: After | None
    undo: Callable[[Any], object] | None
    told: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def attempt(self) -> None:
        """Do the work and keep what came of it."""
        try:
            self.result, self.error = self.work(), None
        except Exception as error:
            self.error = error

    def tell(self) -> None:
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
    if not (len(jobs) > 1 and _written_together(jobs)):
        for job in jobs:
            _prepared(job.attempt)
    for job in jobs:
        if job.after:
            job.after(job.error)
        job.told.get_loop().call_soon_threadsafe(job.tell)


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
                job.attempt()
                if isinstance(job.error, DatabaseError):
                    raise job.error


def _prepared(work: Callable[[], T]) -> T:
    """A connection that broke, or that the server closed meanwhile, is replaced before use."""
    raw = connection.connection
    if connection.errors_occurred or (raw is not None and not _alone() and has_news(raw)):
        connection.close()
        connection.errors_occurred = False
    return work()
