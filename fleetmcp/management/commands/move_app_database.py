"""manage.py move_app_database FILE: from SQLite to PostgreSQL."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fleetmcp.moving import CannotMove, move


class Command(BaseCommand):
    """Moves people, tokens and the record, and proves the chain on the other side."""

    help = (
        "Copy everything from the SQLite file into the empty PostgreSQL that APP_DATABASE_URL "
        "names, in one transaction, and verify the chain there. Stop the server first. The file "
        "stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, help="what APP_DB_FILE named until now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Move, telling how far it is."""
        try:
            moved = move(options["file"].resolve(), self._tell)
        except CannotMove as error:
            raise CommandError(str(error)) from None
        for table, rows in moved.rows.items():
            if rows:
                self.stdout.write(f"{table}: {rows:,}")
        self.stdout.write(f"Moved; {moved.verified:,} sealed rows verified in the new place.")

    def _tell(self, table: str, done: int, total: int) -> None:
        self.stderr.write(f"{table}: {done:,} of {total:,}")
