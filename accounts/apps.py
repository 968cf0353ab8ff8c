"""The app's configuration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.apps import apps as current_apps
from django.db import router
from django.db.models.signals import post_migrate, post_save


class AccountsConfig(AppConfig):
    """People and their tokens."""

    name = "accounts"
    verbose_name = "People and tokens"

    def ready(self) -> None:
        """See to the default policy after each migrate or flush, and to those who leave."""
        from accounts.oauth.leaving import revoke_of_the_inactive, revoke_of_who_leaves
        from accounts.signals import person_deactivated

        post_migrate.connect(ensure_default_policy, sender=self)
        person_deactivated.connect(revoke_of_who_leaves)
        post_save.connect(revoke_of_the_inactive, sender=self.get_model("User"))


def ensure_default_policy(*, using: str, apps: Any = current_apps, **kwargs: Any) -> None:
    """Make the default policy if there is none; what is there stays as it is."""
    if not router.allow_migrate(using, "accounts"):
        return
    try:
        policies = apps.get_model("accounts", "AccessPolicy")
    except LookupError:  # migrated back to a time before policies
        return
    policies.objects.using(using).get_or_create(is_default=True, defaults={"name": "default"})
