"""Revokes a token: ``manage.py revoke_token fmcp_AbC123 --reason "laptop lost"``."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import RevokeRefused, TokenNotFound
from accounts.lookup import token_named
from accounts.services import revoke_token


class Command(BaseCommand):
    """Names the token by its id or by the prefix that lists show."""

    help = "Revoke an analyst token; it is refused from the next request on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare which token, and why."""
        parser.add_argument("token", metavar="PREFIX|ID", help="as list_tokens shows it")
        parser.add_argument("--reason", required=True, help="one line; it stays in the history")

    def handle(self, *, token: str, reason: str, **options: object) -> None:
        """Revoke the token, or say that it was revoked before."""
        try:
            found = token_named(token)
            now = revoke_token(token=found, reason=reason)
        except (RevokeRefused, TokenNotFound) as refusal:
            raise CommandError(str(refusal)) from None
        done = "Revoked" if now else f"Was already revoked at {found.revoked_at:%Y-%m-%d %H:%M} UTC"
        self.stdout.write(f"{done}: token {found.pk} of {found.user.username}, {found}.")
