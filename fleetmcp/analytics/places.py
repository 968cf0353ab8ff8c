"""A lane's free threads, and a place in the queue for one."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(eq=False)
class Lane:
    """Threads, and how many of them are free."""

    free: int
    executor: ThreadPoolExecutor


@dataclass(eq=False)
class Waiter:
    """Somebody in the queue: the lanes that would do, and the one that became free for them."""

    lanes: tuple[Lane, ...]
    loop: asyncio.AbstractEventLoop
    given: asyncio.Future[Lane]
    woken: asyncio.Future[None]

    def wake(self) -> None:
        """Make the one who waits look up; may be called from any thread."""
        self.loop.call_soon_threadsafe(self._look_up)

    def _look_up(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)
