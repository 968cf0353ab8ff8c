"""Adds an analyst: ``manage.py add_analyst alice --team Dispatch``."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import PersonRefused
from accounts.models import AccessPolicy, Team, User
from accounts.people import add_analyst


class Command(BaseCommand):
    """The person has no password; ``issue_token`` gives them a token."""

    help = "Add an analyst, without a password, to a team."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare who, in which team, with which policy."""
        parser.add_argument("username")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument("--team", help="whose lead handles the person; it must be there")
        parser.add_argument("--policy", help="an access policy; default: the default one")

    def handle(
        self,
        *,
        username: str,
        first_name: str,
        last_name: str,
        team: str | None,
        policy: str | None,
        **options: object,
    ) -> None:
        """Add the person, or raise CommandError with the reason."""
        user = User(
            username=User.normalize_username(username), first_name=first_name, last_name=last_name
        )
        try:
            add_analyst(user=user, team=_team(team), policy=_policy(policy))
        except PersonRefused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"Added: {user.username}.")


def _team(name: str | None) -> Team | None:
    found = Team.objects.filter(name=name).first()
    if name is not None and found is None:
        raise CommandError(f"There is no team {name!r}: a superuser makes it in the admin.")
    return found


def _policy(name: str | None) -> AccessPolicy | None:
    found = AccessPolicy.objects.filter(name=name).first()
    if name is not None and found is None:
        raise CommandError(f"There is no access policy {name!r}.")
    return found
