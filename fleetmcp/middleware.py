"""What holds for every page: nobody else keeps it, and staff have a second factor."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from accounts.two_factor import must_have_second_factor

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)"
# What somebody needs who has yet to set up the second factor, or who rather leaves.
_OPEN = {
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "account_inactive",
    "admin:logout",
    "mfa_activate_totp",
    "mfa_authenticate",
    "mfa_reauthenticate",
}

_Next = Callable[[HttpRequest], HttpResponseBase]


class PrivatePages:
    """Keeps each page out of every cache, and the browser's devices away from it."""

    def __init__(self, get_response: _Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and say who may keep the answer: nobody."""
        response = self._get_response(request)
        response["Cache-Control"] = "no-store, private"
        response["Permissions-Policy"] = PERMISSIONS
        return response


class TwoFactorRequired:
    """Leads people who must have a second factor to where they set it up, and nowhere else."""

    def __init__(self, get_response: _Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; the decision needs the view's name, which process_view knows."""
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """Redirect, or return None to go on."""
        match = request.resolver_match
        if match is not None and match.view_name in _OPEN:
            return None
        return redirect("mfa_activate_totp") if _lacks_second_factor(request.user) else None


def _lacks_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    if not must_have_second_factor(user):
        return False
    return not is_mfa_enabled(user, [Authenticator.Type.TOTP])
