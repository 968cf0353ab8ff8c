"""What the fault suite stands on, and which of it runs where."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fleetmcp.reconcile.logfile import PREFIX
from scripts.demo_db import Cluster, LocalDatabase, Size, prepare
from tests.conftest import AS_OF, SLOW_FUNCTION
from tests.database import execute
from tests.faults.building import built
from tests.faults.house import House
from tests.faults.saw import Saw, line_of

# For a test and for what it stands on: to build a house is work, on a busy machine for minutes.
TIMEOUT_S = 400
TINY = Size(vehicles=14, days=8, step=3600)
LOGGED = {"fsync": "off", "log_statement": "all", "log_line_prefix": PREFIX}
_LONG = os.environ.get("FAULTS_LONG") == "1"
_RECORD = os.environ.get("FAULTS_RECORD", "")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks of this folder known."""
    config.addinivalue_line("markers", "fault(what, must): the fault, and what must hold")
    config.addinivalue_line("markers", "long: only scripts/faults runs it")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless scripts/faults runs it."""
    for item in items:
        if item.get_closest_marker("fault"):
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))
        if item.get_closest_marker("long") and not _LONG:
            item.add_marker(pytest.mark.skip("takes long: scripts/faults runs it"))


@pytest.fixture
def saw(request: pytest.FixtureRequest) -> Saw:
    """Return what the test notes its observations in."""
    seen = Saw()
    request.node.user_properties.append(("saw", seen))
    return seen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Write a line for scripts/faults when a fault's test has run, or could not."""
    report = yield
    line = line_of(item, call, report) if _RECORD else None
    if line:
        with Path(_RECORD).open("a") as record:
            record.write(json.dumps(line) + "\n")
    # What follows the test around must be plain data for xdist.
    if report.when == "teardown":
        item.user_properties.clear()
    report.user_properties = []
    return report


@pytest.fixture(scope="package")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDatabase]:
    """Start an analytics database that may be ill-treated, and logs every statement."""
    local = prepare(tmp_path_factory.mktemp("ground"), as_of=AS_OF, size=TINY, settings=LOGGED)
    execute(local.superuser_dsn, SLOW_FUNCTION)
    yield local
    local.cluster.remove()


@pytest.fixture(scope="package")
def cellar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start a PostgreSQL for the app database."""
    cluster = Cluster(tmp_path_factory.mktemp("cellar"), settings={"fsync": "off"})
    cluster.create()
    cluster.start()
    yield cluster
    cluster.remove()


class Houses:
    """A house of each kind; one that a test left broken is built anew for the next."""

    def __init__(self, ground: LocalDatabase, factory: pytest.TempPathFactory) -> None:
        self._ground, self._factory = ground, factory
        self._stack = ExitStack()
        self._houses: dict[str, House] = {}

    def one(self, kind: str, app: Cluster | None) -> House:
        """Return the house of that kind."""
        if kind not in self._houses:
            home = self._factory.mktemp("house")
            self._houses[kind] = self._stack.enter_context(built(home, self._ground, app))
        self._houses[kind].begin()
        return self._houses[kind]

    def leave(self) -> None:
        """Tear down what stands."""
        self._houses.clear()
        self._stack.close()


@pytest.fixture(scope="package")
def houses(ground: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """Keep a house from one test to the next: nothing is restarted in between."""
    kept = Houses(ground, tmp_path_factory)
    yield kept
    kept.leave()


def _of_kind(
    kind: str, app: Cluster | None, houses: Houses, request: pytest.FixtureRequest
) -> Iterator[House]:
    failed = request.session.testsfailed
    yield houses.one(kind, app)
    if request.session.testsfailed != failed:
        houses.leave()


@pytest.fixture
def on_sqlite(houses: Houses, request: pytest.FixtureRequest) -> Iterator[House]:
    """Give a house whose app database is SQLite."""
    yield from _of_kind("sqlite", None, houses, request)


@pytest.fixture
def on_postgres(houses: Houses, cellar: Cluster, request: pytest.FixtureRequest) -> Iterator[House]:
    """Give a house whose app database is PostgreSQL."""
    yield from _of_kind("postgres", cellar, houses, request)


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest) -> House:
    """Give a house on each kind of app database."""
    found: House = request.getfixturevalue(f"on_{request.param}")
    return found
