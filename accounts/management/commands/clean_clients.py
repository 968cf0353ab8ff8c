"""Forget client programs that registered themselves and that nobody uses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.oauth.clients import clean_clients


class Command(BaseCommand):
    """Run it once a day."""

    help = "Delete clients without a living connection, and OAuth tokens that have expired."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --days."""
        parser.add_argument(
            "--days", type=int, default=30, help="How old an unused client must be (default 30)."
        )

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        """Clean and say how many went."""
        count = clean_clients(older_than=timedelta(days=max(1, days)))
        self.stdout.write(f"Clients forgotten: {count}.")
