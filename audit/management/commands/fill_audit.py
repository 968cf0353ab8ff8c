"""``manage.py fill_audit``: an invented history, to try the pages and measure them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit import search
from audit.filling import HistoryPresent, fill

SURE = "--i-know-this-is-no-real-history"


class Command(BaseCommand):
    """Fills an empty record, and no other."""

    help = "Fill an empty record with invented queries, for trials. Never on a server in use."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how much, and the words that say that one means it."""
        parser.add_argument("--rows", type=int, default=100_000, help="How many queries.")
        parser.add_argument("--people", type=int, default=20, help="How many analysts ask.")
        parser.add_argument("--until", help="The day that it ends with, as 2026-11-01; else today.")
        parser.add_argument(SURE, action="store_true", dest="sure", help="You mean it.")

    def handle(self, *, rows: int, people: int, until: str | None, sure: bool, **_: Any) -> None:
        """Fill it, or say in one sentence why not."""
        if not sure:
            raise CommandError(f"Rows of the record can't be deleted again. To go on, add {SURE}.")
        if rows < 1 or people < 1:
            raise CommandError("Give at least one row and one person.")
        started = time.monotonic()
        try:
            with search.set_aside():
                fill(rows=rows, people=people, until=_moment(until), tell=self._teller(rows))
        except HistoryPresent:
            raise CommandError(
                "There are queries in this database's record. Use a database without any."
            ) from None
        seconds = time.monotonic() - started
        self.stdout.write(f"{rows:,} queries of {people} people in {seconds:.0f} s.")

    def _teller(self, rows: int) -> Any:
        def tell(done: int) -> None:
            if done == rows or done % 50_000 == 0:
                self.stdout.write(f"{done:,} of {rows:,}")

        return tell


def _moment(day: str | None) -> datetime:
    if day is None:
        return timezone.now()
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        raise CommandError("Give the day as year-month-day, for example 2026-11-01.") from None
