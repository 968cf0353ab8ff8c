"""Everything that the soak starts: both databases, the servers, and the proxy in front of two."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg2

from fleetmcp.reconcile.logfile import PREFIX
from scripts import nginx
from scripts.demo_db import LocalDatabase, Size, ports, prepare
from scripts.soaking.appdb import AppDatabase, PostgresApp, SqliteApp
from scripts.soaking.options import Options
from scripts.soaking.replica import ROOT, Replica

SMALL = Size(vehicles=14, days=8, step=600)
AS_OF = date(2026, 11, 1)
POOL_MAX, STATEMENT_TIMEOUT, QUEUE_TIMEOUT = 4, 8, 10
# Declared STABLE, so the guard lets it run: an honest way to be slow.
SLEEP = """
CREATE FUNCTION reporting.soak_sleep(seconds float8) RETURNS int LANGUAGE plpgsql STABLE
AS $$ BEGIN PERFORM pg_catalog.pg_sleep(seconds); RETURN 1; END $$;
ALTER ROLE analytics_ro SET log_statement = 'all'
"""


class CommandFailed(RuntimeError):
    """A management command ended with an error; the text is what it said."""


@dataclass(frozen=True)
class Deployment:
    """What clients see under ``url``, and all that is behind it."""

    url: str
    analytics: LocalDatabase
    app: AppDatabase
    replicas: list[Replica]
    environ: dict[str, str]

    def manage(self, *words: str) -> str:
        """Run a management command beside the server. Raises CommandFailed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise CommandFailed(f"{words[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Return what the analytics database tells its superuser."""
        connection = psycopg2.connect(self.analytics.superuser_dsn)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Return the workers of all replicas."""
        return [pid for replica in self.replicas for pid in replica.workers()]

    def is_whole(self) -> bool:
        """Say whether every replica is."""
        return all(replica.is_whole() for replica in self.replicas)

    @property
    def worker_count(self) -> int:
        """Return how many workers there are when all is well."""
        return sum(replica.count for replica in self.replicas)


@contextmanager
def deployed(home: Path, options: Options) -> Iterator[Deployment]:
    """Start it all in that folder, and leave nothing running."""
    with ExitStack() as stack:
        settings = {"log_line_prefix": PREFIX}
        analytics = prepare(
            home / "database", as_of=AS_OF, size=SMALL, settings=settings, port=ports.pick()
        )
        stack.callback(analytics.cluster.remove)
        app: AppDatabase = PostgresApp(home) if options.app == "postgresql" else SqliteApp(home)
        stack.callback(app.remove)
        yield _served(home, options, analytics, app, stack)


def _served(
    home: Path, options: Options, analytics: LocalDatabase, app: AppDatabase, stack: ExitStack
) -> Deployment:
    """SQLite has one server of two workers, PostgreSQL two servers of one behind nginx."""
    port, behind_proxy = ports.pick(), options.app == "postgresql"
    environ = _environ(analytics, port) | app.environ()
    environ |= {"TRUSTED_PROXIES": "1"} if behind_proxy else {}
    count = 2 if behind_proxy else 1
    replicas = [Replica(home / f"replica-{n}", environ, 2 // count) for n in range(count)]
    if not behind_proxy:
        replicas[0].port = port
    deployment = Deployment(f"http://127.0.0.1:{port}", analytics, app, replicas, environ)
    deployment.ask(SLEEP)
    for replica in replicas:
        stack.callback(replica.stop)
        replica.start()
    if behind_proxy:
        backends = [f"127.0.0.1:{one.port}" for one in replicas]
        folder = home / "nginx"
        text = nginx.balancing(folder, port, backends)
        stack.enter_context(nginx.running(folder, port, text))
    return deployment


def _environ(analytics: LocalDatabase, port: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": analytics.analytics_dsn,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "METRICS_TOKEN": secrets.token_urlsafe(24),
        "MCP_POOL_MAX": str(POOL_MAX),
        "MCP_STATEMENT_TIMEOUT": str(STATEMENT_TIMEOUT),
        "MCP_QUEUE_TIMEOUT": str(QUEUE_TIMEOUT),
        "AUDIT_SEAL_SECONDS": "10",
        "LOG_LEVEL": "INFO",
    }
