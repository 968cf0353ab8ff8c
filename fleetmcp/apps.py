"""The project as a Django app: it brings the system checks and the table of the shared cache."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class FleetmcpConfig(AppConfig):
    name = "fleetmcp"

    def ready(self) -> None:
        """Register the system checks, and make sure of the cache's table after each migrate."""
        from fleetmcp import checks  # noqa: F401  # importing registers them

        post_migrate.connect(make_cache_table, sender=apps.get_app_config("accounts"))


def make_cache_table(*, using: str, **kwargs: Any) -> None:
    """Make the table of the shared cache if it isn't there; the router says in which database."""
    from django.core.management import call_command

    call_command("createcachetable", database=using, verbosity=0)
