"""Take away a person's second factor, when they have lost it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.two_factor import reset_two_factor


class Command(BaseCommand):
    """``manage.py reset_two_factor tess``."""

    help = "Take away a person's second factor and recovery codes, so that they set up new ones."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the person's name."""
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        """Take it away and say so."""
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no person named {username!r}.")
        if not reset_two_factor(user=user):
            raise CommandError(f"{username} has no second factor.")
        self.stdout.write(f"{username} sets up a new second factor at the next sign-in.")
