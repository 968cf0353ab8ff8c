"""Search in the text of queries, on both databases that may hold the record."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from scripts.demo_db import LocalDatabase
from tests.audit.pages import LIST, listed, signed_in
from tests.database import execute

ROOT = Path(__file__).resolve().parents[2]
SURE = "--i-know-this-is-no-real-history"


@pytest.fixture
def sqlite(tmp_path: Path) -> Mapping[str, str]:
    """An app database in a file."""
    return {"APP_DB_FILE": str(tmp_path / "app.sqlite3")}


@pytest.fixture
def postgresql(fleet: LocalDatabase) -> Iterator[Mapping[str, str]]:
    """An app database in the fleet's cluster, owned by a role without any privilege."""
    execute(fleet.superuser_dsn, "CREATE ROLE searching LOGIN PASSWORD 'app-password'")
    execute(fleet.superuser_dsn, "CREATE DATABASE searching OWNER searching")
    way = re.sub(r"//[^@]+@(.*)/.*", r"//searching:app-password@\1/searching", fleet.analytics_dsn)
    yield {"APP_DATABASE_URL": way}
    execute(fleet.superuser_dsn, "DROP DATABASE searching WITH (FORCE)")
    execute(fleet.superuser_dsn, "DROP ROLE searching")


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Each of the two, migrated."""
    made: Mapping[str, str] = request.getfixturevalue(request.param)
    run(made, "manage.py", "migrate", "--verbosity=0")
    return made


def run(app: Mapping[str, str], *words: str, fails: bool = False) -> str:
    """Run Python on that app database and return what it prints."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "fleetmcp.settings", **app}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=env, text=True, capture_output=True, check=False
    )
    assert (done.returncode != 0) is fails, done.stderr
    return done.stderr if fails else done.stdout


def case(app: Mapping[str, str], name: str) -> Any:
    """Return what the worker finds."""
    return json.loads(run(app, "-m", "tests.audit.searching", name).splitlines()[-1])


def with_alice(app: Mapping[str, str]) -> Mapping[str, str]:
    run(app, "manage.py", "issue_token", "alice", "--create-user")
    return app


EXPECTED = {
    "common": [0], "COMMON": [0], '"common words"': [0], '"words common"': [], "words common": [0],
    "it's": [1], "100%": [1], '"100% "': [1], "a_b": [1], "axb": [], '"odd"': [1], "needle": [2],
    "rare needle": [2], "needle nothing": [], "<tag>": [3], "a\nb <tag>": [3],
    "here' OR '1'='1": [], 'quo"te': [], "*": [], "needle*": [], "straße": [4], "zzz": [],
    "ab": [], "with filters": [], "complete": [8],
}  # fmt: skip


@pytest.mark.proves("AUDIT-ADMIN-SEARCH", "AUDIT-SEARCH-INDEX")
def test_search_finds_text_as_it_is_written_near_and_far(app: Mapping[str, str]) -> None:
    assert case(with_alice(app), "texts") == EXPECTED


@pytest.mark.proves("AUDIT-SEARCH-INDEX")
def test_database_has_an_index_for_it_and_uses_it(app: Mapping[str, str]) -> None:
    found = case(with_alice(app), "plan")
    assert found["indexed"]
    assert re.search("VIRTUAL TABLE INDEX|Bitmap Index Scan on audit_search", found["plan"])


@pytest.mark.proves("AUDIT-SEARCH-INDEX")
def test_postgresql_looks_up_words_alone_and_never_signs(postgresql: Mapping[str, str]) -> None:
    """Of signs its index would be read from end to end, and no timeout stops that."""
    run(postgresql, "manage.py", "migrate", "--verbosity=0")
    assert case(with_alice(postgresql), "signs") == {
        "%%%": 0, '"a = b"': 0, "---": 0, "needle": 1, "needle %%%": 1,
    }  # fmt: skip


@pytest.mark.proves("AUDIT-SEARCH-INDEX")
def test_index_follows_what_goes_and_comes_back_when_it_is_lost(app: Mapping[str, str]) -> None:
    assert case(with_alice(app), "index") == {
        "all": 2,
        "after deletion": 1,
        "after a mass": 3,
        "installed twice": 3,
        "without an index": 3,
        "indexed anew": 3,
    }


@pytest.mark.proves("AUDIT-FILL")
def test_invented_history_is_the_same_each_time_and_grown_like_a_real_one(
    app: Mapping[str, str],
) -> None:
    fill = ("manage.py", "fill_audit", "--rows=1200", "--people=4", "--until=2026-11-01")
    assert SURE in run(app, *fill, fails=True)
    assert "1,200 of 1,200" in run(app, *fill, SURE)
    assert "Use a database without any" in run(app, *fill, SURE, fails=True)
    found = case(app, "filled")
    assert found.pop("outcomes") == OUTCOMES
    assert found.pop("first") == FIRST
    assert found == {
        "people": 4, "in order": True, "touched": True, "events": True, "triggers missing": [],
        "found": True,
    }  # fmt: skip


OUTCOMES = {"cancelled": 3, "failed": 35, "ok": 1089, "refused": 64, "timed_out": 9}
FIRST = [
    "2025-09-28 03:00:00+00:00",
    "WITH idle AS (SELECT plate, sum(idle_minutes) AS m FROM reporting.v_idling"
    " WHERE day = '2025-09-28' GROUP BY plate) SELECT * FROM idle WHERE m > 51654",
    "9",
]


@pytest.mark.proves("AUDIT-ADMIN-SEARCH")
def test_too_short_a_word_is_refused_with_a_sentence(otto: User) -> None:
    client: Client = signed_in(otto)
    assert listed(client, q="ab") == []
    shown = client.get(reverse(LIST), {"q": "ab"}).content.decode()
    assert "Search needs a word of at least 3 characters." in shown
