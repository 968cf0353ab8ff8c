"""The doctor as its users meet it: a command, JSON, a page; and it changes nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from fleetmcp.doctor import examination
from fleetmcp.doctor.examination import examine, is_sound
from fleetmcp.doctor.lines import Level, Line, ok
from scripts.demo_db import LocalDatabase, fingerprint
from tests.database import execute
from tests.demo_db.roles import privileges
from tests.doctor.conftest import given
from tests.environment import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
KEY = "kWq3vT8xLm2RzYp7Nd5Hs9Bc4Fg6Jt1Ae0Uo-_XiCy"
APP = "doctor_app"


@pytest.fixture(params=["sqlite", "postgresql"])
def environ(
    request: pytest.FixtureRequest, fleet: LocalDatabase, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """The environment of an installation whose app database is migrated."""
    found = {**os.environ, **SETTINGS, "SECRET_KEY": KEY, "DATABASE_URL": fleet.analytics_dsn}
    found |= {"APP_DB_FILE": str(tmp_path / "app.sqlite3"), "STATIC_ROOT": str(tmp_path / "static")}
    if request.param == "postgresql":
        execute(fleet.superuser_dsn, f"CREATE DATABASE {APP}")
        found["APP_DATABASE_URL"] = fleet.superuser_dsn.replace("/tracksolid_db", f"/{APP}")
    manage(found, "migrate_in_turn")
    manage(found, "issue_token", "alice", "--label=laptop", "--create-user")
    yield found
    if request.param == "postgresql":
        execute(fleet.superuser_dsn, f"DROP DATABASE {APP} WITH (FORCE)")


def manage(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a management command."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def state(environ: dict[str, str], fleet: LocalDatabase) -> list[Any]:
    """Return all that there is in both databases, rights and settings included."""
    found: list[Any] = [fingerprint(fleet.cluster), privileges(fleet.cluster)]
    if "APP_DATABASE_URL" in environ:
        dump = subprocess.run(
            [fleet.cluster.bin_dir / "pg_dump", "--restrict-key=same", environ["APP_DATABASE_URL"]],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [*found, dump.stdout]
    with sqlite3.connect(environ["APP_DB_FILE"]) as database:
        return [*found, *database.iterdump()]


@pytest.mark.proves("DOCTOR-CHANGES-NOTHING", "DOCTOR-COMMAND")
def test_sound_installation_passes_and_is_the_same_afterwards(
    environ: dict[str, str], fleet: LocalDatabase
) -> None:
    before = state(environ, fleet)

    done = manage(environ, "doctor")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failures" in done.stdout
    assert "The role's privileges alone stop a write" in done.stdout
    assert state(environ, fleet) == before
    assert KEY not in done.stdout + done.stderr
    assert fleet.analytics_dsn.split(":")[2].split("@")[0] not in done.stdout + done.stderr


@pytest.mark.proves("DOCTOR-CHANGES-NOTHING", "DOCTOR-COMMAND")
def test_json_says_the_same_and_a_failure_is_exit_code_1(
    environ: dict[str, str], fleet: LocalDatabase
) -> None:
    grant = "GRANT CREATE ON SCHEMA reporting TO analytics_ro"
    with given(fleet, grant, "REVOKE CREATE ON SCHEMA reporting FROM analytics_ro"):
        before = state(environ, fleet)
        done = manage(environ, "doctor", "--json")
        assert state(environ, fleet) == before

    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert said["ok"] is False
    failed = [line for line in said["lines"] if line["level"] == "fail"]
    assert {line["subject"] for line in failed} == {"Read-only layers", "Role"}
    assert all(line["todo"] for line in said["lines"] if line["level"] != "ok")


@pytest.mark.proves("DOCTOR-BOUNDED")
def test_nothing_reachable_is_a_list_of_failures_without_a_traceback_or_secret(
    tmp_path: Path,
) -> None:
    secret = "hunter-two-hunter-two"
    environ = {**os.environ, **SETTINGS, "SECRET_KEY": KEY}
    environ["DATABASE_URL"] = f"postgresql://analytics_ro:{secret}@127.0.0.1:1/tracksolid_db"
    environ["APP_DATABASE_URL"] = f"postgresql://app:{secret}@127.0.0.1:1/app"

    done = manage(environ, "doctor")

    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert secret not in done.stdout + done.stderr
    assert "nothing listens on that host and port" in done.stdout
    assert "Way in" in done.stdout


@pytest.mark.proves("DOCTOR-BOUNDED")
def test_check_that_breaks_is_a_failure_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> list[Line]:
        """Nothing is broken."""
        raise ValueError("postgresql://u:secret@h/d")

    subjects = {"First": (broken,), "Second": (lambda: [ok("fine")],)}
    monkeypatch.setattr(examination, "SUBJECTS", subjects)
    found = list(examine())
    assert [one.line.level for one in found] == [Level.FAIL, Level.OK]
    assert found[0].line.text == "Can't be checked (ValueError): Nothing is broken."
    assert not is_sound(found)


@pytest.mark.proves("DOCTOR-BOUNDED")
def test_what_there_is_no_time_for_is_named() -> None:
    found = list(examine(seconds=-1))
    assert len(found) == sum(map(len, examination.SUBJECTS.values()))
    assert {one.line.level for one in found} == {Level.WARN}
    assert found[0].line.text == "Not looked at, for lack of time: Nothing is misconfigured."


@pytest.mark.proves("DOCTOR-PAGE")
def test_superuser_and_auditor_see_the_page(
    client: Client, sue: User, otto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [ok("all <b>well</b>"), Line(Level.FAIL, "too bad", "mend it")]
    monkeypatch.setattr(examination, "SUBJECTS", {"Subject": (lambda: lines,)})
    for person in (sue, otto):
        client.force_login(person)
        page = client.get(reverse("admin:doctor"))
        assert page.status_code == 200
        text = page.content.decode()
        assert "all &lt;b&gt;well" in text
        assert "mend it" in text
        assert "1 ok, 0 warnings, 1 failures" in text
        assert " style=" not in text
        assert client.post(reverse("admin:doctor")).status_code == 405


@pytest.mark.proves("DOCTOR-PAGE")
def test_team_lead_and_stranger_do_not_see_the_page(
    client: Client, tess: User, ivan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "SUBJECTS", {})
    client.force_login(tess)
    assert client.get(reverse("admin:doctor")).status_code == 403
    client.force_login(ivan)
    assert client.get(reverse("admin:doctor")).status_code == 302
