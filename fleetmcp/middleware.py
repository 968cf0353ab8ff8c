"""What holds for every page: nobody else keeps it, and staff have a second factor."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url

from accounts.two_factor import Passed, must_have_second_factor, second_factor_of

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

# A program may open these in a window of its own. Cut off from it, it would take it for closed.
_IN_A_WINDOW = {
    "oauth2_provider:authorize",
    "account_login",
    "mfa_authenticate",
    "openid_connect_login",
    "openid_connect_callback",
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
        match = request.resolver_match
        if match is not None and match.view_name in _IN_A_WINDOW:
            response["Cross-Origin-Opener-Policy"] = "unsafe-none"
        return response


class TwoFactorRequired:
    """Leads people who must have a second factor to where they set it up, and nowhere else.

    A session that did not pass the factor which the person has is ended.
    """

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
        return _led_away(request) if must_have_second_factor(request.user) else None


def _led_away(request: HttpRequest) -> HttpResponse | None:
    passed = second_factor_of(request)
    if passed is Passed.YES:
        return None
    if passed is Passed.NOT_SET_UP:
        return redirect("mfa_activate_totp")
    logout(request)
    return redirect_to_login(request.get_full_path(), resolve_url("account_login"))
