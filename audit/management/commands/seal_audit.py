"""Seal what is finished of the record; the server does so by itself every minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from audit.seals import head, seal_audit


class Command(BaseCommand):
    help = "Seal what is finished of the record into its chain, and print the newest seal."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, and say which seal to keep elsewhere."""
        made = seal_audit()
        newest = head()
        if newest is None:
            self.stdout.write("Nothing to seal yet.")
            return
        self.stdout.write(f"{made} new seals. Keep the newest elsewhere, for verify_audit --head:")
        self.stdout.write(f"{newest.number}:{newest.digest}")
