"""Which tokens end soon: the reminder that a lead opens by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.admin.base import page
from accounts.standing import EXPIRING, expiring_tokens

CHOICES = (7, EXPIRING.days, 30, 90)
_AT_MOST = 500


def show(
    model_admin: Any, request: HttpRequest, visible: QuerySet[Any, Any], *, may_rotate: bool
) -> HttpResponse:
    """Return the page of the visible tokens that end within the days that the address names."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, CHOICES) else EXPIRING.days
    now = timezone.now()
    ending = expiring_tokens(now, timedelta(days=days)).filter(pk__in=visible)
    rows = [(token, (token.expires_at - now).days) for token in ending[:_AT_MOST]]
    return page(
        model_admin, request, "expiring", "Tokens that expire soon",
        rows=rows, days=days, choices=CHOICES, may_rotate=may_rotate,
    )  # fmt: skip
