"""The pages for policies and for the deny-list, on the stock admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.base import OwnFilters, when
from accounts.denials import allow_column, save_denied
from accounts.models import AccessPolicy, DeniedColumn, User
from accounts.policies import make_default, save_policy

if TYPE_CHECKING:
    _PolicyAdmin = admin.ModelAdmin[AccessPolicy]
    _ColumnAdmin = admin.ModelAdmin[DeniedColumn]
else:
    _PolicyAdmin = _ColumnAdmin = admin.ModelAdmin


@admin.register(AccessPolicy)
class AccessPolicyAdmin(OwnFilters, _PolicyAdmin):
    """Policies: made and changed by their verbs, so that each change is on record."""

    list_display = (
        "name",
        "is_default",
        "schemas",
        "max_rows",
        "statement_timeout_s",
        "concurrent_queries",
        "queries_per_minute",
        "rows_per_day",
        "may_export",
    )
    readonly_fields = ("is_default",)
    search_fields = ("name",)
    actions = ("make_default",)

    def has_delete_permission(self, request: HttpRequest, obj: AccessPolicy | None = None) -> bool:
        """Return what Django says, but one policy at a time, and never the default."""
        if obj is None or obj.is_default:
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: AccessPolicy, form: Any, change: bool) -> None:
        """Store the policy by its verb."""
        save_policy(policy=obj, by=_who(request))

    @admin.action(description="Make the selected policy the default", permissions=["change"])
    def make_default(self, request: HttpRequest, queryset: QuerySet[AccessPolicy]) -> None:
        """Make the one that is selected the default."""
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, "Select one policy.", messages.ERROR)
            return
        make_default(policy=chosen[0], by=_who(request))
        self.message_user(request, f"The default is now: {chosen[0].name}.", messages.SUCCESS)


@admin.register(DeniedColumn)
class DeniedColumnAdmin(OwnFilters, _ColumnAdmin):
    """The deny-list: a superuser adds and takes away, who may view looks at it."""

    list_display = ("__str__", "reason", "created_by", when("created_at"))
    list_select_related = ("created_by",)
    search_fields = ("schema", "table", "column", "reason")
    fields = ("schema", "table", "column", "reason")
    readonly_fields = ("created_by", when("created_at"))

    def get_fields(self, request: HttpRequest, obj: DeniedColumn | None = None) -> Any:
        """Return what one writes; of an entry that is there also who made it, and when."""
        return self.fields if obj is None else (*self.fields, *self.readonly_fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return True for superusers: an entry stops the server until the DBA has acted."""
        return bool(request.user.is_active and request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: DeniedColumn | None = None) -> bool:
        """Return False: an entry is added or taken away."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DeniedColumn | None = None) -> bool:
        """Return True for superusers: they answer for personal data."""
        return bool(request.user.is_active and request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: DeniedColumn, form: Any, change: bool) -> None:
        """Add the entry by its verb, and say what has to happen next."""
        obj.created_by = _who(request)
        save_denied(denied=obj)
        self._remind(request)

    def delete_model(self, request: HttpRequest, obj: DeniedColumn) -> None:
        """Take the entry away by its verb, and say what has to happen next."""
        allow_column(denied=obj, by=_who(request))
        self._remind(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DeniedColumn]) -> None:
        """Take the entries away, each by its verb."""
        for denied in queryset:
            allow_column(denied=denied, by=_who(request))
        self._remind(request)

    def _remind(self, request: HttpRequest) -> None:
        said = "Only the database closes a column: have the DBA run what manage.py role_sql prints."
        self.message_user(request, said, messages.WARNING)


def _who(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
