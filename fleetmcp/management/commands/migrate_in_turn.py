"""Wait for the app database and migrate it; replicas that start at once take turns."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

LOCK = 727204


class Command(BaseCommand):
    help = "Waits for the app database, then migrates it; several starts at once take turns."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the command line."""
        parser.add_argument("--wait", type=float, default=60, help="seconds to wait for it at most")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait, take the lock, migrate."""
        self._wait(options["wait"])
        with _turn():
            call_command("migrate", interactive=False, verbosity=0)
        self.stderr.write("fleetmcp: the app database is up to date")

    def _wait(self, seconds: float) -> None:
        """Return when the database answers. Raises CommandError, without the driver's own text."""
        deadline = time.monotonic() + seconds
        while not _answers():
            if time.monotonic() > deadline:
                raise CommandError(
                    "The app database can't be reached. Check APP_DATABASE_URL, or that the folder "
                    "of APP_DB_FILE can be written by this user."
                )
            self.stderr.write("fleetmcp: waiting for the app database")
            time.sleep(2)


def _answers() -> bool:
    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return True


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
