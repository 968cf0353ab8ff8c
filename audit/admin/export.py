"""The export page: the rows of a list as a file, with the list's own filters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts.adapters import request_ip
from audit.admin.lists import viewer_of
from audit.export.selection import Selection, ids_of
from audit.export.services import Exporter, Format, export
from audit.models import Event, QueryLog

COUNTED = 10_000
RIGHT = "audit.export_querylog"


class FormatForm(forms.Form):
    """What the file shall be."""

    format = forms.ChoiceField(
        choices=[
            ("csv", "CSV, for a spreadsheet"),
            ("jsonl", "JSON Lines, for a program"),
            ("evidence", "Evidence: a ZIP that anybody can verify without this server"),
        ],
        initial="csv",
        widget=forms.RadioSelect,
    )


class Download(StreamingHttpResponse):
    """A file that is made while it is sent: under ASGI in the request's own thread."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces; Django's own way would first make all of them."""
        pieces = iter(self)
        following = sync_to_async(lambda: next(pieces, b""))
        while piece := await following():
            yield piece


def urls(model_admin: ModelAdmin[QueryLog]) -> list[URLPattern]:
    """Return the urls: one for queries, one for events."""
    site = model_admin.admin_site

    def queries(request: HttpRequest) -> HttpResponseBase:
        return _answer(model_admin, request)

    def events(request: HttpRequest) -> HttpResponseBase:
        return _answer(site.get_model_admin(Event), request)

    return [
        path("export/", site.admin_view(queries), name="audit_export"),
        path("export/events/", site.admin_view(events), name="audit_export_events"),
    ]


def _answer(model_admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponseBase:
    """Show the page, or send the file."""
    if not (model_admin.has_view_permission(request) and viewer_of(request).has_perm(RIGHT)):
        raise PermissionDenied
    form = FormatForm(request.POST or None)
    listed = model_admin.get_changelist_instance(request)
    if request.method == "POST" and form.is_valid():
        return _file(listed.queryset, request, Format(form.cleaned_data["format"]))
    return _page(model_admin, request, listed.queryset, form)


def _page(
    model_admin: ModelAdmin[Any], request: HttpRequest, rows: QuerySet[Any], form: FormatForm
) -> TemplateResponse:
    number = rows.order_by("-pk").values("pk")[: COUNTED + 1].count()
    name = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist"
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": f"Export {model_admin.opts.verbose_name_plural}",
        "opts": model_admin.opts,
        "form": form,
        "asked": [(key, value) for key, value in request.GET.items() if value],
        "rows": f"{number:,}" if number <= COUNTED else f"More than {COUNTED:,}",
        "empty": not number,
        "back": f"{reverse(name)}?{request.GET.urlencode()}",
    }
    return TemplateResponse(request, "admin/audit/export.html", context)


def _file(rows: QuerySet[Any], request: HttpRequest, wanted: Format) -> Download:
    asked, ids = request.GET.urlencode(), ids_of(rows)
    is_events = rows.model is Event
    selection = (
        Selection(events=ids, asked=asked) if is_events else Selection(queries=ids, asked=asked)
    )
    user = viewer_of(request)
    by = Exporter(user.username, user, request_ip(request))
    pieces = export(selection=selection, wanted=wanted, by=by)
    return _download(pieces, f"{'events' if is_events else 'queries'}", wanted)


def _download(pieces: Iterable[bytes], name: str, wanted: Format) -> Download:
    stamp = f"{timezone.now():%Y-%m-%d-%H%M%S}"
    named = f'attachment; filename="{name}-{stamp}.{wanted.extension}"'
    response = Download(pieces, content_type=wanted.content_type)
    response["Content-Disposition"] = named
    # A proxy in front must neither collect the file first nor keep it.
    response["X-Accel-Buffering"] = "no"
    return response
