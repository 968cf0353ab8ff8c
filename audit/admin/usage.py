"""The usage page: what was asked, by whom and when, to look at rather than to read."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.models import User
from audit.admin.lists import viewer_of
from audit.models import QueryLog
from audit.reports.counting import ZONE
from audit.reports.days import today
from audit.reports.loading import load
from audit.reports.page import contents
from audit.reports.periods import CHOICES, BadPeriod, asked_for, last_days


def urls(model_admin: ModelAdmin[QueryLog]) -> list[URLPattern]:
    """Return the page's url, for who may see the query history."""

    def view(request: HttpRequest) -> TemplateResponse:
        if not model_admin.has_view_permission(request):
            raise PermissionDenied
        return _page(model_admin, request)

    guarded = model_admin.admin_site.admin_view(view)
    return [path("usage/", guarded, name="audit_usage")]


def _page(model_admin: ModelAdmin[QueryLog], request: HttpRequest) -> TemplateResponse:
    now, problem = timezone.now(), ""
    try:
        period = asked_for(request.GET, today(now))
    except BadPeriod as error:
        period, problem = last_days(30, today(now)), str(error)
    found = load(User.objects.visible_to(viewer_of(request)), period, now)
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        **contents(found),
        "title": "Usage",
        "opts": model_admin.opts,
        "period": period,
        "choices": CHOICES,
        "problem": problem,
        "missing": found.missing,
        "zone": str(ZONE),
    }
    status = 400 if problem else 200
    return TemplateResponse(request, "admin/audit/usage.html", context, status=status)
