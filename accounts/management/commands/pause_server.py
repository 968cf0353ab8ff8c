"""Refuses every question: ``manage.py pause_server "Maintenance until 14:00 UTC"``."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import PauseRefused
from accounts.pausing import pause_server


class Command(BaseCommand):
    """Holds at once, in every process, until ``resume_server``."""

    help = "Refuse every question from now on, and tell analysts the message."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what analysts are told."""
        parser.add_argument("message", help="one line of at most 300 characters")
        parser.add_argument(
            "--cancel-running", action="store_true", help="stop what is running now, too"
        )

    def handle(self, *, message: str, cancel_running: bool, **options: object) -> None:
        """Pause, or raise CommandError with the reason."""
        try:
            pause = pause_server(message=message, cancel_running=cancel_running)
        except PauseRefused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"Paused. Analysts are told: {pause.message}")
