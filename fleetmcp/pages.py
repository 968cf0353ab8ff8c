"""The page for people: how to connect, and what is their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.template.loader import get_template
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.connecting import lines
from accounts.limits import NOTHING, PolicyLimits, resolved
from accounts.models import (
    AnalystToken,
    Connection,
    TokenStatus,
    User,
    may_use_mcp,
    policy_row,
)
from accounts.models.pauses import current_message
from accounts.standing import kind_of, standings
from audit.models import QueryLog
from audit.usage import Usage, usage

RECENT = 10
QUESTIONS = (
    "Which tables are there, and what is in them?",
    "What were the top 10 cost centres by distance in the last 30 days?",
    "Which vehicles idled the most last week, and what fuel did that cost?",
    "How many kilometres did each driver drive in October, by week?",
)


def server_name(request: HttpRequest) -> dict[str, str]:
    """Give every template the name that clients know the server by."""
    return {"server_name": settings.MCP_SERVER_NAME}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request can't be read, or that nobody is at home under this name."""
    # Without the request: with a foreign Host nothing can be asked of it.
    context = {"foreign": isinstance(exception, DisallowedHost), **server_name(request)}
    return HttpResponseBadRequest(get_template("400.html").render(context))


@dataclass(frozen=True)
class OwnToken:
    """One line of the person's tokens; nothing in it opens a door.

    ``states`` is what is true of it, each with how it is shown: ok, warn or bad.
    """

    pk: int
    label: str
    prefix: str
    states: list[tuple[str, str]]
    expires_at: datetime
    last_used_at: datetime | None
    works: bool


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Say what this is and how to connect; to somebody signed in also what is theirs."""
    own = _own(request.user) if isinstance(request.user, User) else {}
    return render(request, "landing.html", {"lines": lines(), "questions": QUESTIONS, **own})


def _own(person: User) -> dict[str, Any]:
    now = timezone.now()
    limits, asks, paused = _door(person)
    return {
        "asks": asks,
        "paused": paused,
        "tokens": _tokens(person, now),
        "connections": Connection.objects.filter(user=person).with_status(TokenStatus.ACTIVE, now),
        "limits": limits,
        "used": _used(person, now),
        "queries": _recent(person),
        "may_open": person.is_staff and person.has_perm("audit.view_querylog"),
    }


def _tokens(person: User, now: datetime) -> list[OwnToken]:
    found = AnalystToken.objects.filter(user=person).select_related("user", "replaced_by")
    return [
        OwnToken(
            t.pk, t.label, t.prefix, _states(t, now), t.expires_at, t.last_used_at, t.is_usable(now)
        )
        for t in found
    ]


def _states(token: AnalystToken, now: datetime) -> list[tuple[str, str]]:
    return [(kind_of(one), one.label.lower()) for one in standings(token, now)]


def _door(person: User) -> tuple[PolicyLimits, bool, str | None]:
    """Return what the person may, whether they may ask at all, and what a pause tells them."""
    found = User.objects.filter(pk=person.pk).annotate(
        row=policy_row("policy_id"), asks=may_use_mcp(), paused=current_message()
    )
    row, asks, paused = found.values_list("row", "asks", "paused").get()
    return resolved(row) if row else NOTHING, asks, paused


def _used(person: User, now: datetime) -> Usage:
    return usage(person.pk, now)


def _recent(person: User) -> QuerySet[QueryLog]:
    wanted = ("started_at", "tool", "sql", "outcome", "reason", "rows", "duration_ms")
    return QueryLog.objects.filter(user=person).only(*wanted).order_by("-started_at")[:RECENT]
