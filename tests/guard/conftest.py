"""Each PostgreSQL that this machine can run, in turn, with its policy."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.snapshot import current_policy
from fleetmcp.analytics.ticket import Ticket
from scripts.demo_db import LocalDatabase
from tests import servers
from tests.servers import FleetServer

SERVERS = ("wheel", "postgres_15", "timescale_17")


def started(manager: AbstractContextManager[FleetServer]) -> Iterator[FleetServer]:
    """Yield the server, or skip with the sentence that says what is missing."""
    try:
        with manager as server:
            yield server
    except servers.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def reachable_folder() -> Iterator[Path]:
    """Make a folder that the servers' accounts can reach; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="guard-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def wheel(fleet: LocalDatabase) -> FleetServer:
    """PostgreSQL 18 from the wheel, as all tests use it."""
    return servers.wheel(fleet)


@pytest.fixture(scope="session")
def postgres_15(reachable_folder: Path) -> Iterator[FleetServer]:
    """PostgreSQL 15 with PostGIS and the contributed extensions."""
    yield from started(servers.postgres_15(reachable_folder / "pg15"))


@pytest.fixture(scope="session")
def timescale_17(reachable_folder: Path) -> Iterator[FleetServer]:
    """PostgreSQL 17 with TimescaleDB, PostGIS and the contributed extensions."""
    yield from started(servers.timescale_17(reachable_folder / "pg17"))


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[FleetServer]:
    """Each server in turn, with this process's engine pointed at it."""
    chosen: FleetServer = request.getfixturevalue(request.param)
    with django_db_blocker.unblock(), servers.asked_of(chosen.analytics_dsn):
        yield chosen


@pytest.fixture(scope="module")
def policy(server: FleetServer) -> Policy:
    """The policy of that server, read once."""
    return current_policy(Ticket("alice", "policy"))
