"""fleetmcp as its users meet it: a process, an address, tokens, and the official MCP client."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from tests.environment import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
CAST = ("alice", "bob")
START_SECONDS = 60


@dataclass
class Server:
    """A running fleetmcp. ``tokens`` maps each analyst of the cast to their token."""

    url: str
    home: Path
    environ: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)
    workers: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def manage(self, *words: str, stdin: str = "") -> str:
        """Run a management command beside the server and return what it prints on stdout."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def policy(self, **limits: object) -> None:
        """Change the default policy, beyond what the admin would allow if need be."""
        code = f"from accounts.models import AccessPolicy as P; P.objects.update(**{limits!r})"
        self.manage("shell", "-c", code)

    def rows(self, where: str = "1", *values: object) -> list[dict[str, Any]]:
        """Return the audit rows for which the condition holds, oldest first."""
        with sqlite3.connect(self.home / "app.sqlite3", timeout=10) as database:
            database.row_factory = sqlite3.Row
            found = database.execute(
                "SELECT q.*, u.username FROM audit_querylog q JOIN accounts_user u "
                f"ON u.id = q.user_id WHERE {where} ORDER BY q.id",
                values,
            )
            return [dict(row) for row in found]

    def last_row(self) -> dict[str, Any]:
        """Return the newest audit row."""
        return self.rows()[-1]

    def log(self) -> str:
        """Return what the server printed so far."""
        return (self.home / "server.log").read_text()

    def headers(self, who: str = "alice") -> dict[str, str]:
        """Return the headers of a request as that person."""
        return {
            "Authorization": f"Bearer {self.tokens[who]}",
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
        }

    def post(self, body: bytes | str, path: str = "/mcp", **headers: str) -> httpx.Response:
        """Send a raw body as alice."""
        content = body.encode() if isinstance(body, str) else body
        return httpx.post(
            self.url + path, content=content, headers=self.headers() | headers, timeout=60
        )

    @asynccontextmanager
    async def session(self, who: str = "alice", path: str = "/mcp") -> Any:
        """Yield an initialized session of the official client."""
        async with (
            httpx.AsyncClient(
                headers={"Authorization": f"Bearer {self.tokens[who]}"}, timeout=90
            ) as client,
            streamable_http_client(self.url + path, http_client=client) as (reads, writes, *_),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            yield session

    def call(self, tool: str, /, who: str = "alice", **arguments: Any) -> CallToolResult:
        """Call a tool through the official client."""

        async def once() -> CallToolResult:
            async with self.session(who) as session:
                result: CallToolResult = await session.call_tool(tool, arguments)
                return result

        return asyncio.run(once())

    def data(self, tool: str, /, who: str = "alice", **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed and return its structured result."""
        result = self.call(tool, who, **arguments)
        assert not result.isError, result.content
        assert result.structuredContent is not None
        return result.structuredContent

    def error(self, tool: str, /, who: str = "alice", **arguments: Any) -> str:
        """Call a tool that must fail and return what the model reads."""
        result = self.call(tool, who, **arguments)
        assert result.isError, result.structuredContent
        assert isinstance(result.content[0], TextContent)
        return result.content[0].text

    def command(self) -> list[str]:
        """Return the command that serves."""
        address = self.url.removeprefix("http://")
        return _gunicorn(address, self.workers) if self.workers else _uvicorn(address)

    def start(self) -> None:
        """Serve; return when /healthz answers, fail with the log when it doesn't."""
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.environ, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def answers(self) -> bool:
        """Say whether /healthz answers."""
        try:
            return httpx.get(f"{self.url}/healthz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process, politely or as a crash would."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()


def _uvicorn(address: str) -> list[str]:
    """Return the command of a server of one process."""
    words = [
        f"--port={address.rpartition(':')[2]}",
        "--no-access-log",
        "--no-proxy-headers",
        "--timeout-graceful-shutdown=10",
    ]
    return [sys.executable, "-m", "uvicorn", "fleetmcp.asgi:application", "--lifespan=on", *words]


def _gunicorn(address: str, workers: int) -> list[str]:
    """Return the README's command of a server of several processes."""
    words = ["-c", "python:fleetmcp.serving", "-k", "fleetmcp.serving.Worker"]
    words += ["-b", address, "-w", str(workers)]
    words += ["--forwarded-allow-ips", "", "--graceful-timeout", "10", "--no-control-socket"]
    words += ["--worker-tmp-dir", "/dev/shm"]  # a slow disk must not look like a stuck worker
    return [sys.executable, "-m", "gunicorn", "fleetmcp.asgi:application", *words]


@contextmanager
def start_server(home: Path, dsn: str, workers: int = 0, **environ: str) -> Iterator[Server]:
    """Migrate an app database in ``home``, issue the cast's tokens, and serve until the end."""
    port = free_port()
    full = {**os.environ, **SETTINGS, "DATABASE_URL": dsn, **environ}
    full |= {"APP_DB_FILE": str(home / "app.sqlite3"), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    server = Server(f"http://127.0.0.1:{port}", home, full, workers=workers)
    if "APP_DATABASE_URL" in full:
        server.tokens = _filled(server)
    else:
        made, tokens = _made_once()
        server.tokens = dict(tokens)
        shutil.copy(made, full["APP_DB_FILE"])
    server.start()
    try:
        yield server
    finally:
        server.stop()


@cache
def _made_once() -> tuple[Path, dict[str, str]]:
    """Return an app database to copy, and its tokens: to make one takes longer than most tests."""
    home = Path(tempfile.mkdtemp(prefix="fleetmcp-app-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    file = home / "app.sqlite3"
    return file, _filled(Server("", home, {**os.environ, **SETTINGS, "APP_DB_FILE": str(file)}))


def _filled(server: Server) -> dict[str, str]:
    """Migrate, lift the limits, and return a token for each of the cast."""
    server.manage("migrate", "--verbosity=0")
    server.policy(queries_per_minute=1_000_000, concurrent_queries=1_000, rows_per_day=10**9)
    issue = ("issue_token", "--label=test", "--create-user")
    return {name: server.manage(*issue, name).split()[-1] for name in CAST}


def until(
    condition: Callable[[], object], seconds: float, what: str = "the condition never came true"
) -> float:
    """Return after how many seconds the condition came true; fail when it doesn't in time."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, what
        time.sleep(0.05)
    return time.monotonic() - started


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def rpc(method: str, params: object = None, ident: object = 1) -> str:
    """Return a JSON-RPC request."""
    return json.dumps({"jsonrpc": "2.0", "id": ident, "method": method, "params": params})
