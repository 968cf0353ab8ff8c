"""Servers of our own to fuzz: what is tried on them may break them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from fleetmcp.analytics.guard.policy import Policy
from fleetmcp.analytics.snapshot import current_policy, kept_facts
from fleetmcp.analytics.ticket import Ticket
from fleetmcp.analytics.touched import Facts
from scripts.demo_db import prepare
from tests import servers
from tests.fuzz.vocabulary import Vocabulary, read_vocabulary
from tests.fuzz.watching import Watched
from tests.servers import LOADED, FleetServer

SERVERS = ("wheel", "postgres_15", "timescale_17")
Ground = tuple[FleetServer, Policy, Facts, Vocabulary, Watched]


@contextmanager
def own_wheel(home: Path) -> Iterator[FleetServer]:
    """Start PostgreSQL 18 from the wheel."""
    local = prepare(home, as_of=LOADED.as_of, size=LOADED.size, settings={"fsync": "off"})
    try:
        yield servers.wheel(local)
    finally:
        local.cluster.remove()


@pytest.fixture(scope="module", params=SERVERS)
def fuzzed(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[FleetServer]:
    """Each PostgreSQL that this machine can run, in turn; nobody else uses it."""
    home = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/tmp"))
    home.chmod(0o755)
    starter = own_wheel if request.param == "wheel" else getattr(servers, request.param)
    try:
        with (
            starter(home / "data") as server,
            django_db_blocker.unblock(),
            servers.asked_of(server.analytics_dsn),
        ):
            yield server
    except servers.Missing as missing:
        pytest.skip(str(missing))
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def ground(fuzzed: FleetServer) -> Iterator[Ground]:
    """The server, what may be named on it, its words, and a session that may do everything."""
    policy = current_policy(Ticket("alice", "policy"))
    watched = Watched(fuzzed.superuser_dsn(), policy.search_path)
    words = read_vocabulary(fuzzed.superuser_dsn(), policy)
    yield fuzzed, policy, kept_facts(), words, watched
    watched.close()
