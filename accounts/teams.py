"""Which teams a person sees and leads, and what their history says of them."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import SEE_EVERYONE, Membership, Role, Team, User


def visible_teams(viewer: User) -> QuerySet[Team]:
    """Return all teams for superusers and auditors, else those that the viewer leads."""
    if viewer.is_superuser or viewer.has_perm(SEE_EVERYONE):
        return Team.objects.all()
    return led_teams(viewer)


def handled_teams(lead: User) -> QuerySet[Team]:
    """Return the teams into which the person may put a new analyst."""
    return Team.objects.all() if lead.is_superuser else led_teams(lead)


def led_teams(lead: User) -> QuerySet[Team]:
    """Return the teams that the person leads."""
    led = Membership.objects.filter(user=lead, role=Role.LEAD).values("team")
    return Team.objects.filter(pk__in=led)


def members(team: Team) -> str:
    """Return who is in the team, for a history: ``alice, tess (lead)``."""
    found = team.memberships.select_related("user").order_by("user__username")
    return ", ".join(
        f"{one.user.username} (lead)" if one.role == Role.LEAD else one.user.username
        for one in found
    )
