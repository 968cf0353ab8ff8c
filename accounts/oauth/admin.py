"""The pages of connections and clients. The toolkit's own pages would show and add tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import oauth2_provider.admin  # noqa: F401  # registers what is taken away below
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.base import OwnFilters, handled, one_of, page, when, who
from accounts.errors import RevokeRefused
from accounts.models import (
    AccessToken,
    Application,
    Connection,
    Grant,
    IDToken,
    RefreshToken,
    TokenStatus,
    User,
)
from accounts.oauth.access import access_of, revoke_access
from accounts.oauth.clients import switch_application

if TYPE_CHECKING:
    # Generic for the type checker only.
    _ConnectionAdmin = admin.ModelAdmin[Connection]
    _ApplicationAdmin = admin.ModelAdmin[Application]
else:
    _ConnectionAdmin = _ApplicationAdmin = admin.ModelAdmin

for _model in (Application, Grant, AccessToken, RefreshToken, IDToken):
    admin.site.unregister(_model)


class RevokeForm(forms.Form):
    """Why something is closed."""

    reason = forms.CharField(max_length=200, label="Reason")


class ConnectionStatusFilter(admin.SimpleListFilter):
    """Narrows the list to one status."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the closed vocabulary."""
        return TokenStatus.choices

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> QuerySet[Connection]:
        """Return the connections of the chosen status; an unknown one narrows nothing."""
        for status in TokenStatus:
            if status == self.value():
                return Connection.objects.with_status(status, timezone.now()) & queryset
        return queryset


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: consent makes connections, and clients register themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what was agreed to stays what it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: the audit history points here."""
        return False


@admin.register(Connection)
class ConnectionAdmin(OwnFilters, _ReadOnly, _ConnectionAdmin):
    """Who connected what; and what lets one person in, tokens beside connections."""

    list_display = (
        "client_name", "owner", "client_host", "redirect_host", "status", when("created_at"),
        when("first_used_at"), when("last_used_at", "never"), when("expires_at"), when("ends_at"),
    )  # fmt: skip
    list_filter = (ConnectionStatusFilter,)
    words = frozenset({"status"})
    list_select_related = ("user",)
    list_per_page = 50
    search_fields = ("user__username", "client_name")
    fields = readonly_fields = (
        "owner", "client_name", "client_host", "redirect_host", "status", when("created_at"),
        "created_ip", when("refreshed_at"), when("first_used_at"), when("last_used_at"),
        "last_used_ip", when("expires_at"), when("ends_at"), when("revoked_at"), "revoked_by",
        "revoke_reason",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        """Return the connections of those whom the person at the browser may see."""
        visible = User.objects.visible_to(who(request))
        return super().get_queryset(request).filter(user__in=visible)

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses and that of one person's access."""
        view = self.admin_site.admin_view(self.person_view)
        return [path("person/<int:pk>/", view, name="accounts_person_access"), *super().get_urls()]

    @admin.display(ordering="user__username")
    def owner(self, connection: Connection) -> SafeString:
        """Return the person, with the way to all that lets them in."""
        address = reverse("admin:accounts_person_access", args=[connection.user_id])
        return format_html('<a href="{}">{}</a>', address, connection.user.username)

    def person_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what lets the person in; on POST revoke what was chosen, with its reason."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        person = one_of(User.objects.visible_to(who(request)), pk)
        may_revoke = _may_revoke(request, person)
        form = RevokeForm(request.POST if request.method == "POST" else None)
        if form.is_bound and not may_revoke:
            raise PermissionDenied
        if form.is_bound and form.is_valid() and self._revoked(request, person, form):
            return HttpResponseRedirect(request.path)
        return page(
            self, request, "person", f"Access of {person.username}",
            person=person, rows=access_of(person), form=form, may_revoke=may_revoke,
        )  # fmt: skip

    def _revoked(self, request: HttpRequest, person: User, form: RevokeForm) -> bool:
        reason, keys = form.cleaned_data["reason"], request.POST.getlist("chosen")
        try:
            count = revoke_access(user=person, keys=keys, by=who(request), reason=reason)
        except RevokeRefused as refusal:
            form.add_error("reason", str(refusal))
            return False
        self.message_user(request, f"Revoked: {count}.", messages.SUCCESS)
        return True


@admin.register(Application)
class ApplicationAdmin(OwnFilters, _ReadOnly, _ApplicationAdmin):
    """The client programs: looked at, switched off and on."""

    list_display = ("name", "client_id", "registration_source", when("created"), "is_on")
    list_filter = ("registration_source",)
    words = frozenset({"registration_source__exact"})
    search_fields = ("name", "client_id")
    list_per_page = 50
    actions = ("switch_off", "switch_on")
    fields = readonly_fields = (
        "name", "client_id", "client_type", "registration_source", "redirect_uris", when("created"),
        "created_ip", when("cimd_expires_at"), "is_on", when("disabled_at"), "disabled_by",
    )  # fmt: skip

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Return True for those who hold the permission."""
        return who(request).has_perm("accounts.disable_application")

    @admin.display(boolean=True, description="may connect")
    def is_on(self, application: Application) -> bool:
        """Return False for a client that somebody switched off."""
        return application.disabled_at is None

    @admin.action(description="Switch selected clients off", permissions=["switch"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        """Keep them out from the next request on."""
        self._switch(request, queryset, on=False)

    @admin.action(description="Switch selected clients on", permissions=["switch"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        """Let them in again."""
        self._switch(request, queryset, on=True)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Application], *, on: bool) -> None:
        by = who(request)
        count = sum(switch_application(application=one, on=on, by=by) for one in queryset)
        self.message_user(request, f"Switched: {count}.", messages.SUCCESS)


def _may_revoke(request: HttpRequest, person: User) -> bool:
    allowed = who(request).has_perms(["accounts.revoke_connection", "accounts.revoke_analysttoken"])
    return allowed and handled(request).filter(pk=person.pk).exists()
