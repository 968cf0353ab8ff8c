"""The query history in Django admin: to read, for everyone; to change, for nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.base import as_id
from accounts.models import User
from audit.admin import pages, row_page, showing
from audit.admin.filters import HistoryForm, Wanted, history_of, wanted
from audit.admin.known import objects_offered
from audit.admin.lists import FormList, ReadOnly, viewer_of
from audit.admin.newest import MOST, PER_PAGE, newest
from audit.admin.words import REASONS
from audit.models import Outcome, QueryLog

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[QueryLog]
else:
    _ModelAdmin = admin.ModelAdmin

_SHORT = 500


class HistoryList(FormList):
    """The history's list: filtered by the form, found by ``newest``."""

    form: HistoryForm
    wanted: Wanted
    first_fields = ("q", "user", "outcome", "period")

    def make_form(self, data: QueryDict, viewer: User) -> HistoryForm:
        """Return the form of the history."""
        return HistoryForm(data, viewer)

    def narrowed(self, viewer: User) -> QuerySet[QueryLog]:
        """Return everything that is wanted, for whoever goes on from here, an export for one."""
        self.wanted = wanted(self.form, viewer)
        return self.wanted.everything()

    def get_results(self, request: HttpRequest) -> None:
        """Find the ids, then the rows of this page alone."""
        before = as_id(request.GET.get("before", ""))
        self.viewer = viewer_of(request)
        self.found = newest(self.wanted, before=before or None)
        ids = self.found.ids
        self.page_num = min(max(1, self.page_num), max(1, -(-len(ids) // PER_PAGE)))
        page = ids[(self.page_num - 1) * PER_PAGE : self.page_num * PER_PAGE]
        rows = self.root_queryset.filter(pk__in=page).select_related("user", "token", "connection")
        rows = rows.defer("sql", "arguments", "limits").annotate(start=Left("sql", _SHORT))
        self.result_list = rows.order_by("-pk")
        self.result_count = len(ids)
        self.full_result_count = None
        self.show_full_result_count = self.can_show_all = self.show_admin_actions = False
        self.multi_page = len(ids) > PER_PAGE

    @property
    def counted(self) -> str:
        """How many there are, as far as that was counted."""
        number = f"{self.result_count:,}"
        if self.found.complete:
            return f"{number} {'query' if self.result_count == 1 else 'queries'}"
        return f"more than {number} queries" if self.result_count >= MOST else f"{number} so far"

    @property
    def older(self) -> str:
        """The address of what lies further back, or nothing."""
        if self.found.complete:
            return ""
        return self.get_query_string({"before": self.found.reached + 1}, ["p"])

    @property
    def came_to(self) -> QueryLog | None:
        """The last query that was looked at, if time was what ended the search."""
        if self.found.complete or self.result_count >= MOST:
            return None
        near = QueryLog.objects.filter(pk__gt=self.found.reached).order_by("pk")
        return near.only("started_at").first()

    @property
    def offered(self) -> dict[str, Iterable[object]]:
        """What the form offers to choose from where anything may be written, by field."""
        return {
            "object": objects_offered(self.viewer),
            "reason": REASONS,
            "slow": (1, 10),
            "large": (1_000, 10_000),
        }


@admin.register(QueryLog)
class QueryLogAdmin(ReadOnly, _ModelAdmin):
    """Leads see their teams' queries, auditors and superusers all."""

    change_list_template = "admin/audit/querylog/list.html"
    list_display = (
        "id",
        "started",
        "person",
        "called",
        "ended",
        "number_of_rows",
        "took",
        "beginning",
    )
    list_per_page = PER_PAGE

    def get_urls(self) -> list[URLPattern]:
        """Return the history's own urls and those of the pages beside it."""
        return [*pages.urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[QueryLog]:
        """Return the rows that the viewer may see, newest first."""
        return history_of(viewer_of(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[HistoryList]:
        """Return our own list."""
        return HistoryList

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one row to read. A row that one may not see is as one that is not there."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        context = row_page.context(row, viewer_of(request))
        context |= {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, "admin/audit/querylog/row.html", context)

    @admin.display(description="started")
    def started(self, row: QueryLog) -> SafeString:
        """When."""
        return showing.moment(row.started_at)

    @admin.display(description="person")
    def person(self, row: QueryLog) -> SafeString:
        """Who, by the name of then, which is the sealed one; another name of today is beside it."""
        then, now = showing.visible(row.username), showing.visible(row.user.username)
        return format_html("{} (now {})", then, now) if then and then != now else now

    @admin.display(description="tool")
    def called(self, row: QueryLog) -> SafeString:
        """Which tool."""
        return showing.visible(row.tool)

    @admin.display(description="outcome")
    def ended(self, row: QueryLog) -> SafeString:
        """How it ended, and our code for why."""
        word = Outcome(row.outcome).label if row.outcome in Outcome else row.outcome
        return format_html('<span class="outcome {}">{}</span> {}', row.outcome, word, row.reason)

    @admin.display(description="rows")
    def number_of_rows(self, row: QueryLog) -> str:
        """How many rows it gave."""
        return "–" if row.rows is None else f"{row.rows:,}"

    @admin.display(description="took")
    def took(self, row: QueryLog) -> str:
        """How long the call took."""
        return showing.duration(row.duration_ms)

    @admin.display(description="SQL")
    def beginning(self, row: Any) -> SafeString:
        """The SQL's first words."""
        return showing.first_line(row.start)
