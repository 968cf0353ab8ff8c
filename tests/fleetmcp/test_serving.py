"""Starts take turns to migrate, and secrets become files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.demo_db import LocalDatabase
from tests.database import execute
from tests.environment import SETTINGS
from tests.live import free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "0123456789abcdef" * 3


def start(environ: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """Start a migration as a replica does."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate_in_turn", *words], cwd=ROOT,
        env={**os.environ, **SETTINGS, **environ}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return exit code and what it said."""
    _, said = process.communicate(timeout=120)
    return process.returncode, said


@pytest.mark.proves("DEPLOY-MIGRATES")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_three_starts_at_once_all_succeed(kind: str, fleet: LocalDatabase, tmp_path: Path) -> None:
    environ = {"APP_DB_FILE": str(tmp_path / "app.sqlite3")}
    if kind == "postgresql":
        execute(fleet.superuser_dsn, "CREATE DATABASE turns")
        environ = {"APP_DATABASE_URL": fleet.superuser_dsn.replace("/tracksolid_db", "/turns")}
    try:
        ends = [ended(process) for process in [start(environ) for _ in range(3)]]
    finally:
        if kind == "postgresql":
            execute(fleet.superuser_dsn, "DROP DATABASE turns WITH (FORCE)")
    assert [code for code, _ in ends] == [0, 0, 0], ends


@pytest.mark.proves("DEPLOY-MIGRATES")
def test_database_that_stays_away_is_told_without_its_password() -> None:
    url = f"postgresql://app:{PASSWORD}@127.0.0.1:{free_port()}/app"
    code, said = ended(start({"APP_DATABASE_URL": url}, "--wait=1"))
    assert code == 1
    assert "waiting for the app database" in said
    assert "The app database can't be reached" in said
    assert PASSWORD not in said
    assert "Traceback" not in said


@pytest.mark.proves("DEPLOY-MISTAKES")
@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set. Set DATABASE_URL to postgresql://"),
        ({"ANALYTICS_SCHEMAS": "pg_catalog"}, "ANALYTICS_SCHEMAS is unusable. Set"),
        ({"APP_DB_FILE": "/nowhere/app.sqlite3"}, "The folder of APP_DB_FILE is not there"),
    ],
)
def test_start_that_cannot_succeed_ends_at_once_in_one_sentence(
    environ: dict[str, str], sentence: str
) -> None:
    code, said = ended(start(environ))
    assert code == 1
    assert sentence in said
    assert len(said.splitlines()) == 1


@pytest.mark.proves("DEPLOY-MISTAKES")
def test_app_database_that_is_not_ours_is_refused_in_one_sentence(fleet: LocalDatabase) -> None:
    code, said = ended(start({"APP_DATABASE_URL": fleet.analytics_dsn}))
    assert code == 1
    assert "name the owner of a database of fleetmcp's own" in said
    assert "Traceback" not in said


def make_secrets(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the script on a folder beside which the password file lies."""
    given = {"PATH": os.environ["PATH"], "HOME": str(folder.parent)} | environ
    return subprocess.run(
        ["scripts/make_secrets", folder], cwd=ROOT, env=given, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.proves("SECRETS-FILES")
def test_secrets_are_made_once_closed_and_renewed_with_the_password(tmp_path: Path) -> None:
    password_file, folder = tmp_path / ".analytics_ro.pw", tmp_path / "secrets"
    password_file.write_text(PASSWORD + "\n")

    first = make_secrets(folder, ANALYTICS_DB_HOST="db", ANALYTICS_DB="fleet")

    assert first.returncode == 0, first.stderr
    kept = {path.name: path.read_text() for path in (folder / "files").iterdir()}
    assert kept["database_url"] == f"postgresql://analytics_ro:{PASSWORD}@db:5432/fleet"
    assert len(kept["secret_key"]) == 64
    assert kept["app_db_password"] in kept["app_database_url"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not [secret for secret in kept.values() if secret in first.stdout + first.stderr]

    password_file.write_text("f" * 48)
    make_secrets(folder)

    again = {path.name: path.read_text() for path in (folder / "files").iterdir()}
    assert again.pop("database_url") == (
        f"postgresql://analytics_ro:{'f' * 48}@timescale_db:5432/tracksolid_db"
    )
    assert again == {name: text for name, text in kept.items() if name != "database_url"}


@pytest.mark.proves("SECRETS-FILES")
@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "run scripts/bootstrap_analytics_ro.sh first"), ("it's @ bad\n", "16 or more letters")],
)
def test_password_file_that_is_missing_or_odd_is_refused_unprinted(
    tmp_path: Path, content: str | None, why: str
) -> None:
    if content is not None:
        (tmp_path / ".analytics_ro.pw").write_text(content)
    done = make_secrets(tmp_path / "secrets")
    assert done.returncode == 1
    assert why in done.stderr
    assert "bad" not in done.stderr
    assert not (tmp_path / "secrets" / "files" / "database_url").exists()


@pytest.mark.proves("SECRETS-FILES")
def test_rotation_finds_the_database_in_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / ".analytics_ro.pw").write_text(PASSWORD)
    (tmp_path / ".env").write_text("# ANALYTICS_DB=no\nANALYTICS_DB_HOST=timescale_db-ab12\n")

    done = make_secrets(tmp_path / "secrets")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "secrets" / "files" / "database_url").read_text() == (
        f"postgresql://analytics_ro:{PASSWORD}@timescale_db-ab12:5432/tracksolid_db"
    )
