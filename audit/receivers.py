"""Writes an event for whatever accounts announces.

Each runs inside the transaction of what it records, so that a record that can't be written undoes
it: nothing happens unrecorded.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts import signals
from accounts.models import AccessPolicy, AnalystToken, DeniedColumn, Pause, Team, User
from audit.cancelling import request_cancel
from audit.events import COMMAND, record_event
from audit.models import EventKind, QueryLog
from audit.services import running

Changes = dict[str, tuple[Any, Any]]


@receiver(signals.person_saved)
def person_saved(
    user: User, created: bool, changes: Changes, by: User | None, **kwargs: Any
) -> None:
    """Record a new person, or what of them was changed."""
    kind = EventKind.PERSON_ADDED if created else EventKind.PERSON_CHANGED
    verb = "was added" if created else f"was changed: {_names(changes)}"
    record_event(kind, f"{user.username} {verb}", actor=by, subject=user, details=_told(changes))


@receiver(signals.person_activated)
def person_activated(user: User, by: User | None, reason: str = "", **kwargs: Any) -> None:
    """Record that a person may come in again."""
    summary, details = f"{user.username} was activated", {"reason": reason}
    record_event(EventKind.PERSON_ACTIVATED, summary, actor=by, subject=user, details=details)


@receiver(signals.person_deactivated)
def person_deactivated(user: User, by: User | None, reason: str = "", **kwargs: Any) -> None:
    """Record that a person is kept out, and stop what they run."""
    summary, details = f"{user.username} was deactivated", {"reason": reason}
    record_event(EventKind.PERSON_DEACTIVATED, summary, actor=by, subject=user, details=details)
    _stop(QueryLog.objects.filter(user=user), by)


@receiver(signals.team_saved)
def team_saved(team: Team, changes: Changes, by: User | None, **kwargs: Any) -> None:
    """Record what of a team was changed, its people included."""
    summary = f"Team {team.name} was changed: {_names(changes)}"
    record_event(EventKind.TEAM_CHANGED, summary, actor=by, details=_told(changes))


@receiver(signals.token_issued)
def token_issued(token: AnalystToken, by: User | None, **kwargs: Any) -> None:
    """Record a new token."""
    details = {"expires_at": token.expires_at, "imported": token.imported}
    _record_token(EventKind.TOKEN_ISSUED, token, by, "was issued to", details)


@receiver(signals.token_rotated)
def token_rotated(old: AnalystToken, token: AnalystToken, by: User | None, **kwargs: Any) -> None:
    """Record that a token has a successor."""
    details = {"old": old.pk, "old_expires_at": old.expires_at, "new": token.pk}
    _record_token(EventKind.TOKEN_ROTATED, old, by, "was rotated for", details)


@receiver(signals.token_revoked)
def token_revoked(token: AnalystToken, by: User | None, **kwargs: Any) -> None:
    """Record that a token was closed, and why."""
    details = {"reason": token.revoke_reason}
    _record_token(EventKind.TOKEN_REVOKED, token, by, "was revoked for", details)


@receiver(signals.policy_saved)
def policy_saved(
    policy: AccessPolicy, created: bool, changes: Changes, by: User | None, **kwargs: Any
) -> None:
    """Record a new policy, or what of it was changed."""
    verb = "added" if created else f"changed: {_names(changes)}"
    summary = f"Policy {policy.name} was {verb}"
    record_event(EventKind.POLICY_SAVED, summary, actor=by, details=_told(changes))


@receiver(signals.policy_assigned)
def policy_assigned(
    user: User,
    before: AccessPolicy | None,
    policy: AccessPolicy | None,
    by: User | None,
    **kwargs: Any,
) -> None:
    """Record which limits a person has now."""
    names = [one.name if one else "the default" for one in (before, policy)]
    summary = f"{user.username} has policy {names[1]} instead of {names[0]}"
    details = {"before": names[0], "policy": names[1]}
    record_event(EventKind.POLICY_ASSIGNED, summary, actor=by, subject=user, details=details)


@receiver(signals.column_denied)
def column_denied(column: DeniedColumn, by: User | None, **kwargs: Any) -> None:
    """Record that a column is on the deny-list."""
    details = {"reason": column.reason}
    record_event(EventKind.COLUMN_DENIED, f"{column} was denied", actor=by, details=details)


@receiver(signals.column_allowed)
def column_allowed(column: DeniedColumn, by: User | None, **kwargs: Any) -> None:
    """Record that a column is off the deny-list."""
    record_event(EventKind.COLUMN_ALLOWED, f"{column} was allowed again", actor=by)


@receiver(signals.server_paused)
def server_paused(
    pause: Pause, by: User | None, cancel_running: bool = False, **kwargs: Any
) -> None:
    """Record the pause, and stop what runs if that was asked for."""
    details = {"message": pause.message, "cancel_running": cancel_running}
    record_event(EventKind.PAUSED, "The server was paused", actor=by, details=details)
    if cancel_running:
        _stop(QueryLog.objects.all(), by)


@receiver(signals.server_resumed)
def server_resumed(pause: Pause, by: User | None, **kwargs: Any) -> None:
    """Record the end of the pause."""
    record_event(EventKind.RESUMED, "The server was resumed", actor=by)


def _record_token(
    kind: EventKind, token: AnalystToken, by: User | None, verb: str, details: dict[str, Any]
) -> None:
    summary = f"Token {token} {verb} {token.user.username}"
    record_event(kind, summary, actor=by, subject=token.user, token=token, details=details)


def _stop(rows: Any, by: User | None) -> None:
    """Mark what runs of these; each mark is an event of its own."""
    for query_id in running(rows).values_list("pk", flat=True):
        request_cancel(query_id=query_id, by=by.username if by else COMMAND, actor=by)


def _names(changes: Changes) -> str:
    return ", ".join(changes) or "nothing"


def _told(changes: Changes) -> dict[str, list[str]]:
    return {name: [str(before), str(after)] for name, (before, after) in changes.items()}
