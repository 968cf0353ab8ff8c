"""Connections of a listening socket that several workers share, to the one that has the fewest.

The kernel wakes every worker that waits and the quickest takes all; SO_REUSEPORT would lose the
connections that queue at a worker which stops.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sized
from contextlib import suppress

logger = logging.getLogger(__name__)

# Longer than an idle worker takes to wake up, too short for anybody to notice.
LATER_PER_CONNECTION_S = 0.0005
LATER_AT_MOST_S = 0.010
_AGAIN_AFTER_S = 1.0


class FairListener:
    """Accepts from a shared socket, later the more connections this worker has already.

    Has of asyncio's Server what uvicorn closes it with.
    """

    def __init__(
        self, shared: socket.socket, protocol: Callable[[], asyncio.Protocol], open_here: Sized
    ) -> None:
        shared.setblocking(False)
        self._shared, self._protocol, self._open_here = shared, protocol, open_here
        self._opening: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._listen())

    def close(self) -> None:
        """Accept nothing more; what queues is left to the other workers."""
        _let_go(self._shared)
        self._task.cancel()

    async def wait_closed(self) -> None:
        """Return when the socket isn't used any more, and who was accepted is connected."""
        await asyncio.wait({self._task, *self._opening})

    async def _listen(self) -> None:
        while True:
            await _readable(self._shared)
            later = LATER_PER_CONNECTION_S * len(self._open_here)
            await asyncio.sleep(min(later, LATER_AT_MOST_S))
            await self._accept()

    async def _open(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        with suppress(OSError):  # gone already
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    async def _accept(self) -> None:
        try:
            connection, _ = self._shared.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was first
        except OSError as error:
            logger.error("No connection can be accepted: %s. Trying again.", error.strerror)
            await asyncio.sleep(_AGAIN_AFTER_S)
            return
        # Apart from the listening, whose end must not hang up on who was accepted just before.
        opening = asyncio.create_task(self._open(connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)


async def _readable(shared: socket.socket) -> None:
    """Wait until there is a connection to accept."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(shared.fileno(), _set, ready)
    try:
        await ready
    finally:
        _let_go(shared)


def _let_go(shared: socket.socket) -> None:
    """Look at it no more; once it is closed, its number may be another connection's."""
    if shared.fileno() >= 0:
        asyncio.get_running_loop().remove_reader(shared.fileno())


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
