"""How django-allauth signs our people in: nobody signs up, and failures are counted."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import truncate_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.crypto import salted_hmac

from accounts.two_factor import must_have_second_factor
from fleetmcp.client_ip import client_ip

WRONG = "That name and password don't go together. Check both; upper and lower case matter."
WAIT = "Too many failed attempts. Wait 5 minutes, then try again."
UNREADABLE = (
    "Your second factor can't be read any more, because the server's SECRET_KEY was changed. "
    "Ask the operator to run reset_two_factor for you, then sign in again and set up a new one."
)
NOT_REMOVABLE = "You must keep a second factor. A superuser can reset it when your device is lost."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Signing in by name and password."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": WRONG,
        "too_many_login_attempts": WAIT,
        "rate_limited": WAIT,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: people are added in the admin."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address to count by; all whose address nobody vouches for are one."""
        return request_ip(request) or "unknown"

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the admin for staff, the own page for everyone else."""
        staff = getattr(request.user, "is_staff", False)
        return resolve_url("admin:index" if staff else "landing")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the own page, or the admin for staff."""
        return self.get_login_redirect_url(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # By name alone, anybody could keep anybody else from signing in.
        name = str(credentials.get("username", "")).lower()
        return f"{truncate_ip(self.get_client_ip(request))}:{name}"


class TwoFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """The second factor."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is not right. Codes change every 30 seconds: try the next.",
        "cannot_delete_authenticator": NOT_REMOVABLE,
        "unreadable": UNREADABLE,
    }

    def encrypt(self, text: str) -> str:
        """Return the key as it is stored: useless without SECRET_KEY."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the key. Raises ValidationError when SECRET_KEY has changed since."""
        try:
            return _fernet().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise self.validation_error("unreadable") from None

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Return False while the person must have one."""
        return not must_have_second_factor(authenticator.user)


def _fernet() -> Fernet:
    digest = salted_hmac("fleetmcp.two_factor", "key", algorithm="sha256").digest()
    return Fernet(urlsafe_b64encode(digest))


def request_ip(request: HttpRequest) -> str | None:
    """Return the client's address as the MCP endpoint sees it, or None."""
    headers = request.META.get("HTTP_X_FORWARDED_FOR")
    forwarded = [(b"x-forwarded-for", headers.encode("latin-1", "replace"))] if headers else []
    peer = (request.META.get("REMOTE_ADDR") or "", 0)
    return client_ip({"type": "http", "client": peer, "headers": forwarded})
