"""Lists tokens: ``manage.py list_tokens --user alice``."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError

from accounts.models import AnalystToken, User

_COLUMNS = ("id", "user", "prefix", "status", "expires_at", "last_used_at", "label")


class Command(BaseCommand):
    """Shows everything about tokens except what would let somebody in."""

    help = "List analyst tokens, newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whose tokens, and in which form."""
        parser.add_argument("--user", help="only the tokens of this user name")
        parser.add_argument("--json", action="store_true", help="a JSON array, for programs")

    def handle(self, *, user: str | None, json: bool, **options: object) -> None:
        """Print the list; raise CommandError for an unknown user."""
        tokens = AnalystToken.objects.select_related("user", "created_by", "revoked_by")
        if user is not None:
            if not User.objects.filter(username=user).exists():
                raise CommandError(f"There is no user {user!r}.")
            tokens = tokens.filter(user__username=user)
        rows = [_row(token) for token in tokens]
        self.stdout.write(_as_json(rows) if json else _as_table(rows))


def _row(token: AnalystToken) -> dict[str, str | int | bool | None]:
    return {
        "id": token.pk,
        "user": token.user.username,
        "label": token.label,
        "prefix": token.prefix,
        "status": token.status.value,
        "imported": token.imported,
        "created_at": _moment(token.created_at),
        "created_by": _name(token.created_by),
        "expires_at": _moment(token.expires_at),
        "last_used_at": _moment(token.last_used_at),
        "revoked_at": _moment(token.revoked_at),
        "revoked_by": _name(token.revoked_by),
        "revoke_reason": token.revoke_reason,
    }


def _as_json(rows: list[dict[str, str | int | bool | None]]) -> str:
    return json.dumps(rows, indent=2)


def _as_table(rows: list[dict[str, str | int | bool | None]]) -> str:
    cells = [_COLUMNS, *(tuple(_cell(row[name]) for name in _COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_line(line, widths) for line in cells)


def _line(texts: tuple[str, ...], widths: list[int]) -> str:
    padded = (text.ljust(width) for text, width in zip(texts, widths, strict=True))
    return "  ".join(padded).rstrip()


def _cell(value: str | int | bool | None) -> str:
    return "-" if value is None else str(value)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else f"{value:%Y-%m-%dT%H:%M:%SZ}"


def _name(person: User | None) -> str | None:
    return None if person is None else person.username
