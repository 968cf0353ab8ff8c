"""The two forms that make a token, and the one page that ever shows its secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from accounts.admin.base import page, who
from accounts.connecting import lines, note
from accounts.errors import AlreadyIssued, IssueRefused
from accounts.forms import IssueTokenForm, RotateTokenForm
from accounts.models import AnalystToken, User
from accounts.rotation import rotate_token
from accounts.services import issue_token
from accounts.storing import IssuedToken


@sensitive_variables()
def issue(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the form, filled in for the person whom the address names, or issue and show."""
    sent = request.POST if request.method == "POST" else None
    form = IssueTokenForm(who(request), sent, initial={"user": request.GET.get("user")})
    if form.is_bound and form.is_valid():
        try:
            issued = issue_token(
                user=form.cleaned_data["user"],
                label=form.cleaned_data["label"],
                issued_by=who(request),
                lifetime=timedelta(days=form.cleaned_data["days"]),
                form_id=form.cleaned_data["form_id"],
            )
            return _shown(model_admin, request, issued)
        except IssueRefused as refusal:
            form.add_error(None, str(refusal))
        except AlreadyIssued as before:
            return _sent_before(model_admin, request, before)
    return page(model_admin, request, "issue", "Issue a token", form=form)


@sensitive_variables()
def rotate(model_admin: Any, request: HttpRequest, token: AnalystToken) -> HttpResponse:
    """Show the form, or make the token's successor and show it."""
    form = RotateTokenForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            issued = rotate_token(
                token=token,
                overlap=timedelta(hours=form.cleaned_data["overlap_hours"]),
                lifetime=timedelta(days=form.cleaned_data["days"]),
                by=who(request),
                form_id=form.cleaned_data["form_id"],
            )
            return _shown(model_admin, request, issued, old=token)
        except IssueRefused as refusal:
            form.add_error(None, str(refusal))
        except AlreadyIssued as before:
            return _sent_before(model_admin, request, before)
    return page(model_admin, request, "rotate", "Rotate a token", form=form, token=token)


@sensitive_variables()
def _shown(
    model_admin: Any, request: HttpRequest, issued: IssuedToken, old: AnalystToken | None = None
) -> HttpResponse:
    """Every page says no-store, so no cache keeps the secret."""
    token, sender = issued.token, who(request)
    model_admin.log_addition(request, token, [{"added": {}}])
    if old is not None:
        model_admin.log_change(request, old, f"Rotated to {token.prefix}…")
    # No Referrer-Policy of its own: with "no-referrer" browsers send "Origin: null", and Django
    # refuses the forms of this page, the one to sign out among them.
    return page(
        model_admin,
        request,
        "issued",
        "The new token",
        issued=issued,
        old=old,
        lines=lines(issued.secret),
        note=_note(token, sender),
    )


def _note(token: AnalystToken, sender: User) -> str:
    return note(
        owner=token.user.get_short_name() or token.user.username,
        sender=sender.get_full_name() or sender.username,
        prefix=token.prefix,
        label=token.label,
        expires=f"{token.expires_at:%Y-%m-%d %H:%M} UTC",
    )


def _sent_before(model_admin: Any, request: HttpRequest, before: AlreadyIssued) -> HttpResponse:
    response = page(
        model_admin, request, "sent_before", "Issued before",
        said=str(before), token_id=before.token_id,
    )  # fmt: skip
    response.status_code = 409
    return response
