"""Tokens: issued, rotated and revoked by their team's lead; never changed, never deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect

from accounts.admin import expiring, issuing
from accounts.admin.base import OwnFilters, as_id, one_of, or_404, page, who
from accounts.admin.columns import TokenColumns
from accounts.admin.listing import StatusFilter, TokenList
from accounts.errors import RevokeRefused
from accounts.forms import ReasonForm
from accounts.models import AnalystToken, TokenStatus, User
from accounts.services import revoke_token
from accounts.standing import others_open

if TYPE_CHECKING:
    # Generic for the type checker only.
    _TokenAdmin = admin.ModelAdmin[AnalystToken]
else:
    _TokenAdmin = admin.ModelAdmin

_SHOWN = (
    "owner", "label", "prefix", "standing", "expires", "last_used", "last_used_from", "created",
    "rotated", "revoked",
)  # fmt: skip


_OTHERS = 20


@admin.register(AnalystToken)
class AnalystTokenAdmin(OwnFilters, TokenColumns, _TokenAdmin):
    """The list, the record of one token, and the way to each verb."""

    list_display = (
        "prefix", "owner", "label", "standing", "queries", "last_used", "last_used_from",
        "expires",
    )  # fmt: skip
    list_filter = (StatusFilter,)
    # Not the digest, for one, which a filter could spell out.
    words = frozenset({"status", "user__id__exact"})
    list_select_related = ("user", "replaced_by")
    list_per_page = 50
    search_fields = ("user__username", "label", "prefix")
    actions = ("revoke_selected",)
    fields = readonly_fields = _SHOWN
    change_form_template = "admin/accounts/analysttoken/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[AnalystToken]:
        """Return the tokens of those whom the person at the browser may see."""
        visible = User.objects.visible_to(who(request))
        return super().get_queryset(request).filter(user__in=visible)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: Any = None
    ) -> AnalystToken:
        """Return the token, or raise Http404."""
        return or_404(super().get_object(request, object_id, from_field))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that counts queries."""
        return TokenList

    def has_change_permission(self, request: HttpRequest, obj: AnalystToken | None = None) -> bool:
        """Return False: a token is what it was when it was issued."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AnalystToken | None = None) -> bool:
        """Return False: the audit history points at tokens."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return True for those who hold the permission to revoke."""
        return who(request).has_perm("accounts.revoke_analysttoken")

    def handled(self, request: HttpRequest) -> QuerySet[AnalystToken]:
        """Return the tokens of those whom the person at the browser handles."""
        owners = User.objects.handled_by(who(request))
        return AnalystToken.objects.filter(user__in=owners).select_related("user", "replaced_by")

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses, and those of the verbs."""
        view, name = self.admin_site.admin_view, "accounts_analysttoken"
        return [
            path("expiring/", view(self.expiring_view), name="accounts_expiring"),
            path("<int:pk>/rotate/", view(self.rotate_view), name=f"{name}_rotate"),
            path("<int:pk>/revoke/", view(self.revoke_view), name=f"{name}_revoke"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the record, with the verbs that are open to the person at the browser."""
        token = self.handled(request).filter(pk=as_id(object_id)).first()
        offered = {
            "may_revoke": self._may_revoke(request, token),
            "may_rotate": self._may_rotate(request, token),
        }
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **offered}
        )

    def _may_revoke(self, request: HttpRequest, token: AnalystToken | None) -> bool:
        return bool(token and not token.revoked_at and self.has_revoke_permission(request))

    def _may_rotate(self, request: HttpRequest, token: AnalystToken | None) -> bool:
        if token is None or hasattr(token, "replaced_by"):
            return False
        return token.status is TokenStatus.ACTIVE and self.has_add_permission(request)

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
        return issuing.issue(self, request)

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the form, or make the successor and show its secret in this very response."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return issuing.rotate(self, request, one_of(self.handled(request), pk))

    def expiring_view(self, request: HttpRequest) -> HttpResponse:
        """Show which tokens end soon."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        visible = self.get_queryset(request).values("pk")
        return expiring.show(self, request, visible, may_rotate=self.has_add_permission(request))

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the reason, then revoke one token."""
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        token = one_of(self.handled(request), pk)
        back = HttpResponseRedirect(reverse("admin:accounts_analysttoken_change", args=[pk]))
        return self._revoked(request, [token], request.method == "POST") or back

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke_selected(
        self, request: HttpRequest, queryset: QuerySet[AnalystToken]
    ) -> HttpResponse | None:
        """Ask for the reason first, then revoke those that the lead handles."""
        tokens = list(self.handled(request).filter(pk__in=queryset.order_by().values("pk")))
        if not tokens:
            self.message_user(request, "None of them is yours to revoke.", messages.ERROR)
            return None
        return self._revoked(request, tokens, "confirmed" in request.POST)

    def _revoked(
        self, request: HttpRequest, tokens: list[AnalystToken], sent: bool
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if sent else None)
        if form.is_bound and form.is_valid():
            try:
                self._revoke(request, tokens, form.cleaned_data["reason"])
                return None
            except RevokeRefused as refusal:
                form.add_error("reason", str(refusal))
        others = others_open(tokens, timezone.now())[:_OTHERS]
        return page(
            self, request, "revoke", "Revoke tokens", form=form, tokens=tokens, others=others
        )

    def _revoke(self, request: HttpRequest, tokens: list[AnalystToken], reason: str) -> None:
        with transaction.atomic():
            by = who(request)
            revoked = [t for t in tokens if revoke_token(token=t, revoked_by=by, reason=reason)]
            for token in revoked:
                self.log_change(request, token, f"Revoked: {token.revoke_reason}")
        self.message_user(request, f"Tokens revoked: {len(revoked)}.", messages.SUCCESS)
