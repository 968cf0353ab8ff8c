"""Reminds of tokens that end soon, for cron: ``manage.py expiring_tokens --days 14``."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import TypedDict

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import AnalystToken, Role
from accounts.standing import EXPIRING, expiring_tokens

_MOST_DAYS = 3650


class Row(TypedDict):
    """One token, and who is to be told."""

    user: str
    leads: list[str]
    id: int
    prefix: str
    label: str
    expires_at: str
    days_left: int


class Command(BaseCommand):
    """Prints nothing when there is nothing to do, so that cron sends no mail then."""

    help = "List working tokens that end soon and have no successor, one a line, soonest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how soon, and in which form."""
        parser.add_argument("--days", type=int, default=EXPIRING.days, help="default 14")
        parser.add_argument("--json", action="store_true", help="a JSON array, for programs")

    def handle(self, *, days: int, json: bool, **options: object) -> None:
        """Print the list; raise CommandError for a number of days that makes no sense."""
        if not 0 <= days <= _MOST_DAYS:
            raise CommandError(f"--days is from 0 to {_MOST_DAYS}.")
        now = timezone.now()
        ending = expiring_tokens(now, timedelta(days=days))
        found = ending.prefetch_related("user__teams__memberships__user")
        rows = [_row(token, now) for token in found]
        text = _as_json(rows) if json else "\n".join(map(_line, rows))
        if text:
            self.stdout.write(text)


def _row(token: AnalystToken, now: datetime) -> Row:
    memberships = (one for team in token.user.teams.all() for one in team.memberships.all())
    return {
        "user": token.user.username,
        "leads": sorted({one.user.username for one in memberships if one.role == Role.LEAD}),
        "id": token.pk,
        "prefix": token.prefix,
        "label": token.label,
        "expires_at": f"{token.expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "days_left": (token.expires_at - now).days,
    }


def _as_json(rows: list[Row]) -> str:
    return json.dumps(rows, indent=2)


def _line(row: Row) -> str:
    leads = ", ".join(row["leads"]) or "no lead"
    return (
        f"{row['expires_at']}  in {row['days_left']} days  {row['user']} (lead: {leads})  "
        f"token {row['id']} {row['prefix']}  {row['label']}"
    )
