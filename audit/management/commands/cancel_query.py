"""Stop a running question, whichever worker or replica runs it."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.cancelling import request_cancel


class Command(BaseCommand):
    help = "Stop a running question by its query id, which pg_stat_activity shows too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the id, and who asks."""
        parser.add_argument("query_id", type=int)
        parser.add_argument("--by", default=getpass.getuser(), help="who stops it, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        """Mark the row; its process stops the statement within two seconds."""
        if not request_cancel(query_id=options["query_id"], by=options["by"]):
            raise CommandError(f"Query {options['query_id']} is not running.")
        self.stdout.write(f"Query {options['query_id']} is marked and stops within two seconds.")
