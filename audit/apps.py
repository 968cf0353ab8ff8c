"""The audit app: what analysts asked, what became of it, and everything that was done."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class AuditConfig(AppConfig):
    """The record."""

    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        """Keep the groups and the triggers right after each migrate, and record what happens."""
        from accounts.groups import ensure_groups
        from audit import (  # noqa: F401  # importing connects
            oauth_events,
            receivers,
            search,
            sign_ins,
            triggers,
        )

        # Only now do all permissions exist.
        post_migrate.connect(ensure_groups, sender=self)
        pre_migrate.connect(triggers.make_way, sender=self)
        post_migrate.connect(triggers.install_triggers, sender=self)
        post_migrate.connect(search.install, sender=self)
