"""Signing in with the company's account: for people whom we know, by an address it vouches for."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User

_UNKNOWN = (
    "The company's account is fine, but nobody here has its e-mail address. Ask your team lead to "
    "add you with that address, or sign in with your name and password."
)
_FAILED = "The company's sign-in did not answer as it should. Try again; if it stays, tell IT."


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Lets nobody sign up: the first sign-in finds a person, later ones know the account."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Return False: people are added in the admin."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Tie the company's account to the person; raise ImmediateHttpResponse with our refusal."""
        if sociallogin.is_existing and sociallogin.user.is_active:
            return
        person = None
        if not sociallogin.is_existing:
            person = person_vouched_for(sociallogin.account.extra_data)
        if person is None:
            raise ImmediateHttpResponse(_refusal(request, _UNKNOWN))
        sociallogin.connect(request, person)

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Raise ImmediateHttpResponse with a page of ours."""
        raise ImmediateHttpResponse(not_answered(request))


def person_vouched_for(data: dict[str, Any]) -> User | None:
    """Return the one active person with the address that the company vouches for, or None.

    An address that nobody verified is worth nothing: with some providers people choose their own.
    """
    said = data.get("userinfo") or data.get("id_token") or {}
    address = said.get("email")
    verified = said.get("email_verified") is True or settings.SSO_EMAILS_ARE_VERIFIED
    if not (isinstance(address, str) and address and verified):
        return None
    found = list(User.objects.filter(email__iexact=address, is_active=True)[:2])
    return found[0] if len(found) == 1 else None


def not_answered(request: HttpRequest) -> HttpResponse:
    """Return the page that says that it is not the person's fault."""
    return _refusal(request, _FAILED)


def _refusal(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "oauth/sso_refused.html", {"why": why}, status=403)
