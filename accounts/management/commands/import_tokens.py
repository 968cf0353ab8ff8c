"""Takes over the old server's tokens: ``manage.py import_tokens``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.views.decorators.debug import sensitive_variables

from accounts.errors import AccountsError
from accounts.services import import_tokens
from fleetmcp import env


class Command(BaseCommand):
    """Reads from the environment, a file or stdin; never from an argument, which ps would show."""

    help = 'Import MCP_AUTH_TOKENS="alice:tok1,bob:tok2", all of it or nothing. Safe to repeat.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where the tokens come from."""
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            "--env",
            metavar="NAME",
            default="MCP_AUTH_TOKENS",
            help="the variable, or NAME_FILE (default: MCP_AUTH_TOKENS)",
        )
        source.add_argument("--file", metavar="PATH", help="a file, or - for stdin")
        parser.add_argument("--days", type=int, help="lifetime; default TOKEN_LIFETIME_DAYS")

    @sensitive_variables()
    def handle(self, *, env: str, file: str | None, days: int | None, **options: object) -> None:
        """Print what became of each entry; raise CommandError with every reason for a refusal."""
        text = _from_environment(env) if file is None else _from_file(file)
        try:
            lifetime = None if days is None else timedelta(days=days)
            entries = import_tokens(text=text, lifetime=lifetime)
        except OverflowError:
            raise CommandError("--days is too large.") from None
        except AccountsError as refusal:
            raise CommandError(str(refusal)) from None
        for entry in entries:
            said = f"{entry.position}. {entry.name}: {entry.outcome} (token {entry.token.pk})"
            self.stdout.write(said)


@sensitive_variables()
def _from_environment(name: str) -> str:
    try:
        text = env.env_secret(name)
    except env.BadSetting as error:
        raise CommandError(str(error)) from None
    if not text:
        raise CommandError(f"{name} is empty: set it, or name a file with --file.")
    return text


@sensitive_variables()
def _from_file(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CommandError("The file can't be read as UTF-8 text.") from None
