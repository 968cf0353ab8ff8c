"""Running now: who runs what for how long, and the button that stops it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import User
from audit.admin import showing
from audit.admin.filters import history_of
from audit.admin.lists import viewer_of
from audit.cancelling import request_cancel
from audit.models import Outcome, QueryLog
from audit.usage import abandoned_after

CANCEL = "audit.cancel_querylog"
MOST = 200


def urls(model_admin: Any) -> list[URLPattern]:
    """Return the page's url."""
    view = require_http_methods(["GET", "HEAD", "POST"])(partial(_page, model_admin))
    wrapped: Callable[..., HttpResponse] = model_admin.admin_site.admin_view(view)
    return [path("running/", wrapped, name="audit_running")]


def _page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if request.method == "POST":
        return _cancel(request)
    viewer = viewer_of(request)
    running = _running(viewer)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Running now",
        "queries": [_shown(row) for row in running[:MOST]],
        "may_cancel": viewer.has_perm(CANCEL),
        "now": showing.moment(timezone.now()),
    }
    return TemplateResponse(request, "admin/audit/running.html", context)


def _running(viewer: User) -> QuerySet[QueryLog]:
    """Return what may be running, of people whom the viewer may see; not what a crash left open."""
    since = timezone.now() - abandoned_after()
    open_rows = history_of(viewer).filter(outcome=Outcome.RUNNING, started_at__gt=since)
    rows = open_rows.select_related("user", "token", "connection").order_by("pk")
    return rows.defer("sql", "arguments", "limits").annotate(start=Left("sql", 500))


def _shown(row: Any) -> dict[str, Any]:
    seconds = (timezone.now() - row.started_at).total_seconds()
    return {
        "row": row,
        "url": reverse("admin:audit_querylog_change", args=[row.pk]),
        "seconds": f"{max(seconds, 0):.0f} s",
        "tool": showing.visible(row.tool),
        "client": showing.visible(row.client),
        "text": showing.first_line(row.start),
    }


def _cancel(request: HttpRequest) -> HttpResponse:
    """Mark the query for the process that runs it, and say what happened."""
    viewer = viewer_of(request)
    if not viewer.has_perm(CANCEL):
        raise PermissionDenied
    asked = request.POST.get("query", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
    row = history_of(viewer).filter(pk=number).select_related("user").first()
    if row is None:
        messages.error(request, "There is no such query among those that you may see.")
    elif request_cancel(query_id=row.pk, by=viewer.username, actor=viewer):
        text = f"Query {row.pk} of {row.user.username} is being cancelled: it ends within seconds."
        messages.success(request, text)
    else:
        messages.info(request, f"Query {row.pk} of {row.user.username} had ended already.")
    return HttpResponseRedirect(reverse("admin:audit_running"))
