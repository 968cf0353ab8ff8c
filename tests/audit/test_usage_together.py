"""The limits hold exactly when several processes count at the same moment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from audit.usage import LIMIT_REASONS
from scripts.demo_db import LocalDatabase
from tests.database import execute

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, THREADS = 3, 8


@pytest.fixture
def sqlite(tmp_path: Path) -> Mapping[str, str]:
    """An app database in a file."""
    return {"APP_DB_FILE": str(tmp_path / "app.sqlite3")}


@pytest.fixture
def postgresql(fleet: LocalDatabase) -> Iterator[Mapping[str, str]]:
    """An app database in the fleet's cluster."""
    execute(fleet.superuser_dsn, "CREATE ROLE counting LOGIN PASSWORD 'app-password'")
    execute(fleet.superuser_dsn, "CREATE DATABASE counting OWNER counting")
    way = re.sub(r"//[^@]+@(.*)/.*", r"//counting:app-password@\1/counting", fleet.analytics_dsn)
    yield {"APP_DATABASE_URL": way}
    execute(fleet.superuser_dsn, "DROP DATABASE counting WITH (FORCE)")
    execute(fleet.superuser_dsn, "DROP ROLE counting")


def start(app: Mapping[str, str], *words: str) -> subprocess.Popen[str]:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "fleetmcp.settings", **app}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env=env, text=True, stdin=pipe, stdout=pipe, stderr=pipe
    )


def finished(process: subprocess.Popen[str], line: str = "") -> str:
    out, err = process.communicate(line, timeout=120)
    assert process.returncode == 0, err
    return out


def prepare(app: Mapping[str, str]) -> None:
    """Make the tables, and Alice with a token."""
    finished(start(app, "manage.py", "migrate", "--verbosity=0"))
    finished(start(app, "manage.py", "issue_token", "alice", "--create-user"))


def all_at_once(app: Mapping[str, str], concurrent: int, per_minute: int) -> Counter[str]:
    """Let every process count for the same person; return how often each answer came."""
    words = [str(THREADS), str(concurrent), str(per_minute)]
    workers = [start(app, "-m", "tests.audit.together", *words) for _ in range(PROCESSES)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n", worker.communicate()[1]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    said = [line for worker in workers for line in finished(worker).split()]
    return Counter(word for word in said if word in ("in", *LIMIT_REASONS))


@pytest.mark.proves("USAGE-EXACT")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_exactly_as_many_go_on_as_the_limit_says(
    database: str, request: pytest.FixtureRequest
) -> None:
    app: Mapping[str, str] = request.getfixturevalue(database)
    prepare(app)
    calls = PROCESSES * THREADS
    assert all_at_once(app, 4, 1000) == {"in": 4, "concurrent_queries": calls - 4}
    assert all_at_once(app, 1000, 10) == {"in": 6, "queries_per_minute": calls - 6}


@pytest.mark.proves("USAGE-EXACT")
def test_call_counts_an_older_one_that_was_committed_later_than_it_began(
    postgresql: Mapping[str, str],
) -> None:
    prepare(postgresql)
    assert finished(start(postgresql, "-m", "tests.audit.together")) == "2\n"
