"""Tables, columns and functions that were ever read: one click from who read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from accounts.admin.base import OwnFilters
from accounts.models import SEE_EVERYONE
from audit.admin import showing
from audit.admin.lists import BoundedPaginator, ReadOnly
from audit.models import CatalogObject, TouchedObject

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[CatalogObject]
else:
    _ModelAdmin = admin.ModelAdmin

_MOST = 1_000
# No further than that, or a list of much-read tables would count the whole record.
_COUNT = f"""(SELECT count(*) FROM (SELECT 1 FROM audit_touchedobject touch
  WHERE touch.object_id = audit_catalogobject.id LIMIT {_MOST}) counted)"""  # noqa: S608  # a number


@admin.register(CatalogObject)
class CatalogObjectAdmin(OwnFilters, ReadOnly, _ModelAdmin):
    """For who sees everyone's queries: the figures are everyone's."""

    change_list_template = "admin/audit/plain_list.html"
    list_display = ("full_name", "kind", "last_read", "read_by", "history")
    list_display_links = None
    list_per_page = 100
    search_fields = ("full",)
    search_help_text = "A part of schema.table.column"
    paginator = BoundedPaginator

    def has_view_permission(self, request: HttpRequest, obj: CatalogObject | None = None) -> bool:
        """Return True for who may read everyone's history."""
        user = request.user
        return user.has_perm("audit.view_querylog") and user.has_perm(SEE_EVERYONE)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return the same."""
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogObject]:
        """Return the objects by name, each with its last reading and how many there were."""
        newest = TouchedObject.objects.filter(object=OuterRef("pk")).order_by("-query_id")
        return (
            CatalogObject.objects.alias(
                full=Concat("schema", Value("."), "name", Value("."), "column")
            )
            .annotate(
                last_read_at=Subquery(newest.values("query__started_at")[:1]),
                readings=RawSQL(_COUNT, ()),  # noqa: S611  # our own words
            )
            .order_by("schema", "name", "column", "pk")
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """An object has no page: its history is the page."""
        raise Http404

    @admin.display(description="object")
    def full_name(self, known: CatalogObject) -> SafeString:
        """The full name."""
        return showing.visible(str(known))

    @admin.display(description="last read")
    def last_read(self, known: Any) -> SafeString:
        """When it was last read."""
        return showing.moment(known.last_read_at)

    @admin.display(description="queries")
    def read_by(self, known: Any) -> str:
        """How many queries read it, as far as that was counted."""
        return f"{known.readings:,}{'+' if known.readings == _MOST else ''}"

    @admin.display(description="who read it")
    def history(self, known: CatalogObject) -> SafeString:
        """The way to the queries."""
        words = urlencode({"object": str(known)})
        address = f"{reverse('admin:audit_querylog_changelist')}?{words}"
        return format_html('<a href="{}" aria-label="Who read {}">Who read it</a>', address, known)
