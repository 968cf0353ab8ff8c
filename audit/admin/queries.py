"""The query history in Django admin: to read, for everyone; to change, for nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern

from audit.admin import pages
from audit.models import QueryLog

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[QueryLog]
else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(QueryLog)
class QueryLogAdmin(_ModelAdmin):
    list_display = ("id", "started_at", "user", "tool", "outcome", "reason", "rows", "duration_ms")
    list_filter = ("outcome",)
    list_select_related = ("user",)
    search_fields = ("user__username", "sql")
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        """Return the history's own urls and those of the pages beside it."""
        return [*pages.urls(self), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes history by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes history, superusers included."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes history, superusers included."""
        return False
