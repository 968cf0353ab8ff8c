"""A link by which a person sets their own password, for signing in and for connecting by OAuth.

It works once and for three days (PASSWORD_RESET_TIMEOUT). Who makes it could use it first, as who
issues a token could: that it was made, and that the password was set, are both on record.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.errors import PersonRefused
from accounts.models import User
from accounts.people import announce_person, end_sessions


def invite(*, user: User, by: User | None = None) -> str:
    """Return the address of the person's link. Raises PersonRefused.

    Staff have power over others: only superusers set their passwords, on the page for it.
    """
    if not user.is_active:
        raise PersonRefused(f"{user.username} is deactivated: activate the person first.")
    if user.is_staff or user.is_superuser:
        raise PersonRefused(f"{user.username} is staff: a superuser sets that password.")
    with transaction.atomic():
        announce_person(user=user, changes={"sign-in link": ("", "made")}, by=by)
        words = {
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        }
    return settings.PUBLIC_URL + reverse("account_set_up_password", kwargs=words)


class SetUpPasswordView(PasswordResetConfirmView):
    """Where the link leads; it signs nobody in."""

    template_name = "account/set_up_password.html"
    success_url = reverse_lazy("account_login")

    def form_valid(self, form: SetPasswordForm[Any]) -> HttpResponse:
        """Set the password, end what was open in the person's name, and put it on record."""
        with transaction.atomic():
            response = super().form_valid(form)
            end_sessions(user=form.user)
            changes = {"password": ("(not shown)", "(set by the link)")}
            announce_person(user=form.user, changes=changes, by=form.user)
        return response

    def get_user(self, uidb64: str) -> Any:
        """Return whom the link is for, while they may still use it."""
        user = super().get_user(uidb64)
        kept_out = user is None or not user.is_active or user.is_staff or user.is_superuser
        return None if kept_out else user
