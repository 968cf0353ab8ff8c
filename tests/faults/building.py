"""Builds the house: two workers as scripts/serve starts them, and wires to both databases."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.demo_db import Cluster, LocalDatabase
from tests.database import execute
from tests.environment import SETTINGS
from tests.faults.house import APP_PASSWORD, QUEUE_S, STATEMENT_S, WORKERS, App, House, standing
from tests.faults.wire import Wire
from tests.live import Server, _filled, _made_once, free_port


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
        stack.callback(standing.remove, server.url)
        standing.append(server.url)
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
) -> Server:
    figures = home / "figures"
    figures.mkdir(parents=True)
    url = f"http://127.0.0.1:{free_port()}"
    server = Server(url, home, {
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
        server.tokens = dict(tokens)
        shutil.copy(made, home / "app.sqlite3")
    return server
