"""The engine in front of PostgreSQL 17 with TimescaleDB and PostGIS, and in front of any other."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from fleetmcp import env
from fleetmcp.analytics import role, snapshot
from scripts.demo_db import Size, apply_role, binaries, ports
from scripts.demo_db.load import DATABASE, Loaded, load
from tests.conftest import AS_OF
from tests.demo_db.test_extensions import CACHE, STARTER, Timescale

PASSWORD = "for-tests-only-and-nowhere-else"
SIZE = Size(14, 31, 600)


@pytest.fixture(scope="module")
def timescale() -> Iterator[Timescale]:
    """Start the server, fill it and make the role; skip where it can't be had."""
    if os.geteuid() != 0 or not (CACHE / "fleetmcp" / "trixie-pg17").exists():
        pytest.skip("no TimescaleDB here: as root, run scripts/trixie_postgres build")
    folder = Path(tempfile.mkdtemp(prefix="catalog-test-", dir="/tmp"))
    folder.chmod(0o755)
    data, port = folder / "timescale", ports.pick()
    started = subprocess.run(
        [STARTER, "start", data, str(port)], stdout=subprocess.PIPE, text=True, check=False
    )
    if started.returncode == 3:
        pytest.skip("TimescaleDB can't run here: scripts/trixie_postgres says why")
    started.check_returncode()
    server = Timescale(started.stdout.strip(), port)
    load(server, Loaded(AS_OF, SIZE), lambda done, total, what: None)
    psql = binaries.find_bin_dir() / "psql"
    apply_role(psql, server.superuser_dsn(DATABASE), PASSWORD, {})
    yield server
    subprocess.run([STARTER, "stop", data], check=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def timescale_engine(timescale: Timescale, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Point the engine at that server; yield its superuser's DSN."""
    dsn = f"postgresql://analytics_ro:{PASSWORD}@127.0.0.1:{timescale.port}/{DATABASE}"
    with django_db_blocker.unblock(), pointed_at(dsn):
        yield timescale.superuser_dsn(DATABASE)


@contextmanager
def pointed_at(dsn: str) -> Iterator[None]:
    """Let the alias ``analytics_ro`` of this process mean another server for a while."""
    entry = connections.settings["analytics_ro"]
    before = dict(entry)
    entry.update(env.postgres_dsn("DATABASE_URL", dsn) | {"OPTIONS": entry["OPTIONS"]})
    _forget()
    try:
        yield
    finally:
        _forget()
        entry.clear()
        entry.update(before)


def _forget() -> None:
    connections["analytics_ro"].close()
    del connections["analytics_ro"]
    role.forget_role()
    snapshot.forget_policy()
