"""Writes an event for what happens to connections and clients.

Each runs inside the transaction of what it records, so that a record that can't be written undoes
it: nothing happens unrecorded.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts import signals
from accounts.models import Application, Connection, User
from audit.events import SERVER, record_event
from audit.models import EventKind


@receiver(signals.connection_made)
def connection_made(connection: Connection, by: User | None, **kwargs: Any) -> None:
    """Record a consent."""
    details = {"redirect_host": connection.redirect_host, "ends_at": connection.ends_at}
    _record(EventKind.CONNECTED, connection, by, "was connected by", details)


@receiver(signals.connection_refreshed)
def connection_refreshed(
    connection: Connection, first: bool, by: User | None, **kwargs: Any
) -> None:
    """Record that the client got tokens: its first ones, or the next."""
    details = {"first": first, "expires_at": connection.expires_at}
    words = "got its tokens for" if first else "was refreshed for"
    _record(EventKind.CONNECTION_REFRESHED, connection, None, words, details)


@receiver(signals.connection_revoked)
def connection_revoked(connection: Connection, by: User | None, **kwargs: Any) -> None:
    """Record that a connection was closed, and why."""
    details = {"reason": connection.revoke_reason}
    _record(EventKind.CONNECTION_REVOKED, connection, by, "was revoked for", details)


@receiver(signals.replay_detected)
def replay_detected(connection: Connection, what: str, **kwargs: Any) -> None:
    """Record that something that works once came back."""
    words = "showed a secret again that works once, for"
    _record(EventKind.REPLAY_DETECTED, connection, None, words, {"what": what})


@receiver(signals.application_switched)
def application_switched(
    application: Application, on: bool, by: User | None, **kwargs: Any
) -> None:
    """Record that a client was switched off or on."""
    _write(f"Client {application} was switched {'on' if on else 'off'}", by)


@receiver(signals.applications_cleaned)
def applications_cleaned(count: int, by: User | None, **kwargs: Any) -> None:
    """Record that unused clients were forgotten."""
    _write(f"{count} unused clients were forgotten", by)


def _record(
    kind: EventKind, connection: Connection, by: User | None, words: str, details: dict[str, Any]
) -> None:
    person = connection.user
    record_event(
        kind,
        f"{connection} {words} {person.username}",
        actor=by,
        actor_name="" if by else SERVER,
        subject=person,
        connection=connection,
        details=details,
        ip=connection.created_ip if kind is EventKind.CONNECTED else None,
    )


def _write(summary: str, by: User | None) -> None:
    record_event(EventKind.CLIENT_CHANGED, summary, actor=by)
