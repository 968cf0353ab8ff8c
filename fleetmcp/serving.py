"""gunicorn's settings and its worker.

Loaded once for all workers, which share connections and hang up on whoever is silent. A worker that
leaves lets running questions end, then ends them, and each gets its answer.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import h11
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from fleetmcp import env
from fleetmcp.accepting import FairListener

# gunicorn's own setting: loaded once, before it forks. A worker is there in a moment, after a crash
# and while the others leave, and what all have in common is kept in memory once.
preload_app = True

# gunicorn kills its workers after --graceful-timeout 10.
QUESTIONS_MAY_RUN_S = 7.0
ANSWERS_MAY_TAKE_S = 9
# uvicorn itself waits forever for the head of a request, and for a body that nobody reads.
REQUEST_WITHIN_S = 20.0


def when_ready(server: object) -> None:
    """Leave what is loaded alone from now on, or each worker's first look through it copies it."""
    gc.collect()
    gc.freeze()


def child_exit(server: object, worker: Any) -> None:
    """Take a worker that is gone out of the shared figures; gunicorn calls it in its master."""
    if env.env_str("PROMETHEUS_MULTIPROC_DIR"):
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library leaves it so


class LeavingServer(Server):
    """Shares connections fairly, and ends the questions that still run a while after the signal."""

    def __init__(self, config: Config, *, alone: bool) -> None:
        super().__init__(config)
        self._alone = alone

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept from the sockets that all workers share."""
        if self._alone or self.config.ssl or not sockets:
            await super().startup(sockets)
            return
        await super().startup([])
        for shared in sockets:
            listener = FairListener(shared, self._protocol, self.server_state.connections)
            self.servers.append(listener)  # type: ignore[arg-type]  # what uvicorn calls of it

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(
            config=self.config,  # type: ignore[call-arg]  # asyncio.Protocol's own has none
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        return made

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let requests finish, and cancel what would not finish in time."""
        ending = asyncio.create_task(_end_questions())
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()


async def _end_questions() -> None:
    # gunicorn's master imports this module before Django is ready.
    from fleetmcp.mcp.running import end_all

    await asyncio.sleep(QUESTIONS_MAY_RUN_S)
    end_all("the server is restarting; ask again in a minute")


class ImpatientProtocol(H11Protocol):
    """Hangs up on whoever keeps a connection without a request under way for too long.

    Single bytes buy no time: only a whole head does, until its answer is complete.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._look_at_the_clock()

    def data_received(self, data: bytes) -> None:
        """Take what came; a whole head ends the wait."""
        super().data_received(data)
        self._look_at_the_clock()

    def on_response_complete(self) -> None:
        """Begin to wait for the next head."""
        super().on_response_complete()
        self._look_at_the_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _look_at_the_clock(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()
        elif self._patience is None and not self.transport.is_closing():
            self._patience = self.loop.call_later(REQUEST_WITHIN_S, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _hang_up(self) -> None:
        if self.conn.our_state is not h11.ERROR:
            self.conn.send_failed()
        self.transport.abort()


class Worker(UvicornWorker):  # type: ignore[misc]  # an untyped library
    """gunicorn's worker for fleetmcp."""

    CONFIG_KWARGS = {
        **UvicornWorker.CONFIG_KWARGS,
        "timeout_graceful_shutdown": ANSWERS_MAY_TAKE_S,
        "server_header": False,
        "http": ImpatientProtocol,
    }

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = LeavingServer(self.config, alone=self.cfg.workers == 1)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            raise SystemExit(3)  # gunicorn's sign that a worker can't start: it gives up
