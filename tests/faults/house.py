"""A whole fleetmcp under fire: two workers as scripts/serve starts them, and both databases."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from scripts.demo_db import Cluster, LocalDatabase
from tests.database import execute
from tests.environment import SETTINGS
from tests.faults.wire import Wire
from tests.live import Server, _filled, _made_once, free_port, rpc

WORKERS, STATEMENT_S, QUEUE_S = 2, 5, 5
APP_PASSWORD = "app-password-of-the-fault-suite"
_PROOF = Path(__file__).with_name("proof.py")


class Served(Server):
    """A server as scripts/serve runs it."""

    prefix: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """Return gunicorn with fleetmcp's own worker."""
        words = ["fleetmcp.asgi:application", "--config", "python:fleetmcp.serving"]
        words += ["--worker-class", "fleetmcp.serving.Worker", "--workers", str(self.workers)]
        words += ["--bind", self.url.removeprefix("http://"), "--forwarded-allow-ips", ""]
        words += ["--graceful-timeout", "10", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
        return [*self.prefix, sys.executable, "-m", "gunicorn", *words]


@dataclass(frozen=True)
class Reply:
    """What a client got, and after how long."""

    status: int
    body: dict[str, Any]
    text: str
    seconds: float

    @property
    def rows(self) -> Any:
        """Return the rows of a result, or None."""
        return self.body.get("result", {}).get("structuredContent", {}).get("rows")

    @property
    def good(self) -> bool:
        """Say whether it is a result."""
        return self.body.get("result", {}).get("isError") is False

    @property
    def told(self) -> str:
        """Return the sentence that the client reads, "" for a result."""
        result = self.body.get("result")
        if result is None:
            error = self.body.get("error")
            said = error["message"] if isinstance(error, dict) else self.body["error_description"]
            return str(said)
        return str(result["content"][0]["text"]) if result.get("isError") else ""

    @property
    def kind(self) -> str:
        """Return "ok", the code of the refusal, or the HTTP status."""
        if self.good:
            return "ok"
        code = re.match(r"\[(\w+)", self.told)
        return code[1] if code else str(self.status)


@dataclass
class App:
    """The app database: SQLite, or a PostgreSQL of its own behind a wire."""

    file: Path | None = None
    cluster: Cluster | None = None
    wire: Wire | None = None

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Run SQL on it, past the wire."""
        if self.cluster:
            return execute(self.cluster.superuser_dsn("app"), sql)
        assert self.file
        with sqlite3.connect(self.file, timeout=30) as database:
            return list(database.execute(sql))

    @property
    def environ(self) -> dict[str, str]:
        """Return the settings that name it."""
        if not self.wire:
            return {}
        dsn = f"postgresql://app:{APP_PASSWORD}@127.0.0.1:{self.wire.port}/app"
        return {"APP_DATABASE_URL": dsn}


@dataclass
class House:
    """The server, its databases and the wire to the analytics database."""

    server: Served
    fleet: LocalDatabase
    wire: Wire
    app: App
    _log_from: int = 0
    _rows_from: int = 0

    def ask(self, sql: str, who: str = "alice", timeout: float = 90, **arguments: Any) -> Reply:
        """Ask a question on a connection of its own. Raises httpx.TransportError."""
        return self.post(call("query", sql=sql, **arguments), who, timeout)

    def post(self, body: bytes | str, who: str = "alice", timeout: float = 90) -> Reply:
        """Send a body and check what must hold for every answer."""
        started = time.monotonic()
        reply = httpx.post(
            f"{self.server.url}/mcp", content=body, headers=self.server.headers(who),
            timeout=timeout,
        )  # fmt: skip
        return self.answer(reply.status_code, reply.text, time.monotonic() - started)

    def answer(self, status: int, text: str, seconds: float = 0.0) -> Reply:
        """Read an answer: JSON, with no secret in it, and a sentence if it is no result."""
        assert [secret for secret in self.secrets() if secret in text] == [], text[:2000]
        reply = Reply(status, json.loads(text), text, seconds)
        if not reply.good:
            assert re.search(r"[.:!]$|try again\.$", reply.told.strip()), reply.told
        return reply

    def secrets(self) -> list[str]:
        """Return what no answer and no log may show."""
        password = self.fleet.analytics_dsn.split(":")[2].split("@")[0]
        return [password, APP_PASSWORD, *self.server.tokens.values(), "psycopg2", "sqlite3"]

    def workers(self) -> list[int]:
        """Return the worker processes."""
        assert self.server._process
        return children(self.server._process.pid)

    def figures(self) -> dict[str, float]:
        """Return /metrics, summed over labels."""
        text = httpx.get(f"{self.server.url}/metrics", timeout=30).text
        sums: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] = sums.get(sample.name, 0) + sample.value
        return sums

    def running(self) -> int:
        """Return how many rows of this test are open."""
        of_this = f"id > {self._rows_from} AND outcome = 'running'"
        return int(self.app.ask(f"SELECT count(*) FROM audit_querylog WHERE {of_this}")[0][0])

    def begin(self) -> None:
        """Look at PostgreSQL's log and at the record from here on."""
        self._log_from = self.fleet.cluster.log_file.stat().st_size
        self._rows_from = self.app.ask("SELECT coalesce(max(id), 0) FROM audit_querylog")[0][0]

    def recovered(self, within: float) -> float:
        """Return after how many seconds four questions in a row are answered on fresh connections.

        Fails when they aren't in time: nobody restarts anything meanwhile.
        """
        started, good = time.monotonic(), 0
        while good < 4:
            reply = self.ask("SELECT 42", timeout=within)
            good = good + 1 if reply.rows == [[42]] else 0
            assert time.monotonic() - started < within, reply.text
            time.sleep(0 if good else 0.1)
        return time.monotonic() - started

    def prove(self) -> None:
        """Prove from outside that nothing was lost, leaked or left open."""
        eventually(lambda: self.running() == 0, 30, "rows are left running")
        eventually(lambda: self.busy() == 0, 20, "connections are left busy")
        eventually(lambda: self._active() == [], 20, "backends are left active")
        open_now = execute(self.fleet.superuser_dsn, _BACKENDS.format("true"))
        assert len(open_now) <= len(_standing) * WORKERS * 8 + 2, open_now
        part = self.server.home / "part.log"
        with self.fleet.cluster.log_file.open("rb") as log:
            log.seek(self._log_from)
            part.write_bytes(log.read())
        self.server.manage("shell", "-v0", "-c", _PROOF.read_text(), stdin=str(part))
        log_text = self.server.log()
        assert [secret for secret in self.secrets()[:4] if secret in log_text] == []

    def busy(self) -> float:
        """Return how many connections to PostgreSQL are in use, and how many wait for one."""
        figures = self.figures()
        return figures["fleetmcp_connections_busy"] + figures["fleetmcp_queue_length"]

    def _active(self) -> list[tuple[Any, ...]]:
        return execute(self.fleet.superuser_dsn, _BACKENDS.format("state <> 'idle'"))


# Several houses may stand on the same analytics database.
_standing: list[str] = []
_BACKENDS = (
    "SELECT pid, application_name, state, query FROM pg_stat_activity "
    "WHERE usename = 'analytics_ro' AND {}"
)


def call(tool: str, **arguments: Any) -> str:
    """Return the body of a tools/call."""
    return rpc("tools/call", {"name": tool, "arguments": arguments})


def eventually(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Return after how many seconds the condition came true; fail when it doesn't in time."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, what
        time.sleep(0.1)
    return time.monotonic() - started


@contextmanager
def built(home: Path, fleet: LocalDatabase, app: Cluster | None, **environ: str) -> Iterator[House]:
    """Build a house: on SQLite, or on the PostgreSQL that is given, whose database is made anew."""
    with ExitStack() as stack:
        wire = _laid(stack, lambda: fleet.cluster.port)
        record = App(home / "app.sqlite3")
        if app:
            _fresh(app)
            record = App(cluster=app, wire=_laid(stack, lambda: app.port))
        server = _server(home, fleet, wire, record, environ)
        stack.callback(server.stop)
        server.start()
        house = House(server, fleet, wire, record)
        house.begin()
        stack.callback(_standing.remove, server.url)
        _standing.append(server.url)
        yield house


def _laid(stack: ExitStack, target: Callable[[], int]) -> Wire:
    wire = Wire(target)
    wire.start()
    stack.callback(wire.stop)
    return wire


def _fresh(app: Cluster) -> None:
    """Make the app database anew, with its owner."""
    dsn = app.superuser_dsn("postgres")
    execute(dsn, "DROP DATABASE IF EXISTS app WITH (FORCE)")
    execute(dsn, "DROP ROLE IF EXISTS app")
    execute(dsn, f"CREATE ROLE app LOGIN PASSWORD '{APP_PASSWORD}'")
    execute(dsn, "CREATE DATABASE app OWNER app")


def _server(
    home: Path, fleet: LocalDatabase, wire: Wire, app: App, environ: dict[str, str]
) -> Served:
    figures = home / "figures"
    figures.mkdir(parents=True)
    url = f"http://127.0.0.1:{free_port()}"
    server = Served(url, home, {
        **os.environ, **SETTINGS, **app.environ,
        "DATABASE_URL": re.sub(r":\d+/", f":{wire.port}/", fleet.analytics_dsn),
        "APP_DB_FILE": str(home / "app.sqlite3"),
        "PUBLIC_URL": url,
        "PROMETHEUS_MULTIPROC_DIR": str(figures),
        "MCP_STATEMENT_TIMEOUT": str(STATEMENT_S),
        "MCP_QUEUE_TIMEOUT": str(QUEUE_S),
        "AUDIT_SEAL_SECONDS": "5",
        **environ,
    }, workers=WORKERS)  # fmt: skip
    if app.cluster:
        server.tokens = _filled(server)
    else:
        made, tokens = _made_once()
        shutil.copy(made, home / "app.sqlite3")
        server.tokens = dict(tokens)
    return server


def children(pid: int) -> list[int]:
    """Return the process's children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _signalled(pids: list[int], how: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


@contextmanager
def dropped(wire: Wire) -> Iterator[None]:
    """Drop every packet of the connections that are open now, as a firewall that forgot them."""
    if os.geteuid() != 0 or not shutil.which("iptables"):
        pytest.skip("needs root and iptables")
    rules = [
        f"INPUT -i lo -p tcp --sport {port} --dport {wire.port} -j DROP".split()
        for port in wire.clients()
    ]
    made = []
    try:
        for rule in rules:
            if subprocess.run(
                ["iptables", "-I", *rule], capture_output=True, check=False
            ).returncode:
                pytest.skip("iptables may not be used here")
            made.append(rule)
        yield
    finally:
        for rule in made:
            subprocess.run(["iptables", "-D", *rule], check=True)


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """Stop every process of a PostgreSQL in its tracks, as a dying disk would."""
    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    pids = [postmaster, *children(postmaster)]
    _signalled(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signalled(pids, signal.SIGCONT)
