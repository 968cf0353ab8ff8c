"""Seals in Django admin: to read, and to compare with those kept elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.base import OwnFilters
from audit.admin import showing
from audit.admin.lists import BoundedPaginator, ReadOnly
from audit.models import Seal

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Seal]
else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(Seal)
class SealAdmin(OwnFilters, ReadOnly, _ModelAdmin):
    """The chain, newest first."""

    change_list_template = "admin/audit/plain_list.html"
    change_form_template = "admin/audit/seal/change_form.html"
    list_display = ("number", "sealed", "query_range", "event_range", "short", "pruned")
    list_per_page = 50
    ordering = ("-number",)
    paginator = BoundedPaginator
    fields = (
        "number",
        "sealed",
        "query_range",
        "event_range",
        "whole_digest",
        "whole_previous",
        "whole_content",
        "pruned",
    )
    readonly_fields = (
        "sealed",
        "query_range",
        "event_range",
        "whole_digest",
        "whole_previous",
        "whole_content",
        "pruned",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seal]:
        """Return the seals without their leaves, which are long."""
        return super().get_queryset(request).defer("leaves")

    @admin.display(description="sealed at")
    def sealed(self, seal: Seal) -> SafeString:
        """When."""
        return showing.moment(seal.sealed_at)

    @admin.display(description="queries")
    def query_range(self, seal: Seal) -> str:
        """Which queries are under it."""
        return _range(seal.first_query, seal.last_query, seal.queries)

    @admin.display(description="events")
    def event_range(self, seal: Seal) -> str:
        """Which events are under it."""
        return _range(seal.first_event, seal.last_event, seal.events)

    @admin.display(description="digest")
    def short(self, seal: Seal) -> SafeString:
        """The digest's beginning."""
        return format_html("<code>{}…</code>", seal.digest[:12])

    @admin.display(description="digest")
    def whole_digest(self, seal: Seal) -> SafeString:
        """The digest, to copy."""
        return format_html(
            '<code id="seal-digest" class="digest">{}</code> '
            '<button type="button" class="copy" data-copy="seal-digest">Copy</button>',
            seal.digest,
        )

    @admin.display(description="digest of the seal before")
    def whole_previous(self, seal: Seal) -> SafeString:
        """What ties it to the seal before."""
        return format_html('<code class="digest">{}</code>', seal.previous)

    @admin.display(description="digest of the rows")
    def whole_content(self, seal: Seal) -> SafeString:
        """What ties it to its rows."""
        return format_html('<code class="digest">{}</code>', seal.content)

    @admin.display(description="pruned")
    def pruned(self, seal: Seal) -> SafeString:
        """Since when its rows are gone."""
        return showing.moment(seal.pruned_at)


def _range(first: int, last: int, number: int) -> str:
    return f"{first} to {last} ({number:,})" if number else "none"
