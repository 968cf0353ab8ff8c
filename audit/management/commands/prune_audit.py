"""Delete what is older than so many days, segment by segment; the seals stay."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.retention import NotPrunable, Segments, prunable, prune_audit


class Command(BaseCommand):
    help = (
        "Delete the sealed segments of the record whose rows are all older. Shows what it would "
        "do unless --yes is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the age, and the word that means it."""
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS")
        parser.add_argument("--yes", action="store_true", help="really delete")
        parser.add_argument("--by", default=getpass.getuser(), help="who prunes, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prune, or show what would be pruned."""
        days: int = options["older_than"]
        if not 1 <= days <= 36_500:
            raise CommandError("Give --older-than as 1 to 36500 days.")
        before = timezone.now() - timedelta(days=days)
        try:
            self._prune(before, options)
        except NotPrunable as refused:
            raise CommandError(f"{refused} Run verify_audit; nothing more is deleted.") from None

    def _prune(self, before: datetime, options: dict[str, Any]) -> None:
        if options["yes"]:
            self._tell(prune_audit(before=before, by=options["by"]), "Deleted")
        else:
            self._tell(prunable(before=before), "Would delete")
            self.stdout.write("Nothing was deleted: add --yes to do it.")

    def _tell(self, parts: Iterable[Segments], verb: str) -> None:
        queries = events = seals = 0
        for part in parts:
            queries, events = queries + part.queries, events + part.events
            seals += part.last_seal - part.first_seal + 1
        self.stdout.write(f"{verb} {queries:,} queries and {events:,} events of {seals:,} seals.")
