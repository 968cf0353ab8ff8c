"""The pages of django-allauth that we have, at addresses of ours; the others don't exist."""

from __future__ import annotations

from typing import Any

import qrcode
from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path

from accounts.inviting import SetUpPasswordView
from accounts.two_factor import note_set_up

_BORDER = 4


class SetUpView(totp.ActivateTOTPView):  # type: ignore[misc]  # allauth has no types
    """Setting up the second factor, with a QR code that needs no data: address."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the code as what an SVG path draws."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        size, drawn = qr_path(context["totp_url"])
        return {**context, "qr_size": size, "qr_path": drawn}

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Set it up; from here on only this session is known to have the factor."""
        response: HttpResponseBase = super().form_valid(form)
        note_set_up(self.request, self.request.user)
        return response


class PasswordView(account.PasswordChangeView):  # type: ignore[misc]  # allauth has no types
    """Changing one's password."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer 404 to people who sign in without a password."""
        if request.user.is_authenticated and not request.user.has_usable_password():
            raise Http404
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


def qr_path(text: str) -> tuple[int, str]:
    """Return a QR code's width in modules and the SVG path of its dark ones."""
    code = qrcode.QRCode(border=_BORDER)
    code.add_data(text)
    rows = code.get_matrix()
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, on in enumerate(row) if on)
    return len(rows), "".join(dark)


urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", PasswordView.as_view(), name="account_change_password"),
    path(
        "account/set-up/<uidb64>/<token>/",
        SetUpPasswordView.as_view(),
        name="account_set_up_password",
    ),
    path("account/two-factor/", mfa.index, name="mfa_index"),
    path("account/two-factor/sign-in/", mfa.authenticate, name="mfa_authenticate"),
    path("account/two-factor/confirm/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/two-factor/set-up/", SetUpView.as_view(), name="mfa_activate_totp"),
    path("account/two-factor/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/two-factor/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/two-factor/codes/new/",
        recovery.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
]
