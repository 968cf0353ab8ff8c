"""Prints what the DBA runs to close the denied columns: ``manage.py role_sql | psql ...``."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.models import DeniedColumn
from accounts.role_sql import columns_script, full_script


class Command(BaseCommand):
    """The script, and nothing else, goes to stdout; it holds no password."""

    help = "Print the SQL that keeps the denied columns closed to analytics_ro, for the DBA."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare which script."""
        parser.add_argument(
            "--full",
            action="store_true",
            help="the whole script of the role with the deny-list set; the DBA adds the password",
        )

    def handle(self, *, full: bool, **options: object) -> None:
        """Print the script."""
        denied = DeniedColumn.objects.all()
        script = full_script if full else columns_script
        self.stdout.write(script(denied, settings.ANALYTICS_SCHEMAS))
