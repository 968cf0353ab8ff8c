"""Puts a new token in an old one's place: ``manage.py rotate_token fmcp_AbC123``."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.views.decorators.debug import sensitive_variables

from accounts.errors import IssueRefused, TokenNotFound
from accounts.lookup import token_named
from accounts.rotation import DEFAULT_OVERLAP, rotate_token


class Command(BaseCommand):
    """The new token, and nothing else, goes to stdout."""

    help = "Issue a token's successor, printed once; both work until the overlap is over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare which token, and for how long both work."""
        parser.add_argument("token", metavar="PREFIX|ID", help="as list_tokens shows it")
        hours = DEFAULT_OVERLAP // timedelta(hours=1)
        parser.add_argument("--overlap-hours", type=int, default=hours, help=f"default {hours}")
        parser.add_argument("--days", type=int, help="lifetime; default TOKEN_LIFETIME_DAYS")

    @sensitive_variables()
    def handle(
        self, *, token: str, overlap_hours: int, days: int | None, **options: object
    ) -> None:
        """Print the new token; raise CommandError with the reason if it is refused."""
        try:
            old = token_named(token)
            issued = rotate_token(
                token=old,
                overlap=timedelta(hours=overlap_hours),
                lifetime=None if days is None else timedelta(days=days),
            )
        except OverflowError:
            raise CommandError("--days or --overlap-hours is too large.") from None
        except (IssueRefused, TokenNotFound) as refusal:
            raise CommandError(str(refusal)) from None
        self.stderr.write(
            f"Token {issued.token.pk} for {issued.token.user.username}, in the place of {old}, "
            f"which works until {old.expires_at:%Y-%m-%d %H:%M} UTC. The token, shown only now:",
            self.style.NOTICE,
        )
        self.stdout.write(issued.secret)
