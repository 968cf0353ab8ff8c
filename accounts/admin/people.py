"""People: a lead adds, equips and deactivates the analysts of their teams, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts.admin.base import OwnFilters, as_id, handled, or_404, said, who
from accounts.admin.columns import PersonColumns
from accounts.admin.listing import SecondFactorFilter, TeamFilter, with_tokens
from accounts.admin.switching import VERBS, Switches
from accounts.forms import AddAnalystForm
from accounts.models import SEE_EVERYONE, User, may_use_mcp
from accounts.people import add_analyst, announce_person
from accounts.policies import assign_policy

if TYPE_CHECKING:
    # Generic for the type checker only.
    _PersonAdmin = UserAdmin[User]
else:
    _PersonAdmin = UserAdmin

_NAMES = (None, {"fields": ("signs_in_as", "first_name", "last_name", "email")})
_LEAD_SEES = (
    _NAMES,
    ("Access", {"fields": ("active", "teams_shown", "policy", "signed_in", "added")}),
)
_SUPERUSER_SEES = (
    (None, {"fields": ("username", "password", "first_name", "last_name", "email")}),
    ("Access", {"fields": ("active", "teams_shown", "policy", "signed_in", "added")}),
    ("Power", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
)
_ALWAYS_READ_ONLY = ("active", "teams_shown", "signed_in", "added")
_ADD = ("username", "first_name", "last_name", "email", "team")


@admin.register(User)
class PersonAdmin(OwnFilters, Switches, PersonColumns, _PersonAdmin):
    """People. Only a superuser hands out power, and nobody deletes a person."""

    list_display = (
        "username", "issue", "full_name", "teams_shown", "is_active", "policy_shown",
        "tokens_shown", "last_used",
    )  # fmt: skip
    list_filter = ("is_active", TeamFilter)
    words = frozenset({"is_active__exact", "team", "second_factor"})
    list_select_related = ("policy",)
    list_per_page = 50
    # Not Django's two lists: screen readers can't name their parts.
    filter_horizontal = ()
    actions = ("deactivate_selected",)
    add_form_template = "admin/accounts/user/add_form.html"
    change_form_template = "admin/accounts/user/change_form.html"

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns; some only for who may do, or see, what they are about."""
        columns, may = super().get_list_display(request), who(request).has_perm
        if not may("accounts.add_analysttoken"):
            columns = tuple(column for column in columns if column != "issue")
        return (*columns, "second_factor") if may(SEE_EVERYONE) else columns

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Return the filters; that of the second factor for those who see everyone."""
        sees_all = who(request).has_perm(SEE_EVERYONE)
        return (*self.list_filter, SecondFactorFilter) if sees_all else self.list_filter

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return whom the person at the browser may see."""
        return with_tokens(User.objects.visible_to(who(request)).order_by("username"))

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> User:
        """Return the person, or raise Http404."""
        return or_404(super().get_object(request, object_id, from_field))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return False: people are deactivated."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return what Django says, for those whom the person at the browser handles."""
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or handled(request).filter(pk=obj.pk).exists()

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Return what there is to see: power only for superusers."""
        if obj is None:
            return ((None, {"fields": (*_ADD, *(("policy",) if _assigns(request) else ()))}),)
        return _SUPERUSER_SEES if who(request).is_superuser else _LEAD_SEES

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Return what can't be changed here; a lead renames nobody."""
        if obj is None:
            return ()
        if who(request).is_superuser:
            return _ALWAYS_READ_ONLY
        return (*_ALWAYS_READ_ONLY, "signs_in_as", *(() if _assigns(request) else ("policy",)))

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form; the one for a new analyst knows who is asking."""
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        # Past Django's form for adding, which wants a password.
        form = super(UserAdmin, self).get_form(
            request, obj, change=change, **{**kwargs, "form": AddAnalystForm}
        )
        return type("AddAnalystFormOfLead", (form,), {"lead": who(request)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field; without a policy of their own a person has the default one."""
        words = {"empty_label": "default"} if db_field.name == "policy" else {}
        return super().formfield_for_foreignkey(db_field, request, **{**kwargs, **words})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Store the person by the verbs, so that everything is on record."""
        me, wanted = who(request), obj.policy
        if not change:
            add_analyst(user=obj, team=form.cleaned_data["team"], policy=wanted, by=me)
            return
        obj.policy_id = form.initial.get("policy", obj.policy_id)
        # Nothing else: somebody may have deactivated the person since the form was opened.
        own = {field.name for field in User._meta.concrete_fields} - {"policy"}
        obj.save(update_fields=own.intersection(form.changed_data))
        assign_policy(user=obj, policy=wanted, by=me)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store groups and rights, then say what changed."""
        super().save_related(request, form, formsets, change)
        changes = {
            name: (said(form.initial.get(name)), said(form.cleaned_data[name]))
            for name in form.changed_data
            if change and name != "policy"
        }
        if changes:
            announce_person(user=form.instance, changes=changes, by=who(request))

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  # Django's name for it
        form_url: str = "",
    ) -> HttpResponse:
        """Let superusers set a password: who sets a colleague's could be them."""
        if not who(request).is_superuser:
            raise PermissionDenied
        with transaction.atomic():
            before = self.get_object(request, id).password
            response = super().user_change_password(request, id, form_url)
            person = User.objects.get(pk=id)
            if person.password != before:
                changes = {"password": ("(not shown)", "(changed)")}
                announce_person(user=person, changes=changes, by=who(request))
        return response

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses, and those of the switches and the sign-in link."""
        switch = self.admin_site.admin_view(self.switch_view)
        switches = [
            path(f"<int:pk>/{verb}/", switch, {"verb": verb}, name=f"accounts_user_{verb}")
            for verb in VERBS
        ]
        invited = self.admin_site.admin_view(self.invite_view)
        switches.append(path("<int:pk>/invite/", invited, name="accounts_user_invite"))
        return [*switches, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the person, with the verbs that are open to the person at the browser."""
        found = handled(request).filter(pk=as_id(object_id))
        offered = {
            "may_switch": found.exists() and self.has_switch_permission(request),
            "may_issue": found.filter(may_use_mcp(), is_active=True).exists()
            and who(request).has_perm("accounts.add_analysttoken"),
        }
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **offered}
        )


def _assigns(request: HttpRequest) -> bool:
    return who(request).has_perm("accounts.assign_accesspolicy")
