"""What people end by themselves: their own tokens and connections, each at once and for good."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.http import require_POST

from accounts.models import AnalystToken, Connection
from accounts.oauth.connections import revoke_connection
from accounts.services import revoke_token

REASON = "Ended by its owner."
# Whose session is over is not sent back here after signing in: it would be by GET, a blank page.
_signed_in = login_required(redirect_field_name=None)


@_signed_in
@require_POST
def end_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a token of the person's own; others don't exist here."""
    token = get_object_or_404(AnalystToken, pk=pk, user_id=request.user.pk)
    revoke_token(token=token, revoked_by=token.user, reason=REASON)
    messages.success(request, f"The token {token.label} is revoked.")
    return redirect("landing")


@_signed_in
@require_POST
def end_connection(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a connection of the person's own; others don't exist here."""
    connection = get_object_or_404(Connection, pk=pk, user_id=request.user.pk)
    revoke_connection(connection=connection, revoked_by=connection.user, reason=REASON)
    messages.success(request, f"{connection.client_name} is disconnected.")
    return redirect("landing")


urlpatterns = [
    path("token/<int:pk>/end/", end_token, name="end_own_token"),
    path("connection/<int:pk>/end/", end_connection, name="end_own_connection"),
]
