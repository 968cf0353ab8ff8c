"""The page of the switch that stops the whole server, and what it was used for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from accounts.admin.base import page, who
from accounts.errors import PauseRefused
from accounts.forms import PauseForm
from accounts.models import Pause
from accounts.pausing import current_pause, pause_server, resume_server

if TYPE_CHECKING:
    # Generic for the type checker only.
    _PauseAdmin = admin.ModelAdmin[Pause]
else:
    _PauseAdmin = admin.ModelAdmin

_HISTORY = 50


@admin.register(Pause)
class PauseAdmin(_PauseAdmin):
    """The switch; a pause is a fact, so nothing of it is changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: the switch is on its own page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Pause | None = None) -> bool:
        """Return False: what happened, happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Pause | None = None) -> bool:
        """Return False: what happened, happened."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses, and that of the switch."""
        switch = self.admin_site.admin_view(self.switch_view)
        return [path("switch/", switch, name="accounts_pause"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the switch, which shows the history too."""
        return redirect("admin:accounts_pause")

    def switch_view(self, request: HttpRequest) -> HttpResponse:
        """Show whether the server is paused; pause or resume it for who may."""
        may = who(request).has_perm("accounts.pause_server")
        allowed = may if request.method == "POST" else may or self.has_view_permission(request)
        if not allowed:
            raise PermissionDenied
        form = PauseForm(request.POST if "pause" in request.POST else None)
        if request.method == "POST" and self._switched(request, form):
            return HttpResponseRedirect(reverse("admin:accounts_pause"))
        history = Pause.objects.select_related("started_by", "ended_by")[:_HISTORY]
        return page(
            self, request, "switch", "Pause the server",
            form=form, pause=current_pause(), history=history, may_switch=may,
        )  # fmt: skip

    def _switched(self, request: HttpRequest, form: PauseForm) -> bool:
        """Return True when it is done; else the form says why it isn't."""
        if "resume" in request.POST:
            ended = resume_server(by=who(request))
            said = "The server answers again." if ended else "The server was not paused."
            self.message_user(request, said, messages.SUCCESS)
            return True
        if not form.is_valid():
            return False
        try:
            pause_server(
                message=form.cleaned_data["message"],
                by=who(request),
                cancel_running=form.cleaned_data["cancel_running"],
            )
        except PauseRefused as refusal:
            form.add_error(None, str(refusal))
            return False
        self.message_user(request, "The server is paused: every question is refused.")
        return True
