"""What lists and pages say of a person and of a token, in words and links."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.html import moment
from accounts.models import AnalystToken, Role, User
from accounts.standing import kind_of, standings


class PersonColumns:
    """Of people, who come with what ``with_tokens`` adds."""

    @admin.display(description="Name")
    def full_name(self, obj: User) -> str:
        """Return first and last name."""
        return obj.get_full_name() or "-"

    @admin.display(description="Username")
    def signs_in_as(self, obj: User) -> str:
        """Return the name that the record knows the person by."""
        return obj.username

    @admin.display(description="Active")
    def active(self, obj: User) -> str:
        """Return whether the doors are open, and where they are switched."""
        return "yes" if obj.is_active else "no: every door is shut, until somebody presses Activate"

    @admin.display(description="Teams")
    def teams_shown(self, obj: User) -> str:
        """Return the teams, and where the person leads."""
        memberships = obj.memberships.all()
        names = [f"{m.team} (lead)" if m.role == Role.LEAD else str(m.team) for m in memberships]
        return ", ".join(names) or "-"

    @admin.display(description="Policy", ordering="policy__name")
    def policy_shown(self, obj: User) -> str:
        """Return the policy; who has none of their own has the default one."""
        return obj.policy.name if obj.policy else "default"

    @admin.display(description="Active tokens")
    def tokens_shown(self, obj: Any) -> SafeString:
        """Return how many tokens let the person in, as a link to all of theirs."""
        address = reverse("admin:accounts_analysttoken_changelist")
        return format_html(
            '<a href="{}?user__id__exact={}">{}</a>', address, obj.pk, obj.active_tokens
        )

    @admin.display(description="Last used")
    def last_used(self, obj: Any) -> SafeString:
        """Return when the person last asked something."""
        return moment(obj.last_use, "never")

    @admin.display(description="Second factor")
    def second_factor(self, obj: Any) -> SafeString | str:
        """Return whether somebody of staff has set theirs up; others need none."""
        if obj.has_second_factor:
            return "set up"
        missing = format_html('<span class="state state-warn">{}</span>', "not set up")
        return missing if obj.is_staff else "-"

    @admin.display(description="Last signed in")
    def signed_in(self, obj: User) -> SafeString:
        """Return when the person last signed in to these pages."""
        return moment(obj.last_login, "never")

    @admin.display(description="Added")
    def added(self, obj: User) -> SafeString:
        """Return when the person was added."""
        return moment(obj.date_joined)

    @admin.display(description="Issue")
    def issue(self, obj: Any) -> SafeString | str:
        """Return the link to the form, filled in for this person."""
        if obj.is_staff or obj.is_superuser or not (obj.is_active and obj.analyst):
            return "-"
        address = reverse("admin:accounts_analysttoken_add")
        return format_html('<a href="{}?user={}">Issue token</a>', address, obj.pk)


class TokenColumns:
    """Of tokens; ``recent_queries`` is set by the list."""

    @admin.display(description="Status", ordering="expires_at")
    def standing(self, obj: AnalystToken) -> SafeString:
        """Return everything that is true of the token now."""
        found = standings(obj, timezone.now())
        words = [(kind_of(one), one.label) for one in found]
        return format_html_join(", ", '<span class="state state-{}">{}</span>', words)

    @admin.display(description="Expires", ordering="expires_at")
    def expires(self, obj: AnalystToken) -> SafeString:
        """Return when the token stops working."""
        return moment(obj.expires_at)

    @admin.display(description="Last used", ordering="last_used_at")
    def last_used(self, obj: AnalystToken) -> SafeString:
        """Return when the token was last used."""
        return moment(obj.last_used_at, "never")

    @admin.display(description="From", ordering="last_used_ip")
    def last_used_from(self, obj: AnalystToken) -> str:
        """Return the address that it was last used from."""
        return obj.last_used_ip or "-"

    @admin.display(description="Queries in 30 days")
    def queries(self, obj: Any) -> str:
        """Return how often the token was used for a call."""
        return f"{getattr(obj, 'recent_queries', 0):,}"

    @admin.display(description="Owner", ordering="user__username")
    def owner(self, obj: AnalystToken) -> SafeString:
        """Return the owner, as a link."""
        address = reverse("admin:accounts_user_change", args=[obj.user_id])
        return format_html('<a href="{}">{}</a>', address, obj.user.username)

    @admin.display(description="Created")
    def created(self, obj: AnalystToken) -> SafeString:
        """Return when and by whom the token was issued."""
        by = obj.created_by.username if obj.created_by else "a command"
        how = ", taken over from MCP_AUTH_TOKENS" if obj.imported else ""
        return format_html("{} by {}{}", moment(obj.created_at), by, how)

    @admin.display(description="Revoked")
    def revoked(self, obj: AnalystToken) -> SafeString | str:
        """Return when, by whom and why the token was revoked."""
        if obj.revoked_at is None:
            return "no"
        by = obj.revoked_by.username if obj.revoked_by else "a command"
        return format_html("{} by {}: {}", moment(obj.revoked_at), by, obj.revoke_reason)

    @admin.display(description="Rotated")
    def rotated(self, obj: AnalystToken) -> SafeString | str:
        """Return the links to the token before and the one after."""
        new = getattr(obj, "replaced_by", None)
        pairs = [("from", obj.replaces), ("to", new)]
        found = [
            (word, reverse("admin:accounts_analysttoken_change", args=[one.pk]), one.prefix)
            for word, one in pairs
            if one is not None
        ]
        return format_html_join(", ", '{} <a href="{}">{}…</a>', found) or "no"
