"""Lets questions in again: ``manage.py resume_server``."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from accounts.pausing import resume_server


class Command(BaseCommand):
    """Safe to repeat."""

    help = "End the pause: questions are answered again."

    def handle(self, **options: object) -> None:
        """Resume, or say that there was no pause."""
        ended = resume_server()
        self.stdout.write("Resumed." if ended else "The server was not paused.")
