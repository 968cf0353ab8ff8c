"""Ways in which a database fails for a while: each is a context, and ends with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg2
import pytest

from scripts.demo_db import Cluster
from tests.database import execute
from tests.faults.house import App
from tests.faults.processes import children, stopped
from tests.faults.wire import Wire

_TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"


def restart(cluster: Cluster) -> None:
    """Stop PostgreSQL, and start it again a second later."""
    cluster.stop()
    time.sleep(1)
    cluster.start()


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """Stop every process of a PostgreSQL in its tracks, as a dying disk would."""
    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    with stopped([postmaster, *children(postmaster)]):
        yield


@contextmanager
def limited(dsn: str, role: str, connections: int) -> Iterator[None]:
    """Let the role have only so many connections."""
    execute(dsn, f"ALTER ROLE {role} CONNECTION LIMIT {connections}")
    try:
        yield
    finally:
        execute(dsn, f"ALTER ROLE {role} CONNECTION LIMIT -1")


@contextmanager
def dropped(wire: Wire) -> Iterator[None]:
    """Drop every packet of the connections that are open now, as a firewall that forgot them."""
    if os.geteuid() != 0 or not shutil.which("iptables"):
        pytest.skip("needs root and iptables")
    with ExitStack() as stack:
        for port in wire.clients():
            stack.enter_context(_dropping(port, wire.port))
        yield


@contextmanager
def _dropping(source: int, target: int) -> Iterator[None]:
    rule = f"INPUT -i lo -p tcp --sport {source} --dport {target} -j DROP".split()
    if subprocess.run(["iptables", "-I", *rule], capture_output=True, check=False).returncode:
        pytest.skip("iptables may not be used here")
    try:
        yield
    finally:
        subprocess.run(["iptables", "-D", *rule], check=True)


@contextmanager
def locked(app: App) -> Iterator[None]:
    """Keep everybody else from writing to the record."""
    if app.file:
        writer: Any = sqlite3.connect(app.file, isolation_level=None, timeout=30)
        writer.execute("BEGIN EXCLUSIVE")
    else:
        assert app.cluster
        writer = psycopg2.connect(app.cluster.superuser_dsn("app"))
        writer.cursor().execute("LOCK TABLE audit_querylog IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        writer.rollback()
        writer.close()


@contextmanager
def without_table(app: App, table: str = "audit_querylog") -> Iterator[None]:
    """Take a table away meanwhile, by default the audit's."""
    guards = [] if app.cluster else app.ask(_TRIGGERS)
    app.ask(f"ALTER TABLE {table} RENAME TO gone")
    try:
        yield
    finally:
        app.ask(f"ALTER TABLE gone RENAME TO {table}")
        # SQLite writes the new names into triggers, and verify_audit reads every word of them.
        for name, sql in guards:
            app.ask(f"DROP TRIGGER {name}")
            app.ask(sql)
