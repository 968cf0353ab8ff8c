"""The pages for team leads: people and tokens on the stock admin."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_variables

from accounts import limits_admin  # noqa: F401  # importing registers its pages
from accounts.connecting import claude_code_line
from accounts.errors import IssueRefused, RevokeRefused
from accounts.forms import IssueTokenForm, RevokeTokensForm
from accounts.models import AnalystToken, TokenStatus, User, status_condition
from accounts.policies import assign_policy
from accounts.services import issue_token, revoke_token

if TYPE_CHECKING:
    # Generic for the type checker only.
    _PersonAdmin = UserAdmin[User]
    _TokenAdmin = admin.ModelAdmin[AnalystToken]
else:
    _PersonAdmin, _TokenAdmin = UserAdmin, admin.ModelAdmin

_PAGES = "admin/accounts/analysttoken"
_SHOWN = (
    "user",
    "label",
    "prefix",
    "status",
    "imported",
    "created_at",
    "created_by",
    "expires_at",
    "last_used_at",
    "revoked_at",
    "revoked_by",
    "revoke_reason",
)


@admin.register(User)
class PersonAdmin(_PersonAdmin):
    """People. Only a superuser hands out power, and nobody deletes a person."""

    fieldsets = (*(UserAdmin.fieldsets or ()), ("Limits", {"fields": ("policy",)}))
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "policy")
    list_select_related = ("policy",)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return False: people are deactivated."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return what Django says, but a lead who sets a colleague's password could be them."""
        me = _person(request)
        powerful = obj is not None and (obj.is_staff or obj.is_superuser)
        if powerful and obj != me and not me.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Return the fields that would let a team lead give themselves more rights."""
        me = _person(request)
        if me.is_superuser:
            return ()
        powers = ("is_staff", "is_superuser", "groups", "user_permissions")
        assigns = obj != me and me.has_perm("accounts.assign_accesspolicy")
        return powers if assigns else (*powers, "policy")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Store the person; a policy is assigned by its verb, so that it is on record."""
        wanted = obj.policy
        if change:
            obj.policy_id = form.initial.get("policy", obj.policy_id)
        super().save_model(request, obj, form, change)
        assign_policy(user=obj, policy=wanted, by=_person(request))


class StatusFilter(admin.SimpleListFilter):
    """Narrows the list to one status."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the closed vocabulary."""
        return TokenStatus.choices

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AnalystToken]
    ) -> QuerySet[AnalystToken]:
        """Return the tokens of the chosen status; an unknown one narrows nothing."""
        for status in TokenStatus:
            if status == self.value():
                return queryset.filter(status_condition(status, timezone.now()))
        return queryset


@admin.register(AnalystToken)
class AnalystTokenAdmin(_TokenAdmin):
    """Tokens are issued, looked at and revoked here; never changed, never deleted."""

    list_display = ("prefix", "user", "label", "status", "expires_at", "last_used_at")
    list_filter = (StatusFilter,)
    list_select_related = ("user",)
    search_fields = ("user__username", "label", "prefix")
    actions = ("revoke_selected",)
    fields = readonly_fields = _SHOWN

    def has_change_permission(self, request: HttpRequest, obj: AnalystToken | None = None) -> bool:
        """Return False: a token is what it was when it was issued."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AnalystToken | None = None) -> bool:
        """Return False: the audit history points at tokens."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Return False for the digest, which a filter in the address could else spell out."""
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return True for those who hold the permission to revoke."""
        return _person(request).has_perm("accounts.revoke_analysttoken")

    @method_decorator(csrf_protect)
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, or issue the token and show its secret in this very response."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = IssueTokenForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            try:
                return self._issue(request, form)
            except IssueRefused as refusal:
                form.add_error(None, str(refusal))
        return self._page(request, "issue", "Issue a token", form=form)

    @sensitive_variables()
    def _issue(self, request: HttpRequest, form: IssueTokenForm) -> HttpResponse:
        issued = issue_token(
            user=form.cleaned_data["user"],
            label=form.cleaned_data["label"],
            issued_by=_person(request),
            lifetime=timedelta(days=form.cleaned_data["days"]),
        )
        self.log_addition(request, issued.token, [{"added": {}}])
        line = claude_code_line(issued.secret)
        return self._page(request, "issued", "The new token", issued=issued, line=line)

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke_selected(
        self, request: HttpRequest, queryset: QuerySet[AnalystToken]
    ) -> HttpResponse | None:
        """Ask for the reason first, then revoke."""
        form = RevokeTokensForm(request.POST if "confirmed" in request.POST else None)
        if form.is_bound and form.is_valid():
            try:
                self._revoke(request, queryset, form.cleaned_data["reason"])
                return None
            except RevokeRefused as refusal:
                form.add_error("reason", str(refusal))
        return self._page(request, "revoke", "Revoke tokens", form=form, tokens=queryset)

    def _revoke(self, request: HttpRequest, queryset: QuerySet[AnalystToken], reason: str) -> None:
        by = _person(request)
        revoked = [t for t in queryset if revoke_token(token=t, revoked_by=by, reason=reason)]
        for token in revoked:
            self.log_change(request, token, f"Revoked: {token.revoke_reason}")
        self.message_user(request, f"Tokens revoked: {len(revoked)}.", messages.SUCCESS)

    def _page(self, request: HttpRequest, name: str, title: str, **context: object) -> HttpResponse:
        site = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return render(request, f"{_PAGES}/{name}.html", {**site, **context})


def _person(request: HttpRequest) -> User:
    """The admin lets in only people who are signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
