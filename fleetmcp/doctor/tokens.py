"""Hygiene of tokens: what nobody uses should open no door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import AnalystToken
from accounts.models.tokens import AnalystTokenQuerySet
from fleetmcp.doctor.lines import Line, listed, ok, warn

UNUSED_DAYS = 90
LONGEST_DAYS = 2 * 366


def hygiene() -> Iterator[Line]:
    """Tokens that expire never, are used by nobody, or belong to somebody who left."""
    found = list(_untidy())
    yield from found
    if not found:
        count = AnalystToken.objects.usable(timezone.now()).count()
        yield ok(f"{count} tokens open the door; all are in use and expire.")


def _untidy() -> Iterator[Line]:
    now = timezone.now()
    usable = AnalystToken.objects.usable(now)
    yield from _about(
        usable.filter(expires_at__gt=now + timedelta(days=LONGEST_DAYS)),
        "These tokens expire in more than two years",
        "Rotate them with a shorter life.",
    )
    since = now - timedelta(days=UNUSED_DAYS)
    yield from _about(
        usable.filter(created_at__lt=since).filter(
            Q(last_used_at__isnull=True) | Q(last_used_at__lt=since)
        ),
        f"These tokens were not used for {UNUSED_DAYS} days",
        "Ask their owners, and revoke them.",
    )
    yield from _about(
        AnalystToken.objects.filter(
            revoked_at__isnull=True, expires_at__gt=now, user__is_active=False
        ),
        "These people are inactive, and their tokens are not revoked",
        "Revoke them: they would open the door again together with the person.",
    )
    yield from _about(
        AnalystToken.objects.filter(
            revoked_at__isnull=True, expires_at__lte=now, last_used_at__isnull=True
        ),
        "These tokens expired without ever having been used",
        "Ask their owners whether they can connect, and revoke them.",
    )


def _about(tokens: AnalystTokenQuerySet, what: str, todo: str) -> Iterator[Line]:
    names = [f"{owner}/{label}" for owner, label in tokens.values_list("user__username", "label")]
    if names:
        yield warn(f"{what}: {listed(sorted(names))}.", todo)
