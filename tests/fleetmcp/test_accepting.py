"""Several workers share the connections of one port."""

from __future__ import annotations

import resource
import socket
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.live import Server, rpc, start_server, until

WORKERS = 2


def workers(server: Server) -> list[Path]:
    """Return /proc/PID of each process that answers."""
    assert server._process is not None
    master = server._process.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [Path("/proc", pid) for pid in children]


def opened(worker: Path) -> list[str]:
    """Return what the process has open."""
    return [str(one.readlink()) for one in (worker / "fd").iterdir() if one.is_symlink()]


def sockets(server: Server) -> list[int]:
    """Return how many sockets each worker has open."""
    return [sum(name.startswith("socket:") for name in opened(one)) for one in workers(server)]


@pytest.mark.proves("SERVE-SHARED")
def test_connections_that_stay_are_shared_by_the_workers(
    fleet: LocalDatabase, tmp_path: Path
) -> None:
    with (
        start_server(tmp_path, fleet.analytics_dsn, workers=WORKERS) as server,
        ExitStack() as clients,
    ):
        before = sockets(server)
        for _ in range(8):
            client = clients.enter_context(httpx.Client(headers=server.headers()))
            answer = client.post(server.url + "/mcp", content=rpc("ping"))
            assert answer.status_code == httpx.codes.OK
        held = [now - then for now, then in zip(sockets(server), before, strict=True)]
    assert sum(held) == 8
    assert min(held) >= 2, held


@pytest.mark.proves("SERVE-SHARED")
def test_workers_without_file_descriptors_serve_again_when_there_are_some(
    fleet: LocalDatabase, tmp_path: Path
) -> None:
    with start_server(tmp_path, fleet.analytics_dsn, workers=WORKERS) as server:
        for worker in workers(server):
            few = len(opened(worker)) + 10
            resource.prlimit(int(worker.name), resource.RLIMIT_NOFILE, (few, few))
        with ExitStack() as idle:
            host, _, port = server.url.removeprefix("http://").partition(":")
            for _ in range(60):
                idle.enter_context(socket.create_connection((host, int(port))))
            until(lambda: "No connection can be accepted" in server.log(), 20)
        until(server.answers, 20)
