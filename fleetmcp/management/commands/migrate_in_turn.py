"""Wait for the app database and migrate it; replicas that start at once take turns."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, OperationalError, connection

from fleetmcp.checks import check_analytics_alias, check_schemas
from fleetmcp.unreachable import reason

LOCK = 727204


class Command(BaseCommand):
    help = "Waits for the app database, then migrates it; several starts at once take turns."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the command line."""
        parser.add_argument("--wait", type=float, default=60, help="seconds to wait for it at most")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait, take the lock, migrate."""
        _require_settings()
        _require_folder()
        self._wait(options["wait"])
        with _turn():
            _migrate()
        self.stderr.write("fleetmcp: the app database is up to date")

    def _wait(self, seconds: float) -> None:
        """Return when the database answers. Raises CommandError, without the driver's own text."""
        deadline = time.monotonic() + seconds
        while problem := _problem():
            if time.monotonic() > deadline:
                name = "APP_DB_FILE" if connection.vendor == "sqlite" else "APP_DATABASE_URL"
                raise CommandError(f"The app database can't be reached: {problem}. Check {name}.")
            self.stderr.write(f"fleetmcp: waiting for the app database: {problem}")
            time.sleep(2)


def _migrate() -> None:
    """Migrate. Raises CommandError for a role that may not, which the driver tells at length."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        if not re.search("permission denied|read-only", str(error)):
            raise
        raise CommandError(
            "The user in APP_DATABASE_URL may not make tables there: name the owner of a database "
            "of fleetmcp's own, never the analytics database."
        ) from None


def _require_settings() -> None:
    """Raise CommandError for what the server would refuse to start with, before it tries."""
    for message in (*check_analytics_alias(), *check_schemas()):
        raise CommandError(f"{message.msg} {message.hint}")


def _require_folder() -> None:
    """Raise CommandError where no waiting helps: the SQLite file can't be written here."""
    if connection.vendor != "sqlite":
        return
    file = Path(settings.DATABASES["default"]["NAME"])
    if not file.parent.is_dir():
        raise CommandError("The folder of APP_DB_FILE is not there: mount a volume, or correct it.")
    beside = (file, *(Path(f"{file}{end}") for end in ("-wal", "-shm", ".migrating")))
    needed = [file.parent, *(path for path in beside if os.path.exists(path))]
    if not all(os.access(path, os.W_OK) for path in needed):
        user = f"{os.geteuid()}:{os.getegid()}"
        raise CommandError(
            f"The app database can't be written by user {user}: mount the volume of APP_DB_FILE "
            f"writable, and on its host run chown -R {user} on it."
        )


def _problem() -> str:
    """Return why the database doesn't answer, or ""."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        return reason(error)
    return ""


def _turn() -> Any:
    return _sqlite_turn() if connection.vendor == "sqlite" else _postgres_turn()


@contextmanager
def _sqlite_turn() -> Iterator[None]:
    path = Path(f"{settings.DATABASES['default']['NAME']}.migrating")
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _postgres_turn() -> Iterator[None]:
    """Hold a lock of a transaction of its own: a session's would be lost behind PgBouncer."""
    holder = connection.copy()
    with closing(holder):
        holder.ensure_connection()
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield
        holder.rollback()
