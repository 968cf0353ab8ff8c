"""The threads that talk to the app database, apart from the engine's: a slow query never waits
in front of an audit row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connection

THREADS = 4

P = ParamSpec("P")
T = TypeVar("T")

# Apart, because writers may have to wait for each other, and nobody at the door should for them.
_writers = ThreadPoolExecutor(THREADS, thread_name_prefix="records")
_readers = ThreadPoolExecutor(THREADS, thread_name_prefix="look-ups")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that writes to the app database, on a thread with a connection of its own."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_writers, lambda: _prepared(function, *args, **kwargs))


async def look_up(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that only reads from the app database, as ``run`` does."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_readers, lambda: _prepared(function, *args, **kwargs))


def _prepared(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """A connection that broke, or that the server closed meanwhile, is replaced before use."""
    if connection.errors_occurred:
        connection.close()
        connection.errors_occurred = False
    connection.health_check_done = False  # type: ignore[attr-defined]  # not in the stubs
    connection.close_if_health_check_failed()
    return function(*args, **kwargs)
