"""Write the record, or a part of it, into a file."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q, QuerySet

from accounts.models import User
from audit.export.selection import Selection, ids_of, no_ids
from audit.export.services import Exporter, Format, export
from audit.models import Event, QueryLog

_STEP = 8 * 1024 * 1024


class Command(BaseCommand):
    help = "Export the record as CSV, JSON Lines or evidence; the export itself goes on record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what, from when until when, of whom, and where to."""
        parser.add_argument("--format", choices=[one.value for one in Format], default="csv")
        parser.add_argument("--since", type=_moment, help="a day or moment in UTC, included")
        parser.add_argument("--until", type=_moment, help="a day or moment in UTC, excluded")
        parser.add_argument("--person", help="a username")
        parser.add_argument("--events", action="store_true", help="events, in place of queries")
        parser.add_argument("--output", required=True, type=Path, help="the new file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file beside its place first, so that a file with its name is whole."""
        output: Path = options["output"]
        if output.exists():
            raise CommandError(f"{output} exists already: name a new file.")
        selection, wanted = _selection(options), Format(options["format"])
        self.stderr.write(f"{len(selection):,} rows")
        by = Exporter(f"{getpass.getuser()} (command)")
        pieces = export(selection=selection, wanted=wanted, by=by)
        unfinished = output.with_name(output.name + ".unfinished")
        with unfinished.open("wb") as file:
            for piece in self._told(pieces):
                file.write(piece)
        unfinished.rename(output)
        self.stdout.write(f"{output}: {output.stat().st_size:,} bytes, {len(selection):,} rows")

    def _told(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the pieces, and say from time to time how much that was."""
        written = told = 0
        for piece in pieces:
            yield piece
            written += len(piece)
            if written - told >= _STEP:
                told = written
                self.stderr.write(f"\r{written / 1_000_000:,.0f} MB", ending="")
        self.stderr.write("\r", ending="")
        sys.stderr.flush()


def _selection(options: dict[str, Any]) -> Selection:
    """Return the rows that the words choose; evidence holds queries and events."""
    person = _person(options["person"])
    evidence = options["format"] == Format.EVIDENCE
    queries, events = evidence or not options["events"], evidence or options["events"]
    whose = Q(user=person) if person else Q()
    whom = Q(actor=person) | Q(subject=person) if person else Q()
    return Selection(
        ids_of(_between(QueryLog.objects.filter(whose), "started_at", options))
        if queries and not (evidence and options["events"])
        else no_ids(),
        ids_of(_between(Event.objects.filter(whom), "at", options)) if events else no_ids(),
        " ".join(
            f"{name}={options[name]}" for name in ("since", "until", "person") if options[name]
        ),
    )


def _person(username: str | None) -> User | None:
    person = User.objects.filter(username=username).first() if username else None
    if username and person is None:
        raise CommandError(f"There is nobody with the username {username}.")
    return person


def _between(rows: QuerySet[Any], field: str, options: dict[str, Any]) -> QuerySet[Any]:
    if options["since"]:
        rows = rows.filter(**{f"{field}__gte": options["since"]})
    return rows.filter(**{f"{field}__lt": options["until"]}) if options["until"] else rows


def _moment(text: str) -> datetime:
    """Return the moment; without a zone it is in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
