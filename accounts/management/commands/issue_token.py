"""Issues a token: ``manage.py issue_token alice --label "Claude Code"``."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.connecting import claude_code_line
from accounts.errors import IssueRefused
from accounts.models import User
from accounts.services import IssuedToken, ensure_analyst, issue_token


class Command(BaseCommand):
    """The token, and nothing else, goes to stdout; what a person wants to know goes to stderr."""

    help = "Issue an analyst token. It is printed once, to stdout, and can't be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whose token, what for and for how long."""
        parser.add_argument("username", help="the owner")
        parser.add_argument("--label", default="command line", help="where it will be used")
        parser.add_argument("--days", type=int, help="lifetime; default TOKEN_LIFETIME_DAYS")
        parser.add_argument(
            "--create-user", action="store_true", help="create the owner if missing, no password"
        )

    @sensitive_variables()
    def handle(
        self, *, username: str, label: str, days: int | None, create_user: bool, **options: object
    ) -> None:
        """Print the new token; raise CommandError with the reason if it is refused."""
        try:
            lifetime = None if days is None else timedelta(days=days)
            with transaction.atomic():
                user = ensure_analyst(username=username) if create_user else _person(username)
                issued = issue_token(user=user, label=label, lifetime=lifetime)
        except OverflowError:
            raise CommandError("--days is too large.") from None
        except IssueRefused as refusal:
            raise CommandError(str(refusal)) from None
        self.stderr.write(_about(issued), self.style.NOTICE)
        self.stdout.write(issued.secret)


def _person(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username!r}: add --create-user, or check the name.")
    return user


def _about(issued: IssuedToken) -> str:
    token = issued.token
    return (
        f"Token {token.pk} for {token.user.username} ({token.label}), "
        f"valid until {token.expires_at:%Y-%m-%d %H:%M} UTC. Connect Claude Code with:\n"
        f"{claude_code_line('<token>')}\nThe token, shown only now:"
    )
