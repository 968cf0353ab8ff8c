"""Teams: superusers make them and say who leads; leads and auditors look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.base import OwnFilters, or_404, who
from accounts.models import Membership, Team
from accounts.signals import team_saved
from accounts.teams import members, visible_teams

if TYPE_CHECKING:
    # Generic for the type checker only.
    _TeamAdmin = admin.ModelAdmin[Team]
    _Inline = admin.StackedInline[Membership, Team]
else:
    # Stacked, for in a table the fields would have no labels.
    _TeamAdmin, _Inline = admin.ModelAdmin, admin.StackedInline


class MembershipInline(_Inline):
    """Who is in the team; a membership goes with its team, so it has the team's rights."""

    model = Membership
    fields = ("user", "role")
    autocomplete_fields = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Return them with what each says of itself, or every person would be a query more."""
        return super().get_queryset(request).select_related("team", "user")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for who may see teams."""
        return who(request).has_perm("accounts.view_team")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for who may change teams."""
        return who(request).has_perm("accounts.change_team")

    has_add_permission = has_delete_permission = has_change_permission


@admin.register(Team)
class TeamAdmin(OwnFilters, _TeamAdmin):
    """Teams and who is in them."""

    list_display = ("name", "leads", "people_shown")
    search_fields = ("name",)
    readonly_fields = ("name", "leads", "people_shown")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """Return the teams that the person at the browser may see."""
        seen = visible_teams(who(request)).annotate(size=Count("memberships"))
        return seen.prefetch_related("memberships__user").order_by("name")

    def get_inlines(self, request: HttpRequest, obj: Team | None) -> Any:
        """Return the forms of the members for who may change them; hundreds take their time."""
        return self.inlines if self.has_change_permission(request, obj) else ()

    def get_fields(self, request: HttpRequest, obj: Team | None = None) -> Any:
        """Return the name; for who only looks also who is in it."""
        return ("name",) if self.has_change_permission(request, obj) else self.readonly_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Team | None = None) -> Any:
        """Return what can't be changed here."""
        return () if self.has_change_permission(request, obj) else self.readonly_fields

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Team:
        """Return the team, or raise Http404."""
        return or_404(super().get_object(request, object_id, from_field))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store the memberships, then say what changed."""
        team, before = form.instance, members(form.instance) if change else ""
        super().save_related(request, form, formsets, change)
        words = {
            "name": (form.initial.get("name", ""), team.name),
            "members": (before, members(team)),
        }
        changes = {name: pair for name, pair in words.items() if pair[0] != pair[1]}
        if changes:
            team_saved.send(sender=Team, team=team, changes=changes, by=who(request))

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        """Say that the team goes, then delete it; its people stay."""
        with transaction.atomic():
            changes = {"name": (obj.name, ""), "members": (members(obj), "")}
            team_saved.send(sender=Team, team=obj, changes=changes, by=who(request))
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Team]) -> None:
        """Delete each of them as one is deleted."""
        for team in queryset:
            self.delete_model(request, team)

    @admin.display(description="Leads")
    def leads(self, obj: Team) -> str:
        """Return who leads the team."""
        found = [one.user.username for one in obj.memberships.all() if one.role == "lead"]
        return ", ".join(found) or "nobody"

    @admin.display(description="People", ordering="size")
    def people_shown(self, obj: Any) -> SafeString:
        """Return how many people are in the team, as a link to them."""
        address = reverse("admin:accounts_user_changelist")
        return format_html('<a href="{}?team={}">{}</a>', address, obj.pk, obj.size)
