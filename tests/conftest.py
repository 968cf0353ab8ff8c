"""What every test may use: a real PostgreSQL with fleet data, and a real server in front of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from audit.settled import forget_settled
from fleetmcp import env
from scripts.demo_db import LocalDatabase, Size, prepare
from tests.cast import alice, bob, dispatch, ivan, otto, sue, tess  # noqa: F401  # fixtures
from tests.database import execute
from tests.live import Server, start_server

AS_OF = date(2026, 11, 1)
LINES_OF_LOG = 40
SMALL = Size(vehicles=14, days=31, step=600)
LOGGED = {"fsync": "off", "log_statement": "all", "log_line_prefix": "%m [%p] "}


# Declared STABLE, so the guard lets it run: an honest way to be slow.
SLOW_FUNCTION = """
CREATE FUNCTION reporting.test_sleep(seconds float8) RETURNS int LANGUAGE plpgsql STABLE
AS $$ BEGIN PERFORM pg_catalog.pg_sleep(seconds); RETURN 1; END $$
"""


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the test database for ``default`` only: ours is never made or migrated."""
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default": None})
        yield
        teardown_databases(made, verbosity=0)


@pytest.fixture(autouse=True)
def _added_up_anew() -> None:
    """Let no test find what another one's person read."""
    forget_settled()


@pytest.fixture(autouse=True)
def emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the record be emptied after a test that commits; the flush installs its triggers again.

    Torn down before the database of such a test, because it asks for it first.
    """
    marker = request.node.get_closest_marker("django_db")
    commits = bool({"transactional_db", "live_server"} & set(request.fixturenames))
    if not commits and not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from audit.triggers import drop_triggers

    drop_triggers(using="default")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show with a failure what the servers said that the test asked."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Server):
                said = "\n".join(value.log().splitlines()[-LINES_OF_LOG:])
                report.sections.append(("server log", said))
    return report


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDatabase]:
    """Start a PostgreSQL of this run, full of a small fleet's data."""
    home = tmp_path_factory.mktemp("fleet")
    local = prepare(home, as_of=AS_OF, size=SMALL, settings=LOGGED)
    execute(local.superuser_dsn, SLOW_FUNCTION)
    yield local
    local.cluster.remove()


@pytest.fixture(scope="session")
def superuser_dsn(fleet: LocalDatabase) -> str:
    """Return the DSN of that PostgreSQL's superuser."""
    return fleet.superuser_dsn


@pytest.fixture
def engine(fleet: LocalDatabase, django_db_blocker: DjangoDbBlocker) -> Iterator[LocalDatabase]:
    """Point the alias ``analytics_ro`` of this process at the fleet's database."""
    from fleetmcp.analytics import denied, role, snapshot

    entry = connections.settings["analytics_ro"]
    before = dict(entry)
    entry.update(
        env.postgres_dsn("DATABASE_URL", fleet.analytics_dsn) | {"OPTIONS": entry["OPTIONS"]}
    )
    role.forget_role()
    denied.forget_closed()
    snapshot.forget_policy()
    with django_db_blocker.unblock():
        _renew_alias()
        yield fleet
        _renew_alias()
    entry.clear()
    entry.update(before)


def _renew_alias() -> None:
    """Close this thread's connection and make the next one from the settings as they are now."""
    connections["analytics_ro"].close()
    del connections["analytics_ro"]


@pytest.fixture(scope="session")
def server(fleet: LocalDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start fleetmcp itself, in a process of its own, with a token for each of the cast."""
    with start_server(tmp_path_factory.mktemp("server"), fleet.analytics_dsn) as running:
        yield running


def pytest_configure(config: Any) -> None:
    """Keep the test run's own settings away from the processes that tests start."""
    os.environ.setdefault("PYTHONPATH", str(config.rootpath))
