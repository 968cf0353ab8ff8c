"""A sealed record on each of the two databases, for whoever wants to tamper with a copy of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from audit.triggers import TABLES
from scripts.demo_db import LocalDatabase
from tests.database import execute

ROOT = Path(__file__).resolve().parents[2]
QUERIES = 2_100
GAP = 7
FILL = f"fill_audit --rows={QUERIES} --people=3 --until=2026-11-01 --i-know-this-is-no-real-history"


@dataclass
class Record:
    """An app database that no server uses. ``place`` is its file, or its DSN."""

    place: str
    superuser_dsn: str = ""

    @property
    def is_sqlite(self) -> bool:
        return not self.superuser_dsn

    def manage(self, *words: str, code: int = 0) -> str:
        """Run a management command, which must end with that code; return what it says."""
        name = "APP_DB_FILE" if self.is_sqlite else "APP_DATABASE_URL"
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env={**os.environ, name: self.place}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr if code else done.stdout

    def verify(self, *words: str, ok: bool = False) -> tuple[list[str], list[str]]:
        """Return what verify_audit finds, and what it warns of."""
        answer = json.loads(self.manage("verify_audit", "--json", *words, code=0 if ok else 1))
        assert answer["ok"] == ok
        sentences = [[one["sentence"] for one in answer[which]] for which in _WHICH]
        return sentences[0], sentences[1]

    def run(self, *statements: str) -> list[Any]:
        """Run SQL in one transaction, as somebody who owns the database; return the last rows."""
        rows: list[Any] = []
        connection: Any = (
            sqlite3.connect(self.place, timeout=60)
            if self.is_sqlite
            else psycopg2.connect(self.place)
        )
        try:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
            connection.commit()
        finally:
            connection.rollback()  # a failed statement that a traceback holds would hold its lock
            connection.close()
        return rows

    def tamper(self, *statements: str) -> None:
        """Run SQL with the triggers out of the way, and put them back as if nothing had been.

        Those that keep the search index stay: they are in nobody's way.
        """
        if self.is_sqlite:
            found = self.run(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
                " AND name NOT LIKE 'audit_search%'"
            )
            away = [f"DROP TRIGGER {name}" for name, _ in found]
            back = [text for _, text in found]
        else:
            tables = [model._meta.db_table for model in TABLES]
            away = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables]
            back = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables]
        self.run(*away)
        self.run(*statements)
        self.run(*back)


_WHICH = ("findings", "warnings")


def _filled(empty: Record) -> Record:
    """Fill and seal it, with a gap such as a failed insert leaves behind on PostgreSQL."""
    empty.manage("migrate", "--verbosity=0")
    empty.manage(*FILL.split())
    empty.tamper(
        f"DELETE FROM audit_touchedobject WHERE query_id = {GAP}",
        f"DELETE FROM audit_querylog WHERE id = {GAP}",
    )
    empty.manage("seal_audit")
    return empty


@pytest.fixture(scope="session")
def sqlite_record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A sealed record in a file: never to be changed."""
    return _filled(Record(str(tmp_path_factory.mktemp("sealed") / "app.sqlite3")))


@pytest.fixture(scope="session")
def postgresql_record(fleet: LocalDatabase) -> Iterator[Record]:
    """A sealed record in the fleet's cluster: never to be changed."""
    execute(fleet.superuser_dsn, "CREATE ROLE sealing LOGIN PASSWORD 'app-password' CREATEDB")
    execute(fleet.superuser_dsn, "CREATE DATABASE sealed OWNER sealing")
    # It stays until the end of the run, and the doctor's tests look who may connect where.
    execute(fleet.superuser_dsn, "REVOKE CONNECT ON DATABASE sealed FROM PUBLIC")
    way = re.sub(r"//[^@]+@(.*)/.*", r"//sealing:app-password@\1/sealed", fleet.analytics_dsn)
    yield _filled(Record(way, fleet.superuser_dsn))
    execute(fleet.superuser_dsn, "DROP DATABASE sealed WITH (FORCE)")
    execute(fleet.superuser_dsn, "DROP ROLE sealing")


@pytest.fixture(params=["sqlite", "postgresql"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Record]:
    """A copy of a sealed record, to do with as one likes."""
    original: Record = request.getfixturevalue(f"{request.param}_record")
    if original.is_sqlite:
        copy = tmp_path / "app.sqlite3"
        shutil.copy(original.place, copy)
        yield Record(str(copy))
        return
    execute(original.superuser_dsn, "CREATE DATABASE tampered TEMPLATE sealed OWNER sealing")
    yield Record(original.place.removesuffix("sealed") + "tampered", original.superuser_dsn)
    execute(original.superuser_dsn, "DROP DATABASE tampered WITH (FORCE)")


def copy_of(record: Record, tmp_path: Path) -> Iterator[Record]:
    """Yield a second copy, as a backup would be."""
    if record.is_sqlite:
        backup = tmp_path / "backup.sqlite3"
        shutil.copy(record.place, backup)
        yield Record(str(backup))
        return
    execute(record.superuser_dsn, "CREATE DATABASE backup TEMPLATE tampered OWNER sealing")
    yield Record(record.place.removesuffix("tampered") + "backup", record.superuser_dsn)
    execute(record.superuser_dsn, "DROP DATABASE backup WITH (FORCE)")
