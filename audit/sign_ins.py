"""Writes an event for each sign-in, failed sign-in and change of a password or second factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.adapters import request_ip
from accounts.models import User
from accounts.signals import two_factor_reset
from audit.events import record_event
from audit.models import EventKind


@receiver(user_logged_in)
def signed_in(user: User, request: HttpRequest | None, **kwargs: Any) -> None:
    """Record who signed in."""
    _record(EventKind.SIGNED_IN, f"{user.username} signed in", request, user)


@receiver(user_logged_out)
def signed_out(user: User | None, request: HttpRequest | None, **kwargs: Any) -> None:
    """Record who signed out; nobody in particular does after a session ended."""
    if user is not None:
        _record(EventKind.SIGNED_OUT, f"{user.username} signed out", request, user)


@receiver(user_login_failed)
def sign_in_failed(
    credentials: Mapping[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """Record the name that was tried, and nothing else of what was typed."""
    name = str(credentials.get("username") or "")[:150]
    subject = _meant(name)
    record_event(
        EventKind.SIGN_IN_FAILED,
        f"A sign-in failed as {name}" if name else "A sign-in failed without a name",
        actor_name=name or "nobody",
        subject=subject,
        ip=_ip(request),
    )


def _meant(name: str) -> User | None:
    """Return whose name it is, in whatever case it was typed; the exact name goes first."""
    if "\x00" in name:
        return None
    return User.objects.filter(username=name).first() or (
        User.objects.filter(username__iexact=name).order_by("pk").first()
    )


@receiver(mfa.authentication_failed)
def code_refused(user: User, request: HttpRequest | None, **kwargs: Any) -> None:
    """Record a wrong second factor: the password before it was right."""
    summary = f"A sign-in failed as {user.username}: wrong second factor"
    _record(EventKind.SIGN_IN_FAILED, summary, request, user)


@receiver([account.password_changed, account.password_set, account.password_reset])
def password_changed(user: User, request: HttpRequest | None, **kwargs: Any) -> None:
    """Record a new password of somebody's own choice."""
    summary = f"{user.username} changed their password"
    _record(EventKind.PASSWORD_CHANGED, summary, request, user)


@receiver([mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset])
def two_factor_changed(
    user: User, authenticator: Any, request: HttpRequest | None, signal: object, **kwargs: Any
) -> None:
    """Record what happened to a second factor or its recovery codes."""
    verbs = {id(mfa.authenticator_added): "added", id(mfa.authenticator_removed): "removed"}
    verb = verbs.get(id(signal), "renewed")
    what = str(authenticator.type).replace("_", " ")
    summary = f"{user.username} {verb} a second factor: {what}"
    _record(EventKind.TWO_FACTOR_CHANGED, summary, request, user)


@receiver(two_factor_reset)
def two_factor_taken_away(user: User, by: User | None, **kwargs: Any) -> None:
    """Record that somebody's second factor was taken away for them."""
    summary = f"The second factor of {user.username} was reset"
    record_event(EventKind.TWO_FACTOR_CHANGED, summary, actor=by, subject=user)


def _record(kind: EventKind, summary: str, request: HttpRequest | None, user: User) -> None:
    record_event(kind, summary, actor=user, subject=user, ip=_ip(request))


def _ip(request: HttpRequest | None) -> str | None:
    return request_ip(request) if request is not None else None
