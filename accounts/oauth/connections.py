"""The verbs of connections: made by consent, kept alive by refreshing, revoked for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.errors import RevokeRefused
from accounts.models import AccessToken, Application, Connection, Grant, RefreshToken, User
from accounts.oauth.names import printable
from accounts.oauth.redirects import host_of
from accounts.secrets import digest
from accounts.services import USE_INTERVAL
from accounts.signals import (
    connection_made,
    connection_refreshed,
    connection_revoked,
    replay_detected,
)

MAX_REASON = 200
MAX_NAME = 100
NAMELESS = "(a client without a name)"


@sensitive_variables("code")
def make_connection(
    *, user: User, application: Application, redirect_uri: str, code: str, ip: str | None = None
) -> Connection:
    """Record that the person agreed; the code is what the client picks its tokens up with."""
    now = timezone.now()
    ends = now + timedelta(days=settings.OAUTH_CONNECTION_DAYS)
    with transaction.atomic():
        connection = Connection.objects.create(
            user=user,
            application=application,
            client_name=shown_name(application),
            client_host=client_host(application),
            redirect_host=host_of(redirect_uri),
            code_digest=digest(code),
            created_at=now,
            created_ip=ip,
            expires_at=min(ends, now + _rest()),
            ends_at=ends,
        )
        connection_made.send(sender=Connection, connection=connection, by=user)
    return connection


def keep_alive(*, connection: Connection, first: bool) -> None:
    """Note that the client got new tokens, the first ones or the next."""
    now = timezone.now()
    with transaction.atomic():
        connection.refreshed_at = now
        connection.expires_at = min(connection.ends_at, now + _rest())
        connection.save(update_fields=["refreshed_at", "expires_at"])
        connection_refreshed.send(
            sender=Connection, connection=connection, first=first, by=connection.user
        )


def revoke_connection(*, connection: Connection, revoked_by: User | None, reason: str) -> bool:
    """Close the connection with all its tokens and bring the given object up to date.

    Returns True if this call revoked it; the first revocation stands. Raises RevokeRefused
    without a reason of one line.
    """
    if not (0 < len(reason.strip()) <= MAX_REASON and reason.isprintable()):
        raise RevokeRefused("Give a reason: one line of 1 to 200 characters.")
    now = timezone.now()
    with transaction.atomic():
        open_ones = Connection.objects.filter(pk=connection.pk, revoked_at__isnull=True)
        revoked = open_ones.update(
            revoked_at=now, revoked_by=revoked_by, revoke_reason=reason.strip()
        )
        _kill_tokens(connection, now)
        connection.refresh_from_db()
        if revoked:
            connection_revoked.send(sender=Connection, connection=connection, by=revoked_by)
    return bool(revoked)


def revoke_connections_of(*, user: User, revoked_by: User | None, reason: str) -> int:
    """Revoke each open connection of the person; return how many there were."""
    with transaction.atomic():
        return sum(
            revoke_connection(connection=connection, revoked_by=revoked_by, reason=reason)
            for connection in Connection.objects.filter(user=user, revoked_at__isnull=True)
        )


def revoke_for_replay(*, connection: Connection, what: str) -> None:
    """Revoke a connection of which something that works once was used twice."""
    with transaction.atomic():
        if revoke_connection(
            connection=connection,
            revoked_by=None,
            reason=f"{what} was used twice: somebody may have copied it.",
        ):
            replay_detected.send(sender=Connection, connection=connection, what=what, by=None)


def note_connection_use(*, connection: Connection, now: datetime, ip: str | None = None) -> None:
    """Remember that the connection was used; at most one write per connection and minute."""
    stale = now - USE_INTERVAL
    if connection.last_used_at is not None and connection.last_used_at >= stale:
        return
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lt=stale)
    Connection.objects.filter(due, pk=connection.pk).update(
        first_used_at=Coalesce("first_used_at", now), last_used_at=now, last_used_ip=ip
    )


def shown_name(application: Application) -> str:
    """Return the name that a client gives itself, fit for a page and a log."""
    return printable(application.name)[:MAX_NAME] or NAMELESS


def client_host(application: Application) -> str:
    """Return the host whose document names this client, or "": nobody vouches for it."""
    known = application.registration_source == Application.RegistrationSource.CIMD
    return host_of(application.client_id) if known else ""


def _kill_tokens(connection: Connection, now: datetime) -> None:
    of_it: dict[str, Any] = {"connection": connection}
    Grant.objects.filter(**of_it).delete()
    RefreshToken.objects.filter(**of_it, revoked__isnull=True).update(revoked=now)
    AccessToken.objects.filter(**of_it).delete()


def _rest() -> timedelta:
    return timedelta(days=settings.OAUTH_REFRESH_DAYS)
