"""What a lead wants to know of a token at a glance: more than whether it works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q, QuerySet

from accounts.models import AnalystToken, TokenStatus, status_condition

EXPIRING = timedelta(days=14)
UNUSED = timedelta(days=30)


class Standing(models.TextChoices):
    """Each is true of a token or not; several may be."""

    ACTIVE = "active"
    EXPIRING = "expiring", "Expiring"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NEVER_USED = "never_used", "Never used"
    UNUSED = "unused", "Unused for 30 days"
    REPLACED = "replaced", "Rotated"
    OWNER_INACTIVE = "owner_inactive", "Owner deactivated"


def kind_of(standing: Standing) -> str:
    """Return how a page shows it: ok, warn or bad."""
    if standing is Standing.ACTIVE:
        return "ok"
    shut = {Standing.EXPIRED, Standing.REVOKED, Standing.OWNER_INACTIVE}
    return "bad" if standing in shut else "warn"


def standing_condition(standing: Standing, now: datetime) -> Q:
    """Return the condition under which it is true of a token at that moment."""
    active = status_condition(TokenStatus.ACTIVE, now)
    return {
        Standing.ACTIVE: active,
        Standing.EXPIRING: active & Q(expires_at__lte=now + EXPIRING),
        Standing.EXPIRED: status_condition(TokenStatus.EXPIRED, now),
        Standing.REVOKED: status_condition(TokenStatus.REVOKED, now),
        Standing.NEVER_USED: active & Q(last_used_at__isnull=True),
        Standing.UNUSED: active & Q(last_used_at__lt=now - UNUSED),
        Standing.REPLACED: active & Q(replaced_by__isnull=False),
        Standing.OWNER_INACTIVE: active & Q(user__is_active=False),
    }[standing]


def standings(token: AnalystToken, now: datetime) -> list[Standing]:
    """Return all that is true of it at that moment, without a query if owner and successor are
    there.
    """
    status = token.status_at(now)
    if status is not TokenStatus.ACTIVE:
        return [Standing(status.value)]
    used = token.last_used_at
    found = {
        Standing.EXPIRING: token.expires_at <= now + EXPIRING,
        Standing.NEVER_USED: used is None,
        Standing.UNUSED: used is not None and used < now - UNUSED,
        Standing.REPLACED: hasattr(token, "replaced_by"),
        Standing.OWNER_INACTIVE: not token.user.is_active,
    }
    return [Standing.ACTIVE, *(standing for standing, true in found.items() if true)]


def others_open(tokens: Sequence[AnalystToken], now: datetime) -> QuerySet[AnalystToken]:
    """Return the other tokens that let the same people in, as during a rotation's overlap."""
    others = AnalystToken.objects.usable(now).filter(user__in={one.user_id for one in tokens})
    return others.exclude(pk__in=[one.pk for one in tokens]).select_related("user")


def expiring_tokens(now: datetime, within: timedelta) -> QuerySet[AnalystToken]:
    """Return the working tokens that end within that time, soonest first.

    Not those with a successor that works: their owner loses nothing.
    """
    usable = AnalystToken.objects.usable(now).select_related("user", "replaced_by")
    # By id: negated through the relation it would also leave out those without a successor.
    replaced = AnalystToken.objects.filter(
        status_condition(TokenStatus.ACTIVE, now), replaces__isnull=False
    )
    ending = usable.filter(expires_at__lte=now + within)
    return ending.exclude(pk__in=replaced.order_by().values("replaces")).order_by(
        "expires_at", "pk"
    )
