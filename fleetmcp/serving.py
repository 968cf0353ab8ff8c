"""How a worker leaves: running questions may end, then they are ended, and each gets its answer."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from prometheus_client.multiprocess import mark_process_dead
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from fleetmcp import env

# gunicorn kills its workers after --graceful-timeout 10.
QUESTIONS_MAY_RUN_S = 7.0
ANSWERS_MAY_TAKE_S = 9


def child_exit(server: object, worker: Any) -> None:
    """Take a worker that is gone out of the shared figures; gunicorn calls it in its master."""
    if env.env_str("PROMETHEUS_MULTIPROC_DIR"):
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library leaves it so


class LeavingServer(Server):
    """Ends the questions that still run a while after the signal."""

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


class Worker(UvicornWorker):  # type: ignore[misc]  # an untyped library
    """gunicorn's worker for fleetmcp."""

    CONFIG_KWARGS = {
        **UvicornWorker.CONFIG_KWARGS,
        "timeout_graceful_shutdown": ANSWERS_MAY_TAKE_S,
        "server_header": False,
    }

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = LeavingServer(config=self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            raise SystemExit(3)  # gunicorn's sign that a worker can't start: it gives up
