"""The page of the access review: keep or revoke in one pass, one confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from accounts.errors import RevokeRefused
from accounts.models import AnalystToken, User
from audit.review import (
    CHANGED,
    NEWEST,
    PERIOD,
    Decisions,
    Held,
    ReviewRefused,
    conduct_review,
    holders,
    holders_of,
    key_of,
    last_review,
    still_working,
)

PEOPLE_A_PAGE = 20
_FIELDS = ("token_", "connection_")


class ReasonForm(forms.Form):
    """Why; needed for what is revoked."""

    reason = forms.CharField(
        required=False,
        max_length=AnalystToken.revoke_reason.field.max_length,
        label="Reason for what you revoke",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="One line; it stays in the history.",
    )


def urls(model_admin: Any) -> list[URLPattern]:
    """Return the address of the page."""

    def view(request: HttpRequest) -> HttpResponse:
        return review(model_admin, request)

    return [path("review/", model_admin.admin_site.admin_view(view), name="audit_review")]


def review(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the list; then what was decided, to be confirmed; then do it."""
    lead = request.user
    if not isinstance(lead, User) or not lead.has_perm("audit.review_access"):
        raise PermissionDenied
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return _listed(model_admin, request, lead, form)
    try:
        decisions = _decisions(request, lead, form.cleaned_data["reason"])
        if "confirmed" not in request.POST:
            keep, revoke = _keyed(decisions.keep), _keyed(decisions.revoke)
            words = {"form": form, "decisions": decisions, "keep": keep, "revoke": revoke}
            return _page(model_admin, request, "review_confirm", **words)
        event = conduct_review(lead=lead, decisions=decisions)
    except (ReviewRefused, RevokeRefused) as refusal:
        form.add_error(None, str(refusal))
        return _listed(model_admin, request, lead, form)
    messages.success(request, f"The review is on record: {event.summary}.")
    return HttpResponseRedirect(reverse("admin:audit_review"))


def _decisions(request: HttpRequest, lead: User, reason: str) -> Decisions:
    """Return what the form says; each one in it must be one that the lead may decide on."""
    words = {k: v for k, v in request.POST.items() if k.startswith(_FIELDS)}
    held = still_working(lead, words)
    known = {key_of(one) for one in held} == set(words)
    if not words or not known or not set(words.values()) <= {"keep", "revoke"}:
        raise ReviewRefused(CHANGED)
    revoke = [one for one in held if words[key_of(one)] == "revoke"]
    if revoke and not reason.strip():
        raise ReviewRefused("Give a reason for what you revoke.")
    return Decisions([one for one in held if one not in revoke], revoke, reason)


def _listed(model_admin: Any, request: HttpRequest, lead: User, form: ReasonForm) -> HttpResponse:
    people = Paginator(holders_of(lead), PEOPLE_A_PAGE).get_page(request.GET.get("p"))
    chosen = {k for k, v in request.POST.items() if k.startswith(_FIELDS) and v == "revoke"}
    rows = [
        (holder, [(one, key_of(one), key_of(one) in chosen) for one in holder.held])
        for holder in holders(lead, list(people))
    ]
    return _page(
        model_admin, request, "review", form=form, people=people, rows=rows,
        last=last_review(lead), days=PERIOD.days, newest=NEWEST,
    )  # fmt: skip


def _keyed(held: Sequence[Held]) -> list[tuple[str, Held]]:
    return [(key_of(one), one) for one in held]


def _page(model_admin: Any, request: HttpRequest, name: str, **context: object) -> HttpResponse:
    site = model_admin.admin_site.each_context(request)
    known = {**site, "opts": model_admin.opts, "title": "Access review"}
    return render(request, f"admin/audit/{name}.html", {**known, **context})
