"""Several workers share the connections of one port, and what is loaded."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from scripts.demo_db import LocalDatabase
from tests.faults.processes import children
from tests.live import ROOT, Server, rpc, start_server, until

WORKERS = 2


def workers(server: Server) -> list[Path]:
    """Return /proc/PID of each process that answers."""
    assert server._process is not None
    return [Path("/proc", str(pid)) for pid in children(server._process.pid)]


def opened(worker: Path) -> list[str]:
    """Return what the process has open."""
    return [str(one.readlink()) for one in (worker / "fd").iterdir() if one.is_symlink()]


def held(server: Server) -> list[int]:
    """Return how many clients' connections each worker holds."""
    port = f":{int(server.url.rpartition(':')[2]):04X}"
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = {f"socket:[{row[9]}]" for row in table if row[1].endswith(port) and row[3] == "01"}
    return [len(ours & set(opened(worker))) for worker in workers(server)]


@pytest.mark.proves("SERVE-SHARED")
def test_connections_that_stay_are_shared_by_the_workers(
    fleet: LocalDatabase, tmp_path: Path
) -> None:
    with (
        start_server(tmp_path, fleet.analytics_dsn, workers=WORKERS) as server,
        ExitStack() as clients,
    ):
        for _ in range(8):
            client = clients.enter_context(httpx.Client(headers=server.headers()))
            answer = client.post(server.url + "/mcp", content=rpc("ping"))
            assert answer.status_code == httpx.codes.OK
        shares = held(server)
    # On a busy machine the first may have been idle for too long by now.
    assert sum(shares) >= 6
    assert min(shares) >= 2, shares


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


@pytest.mark.proves("SERVE-LOADED")
def test_bad_setting_is_told_once_before_any_worker_starts() -> None:
    command = Server("http://127.0.0.1:0", Path(), {}, workers=WORKERS).command()
    environ = {**os.environ, "SECRET_KEY": "short"}
    ended = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert ended.stderr.count("fleetmcp: Set SECRET_KEY") == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.proves("SERVE-LOADED")
def test_reload_replaces_the_workers_while_requests_are_answered(
    fleet: LocalDatabase, tmp_path: Path
) -> None:
    with start_server(tmp_path, fleet.analytics_dsn, workers=WORKERS) as server:
        before = set(workers(server))
        assert server._process is not None
        server._process.send_signal(signal.SIGHUP)

        def replaced() -> bool:
            assert server.answers()
            now = set(workers(server))
            return len(now) == WORKERS and not now & before

        until(replaced, 30)
        assert server.data("query", sql="SELECT 1")["rows"] == [[1]]
        server.stop()
        assert "Traceback" not in server.log()
        assert "never retrieved" not in server.log()
