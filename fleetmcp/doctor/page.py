"""The doctor as a page of the admin, for superusers and auditors."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models.people import SEE_EVERYONE
from fleetmcp.doctor.examination import examine, in_words, is_sound

# A proxy in front gives up on a page after half a minute or so.
SECONDS = 20


def urls() -> list[URLPattern]:
    """Return what belongs into the admin's own urls: ``admin:doctor``."""
    return [path("doctor/", admin.site.admin_view(doctor), name="doctor")]


@never_cache
@require_safe
def doctor(request: HttpRequest) -> HttpResponse:
    """Look, and show what was found."""
    user = request.user
    if not (user.is_superuser or user.has_perm(SEE_EVERYONE)):
        raise PermissionDenied
    found = list(examine(SECONDS))
    context = {
        **admin.site.each_context(request),
        "title": "Doctor",
        "summary": in_words(found),
        "sound": is_sound(found),
        "subjects": [
            (subject, [finding.line for finding in findings])
            for subject, findings in groupby(found, attrgetter("subject"))
        ],
    }
    return TemplateResponse(request, "admin/doctor.html", context)
