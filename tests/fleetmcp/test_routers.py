"""Nothing of ours goes into the analytics database."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.apps import apps
from django.db import router

from tests.environment import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
UNGUARDED = """
import django
from django.conf import settings
del settings.DATABASES["analytics_ro"]["OPTIONS"]["options"]
django.setup()
from django.core.management import call_command
call_command("migrate", database="analytics_ro", verbosity=0)
"""
Migrate = Callable[..., "subprocess.CompletedProcess[str]"]


def execute(dsn: str, sql: str) -> list[tuple[object, ...]]:
    """Run one statement outside of a transaction and return its rows."""
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def scratch_dsn(superuser_dsn: str) -> Iterator[str]:
    """Make an empty database for one test; the DSN is the superuser's, whom no GRANT stops."""
    name = f"scratch_{uuid.uuid4().hex}"
    execute(superuser_dsn, f"CREATE DATABASE {name}")
    yield urlsplit(superuser_dsn)._replace(path=f"/{name}").geturl()
    execute(superuser_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def migrate(scratch_dsn: str, tmp_path: Path) -> Migrate:
    """Run Python in the project with the scratch database as its analytics database."""

    def python(*words: str) -> subprocess.CompletedProcess[str]:
        ours = {"DATABASE_URL": scratch_dsn, "APP_DB_FILE": str(tmp_path / "app.sqlite3")}
        ours["DJANGO_SETTINGS_MODULE"] = "fleetmcp.settings"
        return subprocess.run(
            [sys.executable, *words], cwd=ROOT, env={**os.environ, **SETTINGS, **ours},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return python


def relations(dsn: str) -> set[object]:
    """Return everything that somebody made in that database."""
    found = execute(
        dsn,
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n "
        "ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND c.relkind IN ('r', 'v', 'm', 'p') "
        "AND n.nspname NOT LIKE 'pg_%'",
    )
    return {name for (name,) in found}


@pytest.mark.proves("ROUTER-MIGRATE")
def test_migrate_on_the_analytics_alias_fails_and_creates_nothing_even_as_superuser(
    scratch_dsn: str, migrate: Migrate
) -> None:
    done = migrate("manage.py", "migrate", "--database=analytics_ro")
    assert done.returncode != 0
    assert "read-only transaction" in done.stderr
    assert relations(scratch_dsn) == set()


@pytest.mark.proves("ROUTER-MIGRATE")
def test_router_alone_keeps_every_model_out_when_a_superuser_may_write(
    scratch_dsn: str, migrate: Migrate
) -> None:
    done = migrate("-c", UNGUARDED)
    assert done.returncode == 0, done.stderr
    # Django's recorder asks no router: its own bookkeeping is all that can ever appear.
    assert relations(scratch_dsn) == {"public.django_migrations"}


@pytest.mark.proves("ROUTER-MIGRATE")
def test_migration_of_every_app_and_model_is_refused_on_the_analytics_alias_only() -> None:
    for config in apps.get_app_configs():
        assert router.allow_migrate("analytics_ro", config.label) is False
        assert router.allow_migrate("default", config.label) is True
    for model in apps.get_models(include_auto_created=True):
        assert router.allow_migrate_model("analytics_ro", model) is False


@pytest.mark.proves("ROUTER-DEFAULT")
def test_models_are_read_and_written_in_the_app_database() -> None:
    for model in apps.get_models(include_auto_created=True):
        assert router.db_for_read(model) == "default"
        assert router.db_for_write(model) == "default"
