"""manage.py reconcile_log FILE: PostgreSQL's own log against the record."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.models import Outcome, QueryLog
from fleetmcp.reconcile.judge import Finding, Row, finding
from fleetmcp.reconcile.logfile import Logged, UnreadableLog, statements

_SHOWN = 500
_PROGRESS = 20_000


class Command(BaseCommand):
    """Prints each statement of the analytics role that has no audit row."""

    help = (
        "Compare PostgreSQL's own log with the record and print each statement of the analytics "
        "role that has no row. Exit code 1 when there is one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and the role."""
        parser.add_argument("file", help="the log; - reads standard input")
        parser.add_argument("--role", help="default: the user in DATABASE_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read the log once, in constant memory."""
        role = options["role"] or settings.DATABASES["analytics_ro"].get("USER", "")
        seen = missing = 0
        try:
            for logged in self._logged(options["file"], role):
                seen += 1
                found = finding(logged, row)
                if found:
                    missing += 1
                    self._report(logged, found)
        except UnreadableLog as error:
            raise CommandError(str(error)) from None
        if not seen:
            raise CommandError(f"There is no statement of {role} in this log: is it the right one?")
        if missing:
            raise CommandError(f"{missing} of {seen} statements of {role} have no row.")
        self.stdout.write(f"All {seen} statements of {role} have their row.")

    def _logged(self, file: str, role: str) -> Iterator[Logged]:
        """Yield the role's statements, telling how far it is."""
        with opened(file) as lines:
            for number, logged in enumerate(statements(lines), 1):
                if number % _PROGRESS == 0:
                    self.stderr.write(f"{number} statements read")
                if logged.user == role:
                    yield logged

    def _report(self, logged: Logged, found: Finding) -> None:
        when = logged.at.isoformat() if logged.at else "at an unknown time"
        text = " ".join(found.text.split())[:_SHOWN]
        printable = text.encode("unicode_escape").decode()
        self.stdout.write(f"{when}: a statement {found.why}: {printable}")


def opened(file: str) -> TextIO:
    """Return the lines of the file. Raises CommandError."""
    if file == "-":
        return sys.stdin
    try:
        # newline="\n": a carriage return inside of a statement starts no line.
        return Path(file).open(encoding="utf-8", errors="replace", newline="\n")
    except OSError:
        raise CommandError("That file can't be read.") from None


def row(number: int) -> Row | None:
    """Return what the record says of that query, or None."""
    found = QueryLog.objects.filter(pk=number).order_by().first()
    if found is None:
        return None
    lasted = timedelta(milliseconds=found.duration_ms or 0)
    until = timezone.now() if found.outcome == Outcome.RUNNING else found.started_at + lasted
    return Row(found.username, found.sql, found.arguments, found.started_at, until)
