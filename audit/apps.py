"""The audit app: what analysts asked, what became of it, and everything that was done."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """The record."""

    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        """Make the groups after each migrate: only now do all permissions exist."""
        from accounts.groups import ensure_groups

        post_migrate.connect(ensure_groups, sender=self)
