"""Count the closed days for the usage page, for cron or after a restore."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from audit.reports.days import count_closed_days, forget_days


class Command(BaseCommand):
    help = "Count the closed days for the usage page; the page itself counts a few at each visit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to begin anew."""
        parser.add_argument("--again", action="store_true", help="count all days anew")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, and say each day as it is done."""
        if options["again"]:
            forget_days()
        number = 0
        for day in count_closed_days(timezone.now()):
            number += 1
            if options["verbosity"] > 1:
                self.stdout.write(str(day))
        self.stdout.write(f"Counted {number} days.")
