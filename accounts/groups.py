"""The three groups and what each may do; made anew after each migrate."""

from __future__ import annotations

from typing import Any

from django.apps import apps as current_apps
from django.db import router

ANALYSTS = "Analysts"
TEAM_LEADS = "Team leads"
AUDITORS = "Auditors"

GROUPS = {
    ANALYSTS: ["accounts.use_mcp"],
    TEAM_LEADS: """
        accounts.view_user accounts.add_user accounts.change_user accounts.view_team
        accounts.view_analysttoken accounts.add_analysttoken accounts.revoke_analysttoken
        accounts.view_connection accounts.revoke_connection
        accounts.view_accesspolicy accounts.assign_accesspolicy accounts.view_deniedcolumn
        accounts.view_pause accounts.pause_server
        audit.view_querylog audit.cancel_querylog audit.review_access
    """.split(),
    AUDITORS: """
        accounts.see_everyone accounts.view_user accounts.view_team accounts.view_analysttoken
        accounts.view_connection accounts.view_application
        accounts.view_accesspolicy accounts.view_deniedcolumn accounts.view_pause
        audit.view_querylog audit.view_event audit.view_seal audit.export_querylog
    """.split(),
}


def ensure_groups(*, using: str, apps: Any = current_apps, **kwargs: Any) -> None:
    """Make the groups with exactly these permissions; connect it to the last app's post_migrate.

    Rights of your own go into a group of your own: these are set back by each migrate.
    """
    if not router.allow_migrate(using, "accounts"):
        return
    group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, wanted in GROUPS.items():
        made, _ = group.objects.using(using).get_or_create(name=name)
        codenames = {word.partition(".")[2] for word in wanted}
        found = permission.objects.using(using).filter(
            content_type__app_label__in=["accounts", "audit"], codename__in=codenames
        )
        made.permissions.set(found)
