"""The threads that talk to the app database, apart from the engine's: a slow query never waits
in front of an audit row.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

THREADS = 4
# SQLite itself waits ten seconds for another writer; nothing waits for a PostgreSQL that is frozen.
PATIENCE_S = 12.0

P = ParamSpec("P")
T = TypeVar("T")

# Apart, because writers may have to wait for each other, and nobody at the door should for them.
_writers = ThreadPoolExecutor(THREADS, thread_name_prefix="records")
_readers = ThreadPoolExecutor(THREADS, thread_name_prefix="look-ups")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that writes to the app database, on a thread with a connection of its own.

    Raises OperationalError when it takes longer than anybody should wait; it may end later.
    """
    return await _in_time(_writers, partial(_prepared, function, *args, **kwargs))


async def run_or_undo(function: Callable[[], T], undo: Callable[[T], object]) -> T:
    """Run as ``run`` does; if it ends when nobody waits any more, its result is undone."""
    unwanted = threading.Event()

    def work() -> T:
        result = _prepared(function)
        if unwanted.is_set():
            undo(result)
        return result

    try:
        return await _in_time(_writers, work)
    except OperationalError:
        unwanted.set()
        raise


async def unhurried(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that writes and for which no client waits, however long it takes."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_writers, lambda: _prepared(function, *args, **kwargs))


async def look_up(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that only reads from the app database, as ``run`` does."""
    return await _in_time(_readers, partial(_prepared, function, *args, **kwargs))


async def _in_time(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.get_running_loop().run_in_executor(threads, work)
    except TimeoutError:
        raise OperationalError("the app database did not answer in time") from None


def _prepared(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """A connection that broke, or that the server closed meanwhile, is replaced before use."""
    if connection.errors_occurred:
        connection.close()
        connection.errors_occurred = False
    connection.health_check_done = False  # type: ignore[attr-defined]  # not in the stubs
    connection.close_if_health_check_failed()
    return function(*args, **kwargs)
