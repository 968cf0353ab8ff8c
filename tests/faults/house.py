"""A whole fleetmcp under fire, asked as its clients ask, and what is proven from outside."""

from __future__ import annotations

import json
import re
import sqlite3
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from scripts.demo_db import Cluster, LocalDatabase
from tests.database import execute
from tests.faults.processes import SLACK, children, eventually
from tests.faults.reply import Reply
from tests.faults.wire import Wire
from tests.live import Server, rpc

WORKERS, STATEMENT_S, QUEUE_S = 2, 5, 5
APP_PASSWORD = "app-password-of-the-fault-suite"
# Made once: each client of its own would read all certificates anew, before it asks over http.
TRUSTING = ssl.create_default_context()
# Several houses may stand on the same analytics database.
standing: list[str] = []
_PROOF = Path(__file__).with_name("proof.py")
_BACKENDS = (
    "SELECT pid, application_name, state, query FROM pg_stat_activity "
    "WHERE usename = 'analytics_ro' AND {}"
)


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

    server: Server
    fleet: LocalDatabase
    wire: Wire
    app: App
    _log_from: int = 0
    _rows_from: int = 0

    def ask(self, sql: str, who: str = "alice", timeout: float = 90, **arguments: Any) -> Reply:
        """Ask a question on a connection of its own. Raises httpx.TransportError."""
        started = time.monotonic()
        reply = httpx.post(
            f"{self.server.url}/mcp", content=call("query", sql=sql, **arguments),
            headers=self.server.headers(who), timeout=timeout, verify=TRUSTING,
        )  # fmt: skip
        return self.answer(reply, time.monotonic() - started)

    def answer(self, reply: httpx.Response, seconds: float = 0.0) -> Reply:
        """Read an answer: JSON, with no secret in it, and a sentence if it is no result."""
        text = reply.text
        assert [secret for secret in self.secrets() if secret in text] == [], text[:2000]
        read = Reply(reply.status_code, json.loads(text), text, seconds)
        if not read.good:
            assert re.search(r"[.:!]$|try again\.$", read.told.strip()), read.told
        return read

    def page(self, path: str, **headers: str) -> httpx.Response:
        """Return what a browser would get."""
        return httpx.get(self.server.url + path, headers=headers, timeout=60, verify=TRUSTING)

    def secrets(self) -> list[str]:
        """Return what no answer may show; all but the names of drivers no log may, either."""
        password = self.fleet.analytics_dsn.split(":")[2].split("@")[0]
        return [password, APP_PASSWORD, *self.server.tokens.values(), "psycopg2", "sqlite3"]

    def workers(self) -> list[int]:
        """Return the worker processes."""
        assert self.server._process
        return children(self.server._process.pid)

    def figures(self) -> dict[str, float]:
        """Return /metrics, summed over labels."""
        text = self.page("/metrics").text
        sums: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] = sums.get(sample.name, 0) + sample.value
        return sums

    def rows(self, where: str) -> int:
        """Return for how many rows of this test the condition holds."""
        of_this = f"id > {self._rows_from} AND {where}"
        return int(self.app.ask(f"SELECT count(*) FROM audit_querylog WHERE {of_this}")[0][0])

    def running(self) -> int:
        """Return how many rows of this test are open."""
        return self.rows("outcome = 'running'")

    def asked(self, statement: str) -> bool:
        """Say whether PostgreSQL was asked that, whoever asked."""
        return statement in self.fleet.cluster.log_file.read_text()

    def backends(self, which: str = "true") -> list[tuple[Any, ...]]:
        """Return the role's backends for which the condition holds: pid, name, state, query."""
        return execute(self.fleet.superuser_dsn, _BACKENDS.format(which))

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
            reply = self.ask("SELECT 42", timeout=within * SLACK)
            good = good + 1 if reply.rows == [[42]] else 0
            assert time.monotonic() - started < within * SLACK, reply.text
            time.sleep(0 if good else 0.1)
        return time.monotonic() - started

    def prove(self, closed_within: float = 30) -> None:
        """Prove from outside that nothing was lost, leaked or left open."""
        eventually(lambda: self.running() == 0, closed_within, "rows are left running")
        eventually(lambda: self.busy() == 0, 20, "connections are left busy")
        eventually(lambda: self.backends("state <> 'idle'") == [], 20, "backends are left active")
        most = len(standing) * WORKERS * 8 + 2
        eventually(lambda: len(self.backends()) <= most, 10, "backends are left")
        part = self.server.home / "part.log"
        with self.fleet.cluster.log_file.open("rb") as log:
            log.seek(self._log_from)
            part.write_bytes(log.read())
        self.server.manage("shell", "-v0", "-c", _PROOF.read_text(), stdin=str(part))
        log_text = self.server.log()
        assert [secret for secret in self.secrets()[:-2] if secret in log_text] == []

    def busy(self) -> float:
        """Return how many connections to PostgreSQL are in use, and how many wait for one."""
        figures = self.figures()
        return figures["fleetmcp_connections_busy"] + figures["fleetmcp_queue_length"]


def call(tool: str, **arguments: Any) -> str:
    """Return the body of a tools/call."""
    return rpc("tools/call", {"name": tool, "arguments": arguments})
