"""What lets one person in: their tokens and connections, in one list, closed in one way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import AnalystToken, Connection, User
from accounts.oauth.connections import revoke_connection
from accounts.services import revoke_token


@dataclass(frozen=True)
class Access:
    """One token or connection, in the words that both have."""

    key: str
    kind: str
    name: str
    client: str
    status: str
    made_at: datetime
    first_used_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str | None
    expires_at: datetime
    ends_at: datetime
    revoke_reason: str


def access_of(user: User) -> list[Access]:
    """Return what the person has or had, the newest first."""
    found = [
        *map(_of_token, AnalystToken.objects.filter(user=user)),
        *map(_of_connection, Connection.objects.filter(user=user)),
    ]
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def revoke_access(*, user: User, keys: Iterable[str], by: User | None, reason: str) -> int:
    """Revoke those of the person's that the keys name; return how many that closed.

    Raises RevokeRefused without a reason of one line.
    """
    wanted = set(keys)
    with transaction.atomic():
        tokens = [t for t in AnalystToken.objects.filter(user=user) if _key(t) in wanted]
        connections = [c for c in Connection.objects.filter(user=user) if _key(c) in wanted]
        return sum(
            [
                *(revoke_token(token=one, revoked_by=by, reason=reason) for one in tokens),
                *(
                    revoke_connection(connection=one, revoked_by=by, reason=reason)
                    for one in connections
                ),
            ]
        )


def _key(one: AnalystToken | Connection) -> str:
    return f"{'token' if isinstance(one, AnalystToken) else 'connection'}-{one.pk}"


def _of_token(token: AnalystToken) -> Access:
    return Access(
        key=_key(token),
        kind="token",
        name=f"{token.label} ({token.prefix}…)",
        client="",
        status=token.status.value,
        made_at=token.created_at,
        first_used_at=token.first_used_at,
        last_used_at=token.last_used_at,
        last_used_ip=token.last_used_ip,
        expires_at=token.expires_at,
        ends_at=token.expires_at,
        revoke_reason=token.revoke_reason,
    )


def _of_connection(connection: Connection) -> Access:
    return Access(
        key=_key(connection),
        kind="connection",
        name=connection.client_name,
        client=connection.client_host or connection.redirect_host,
        status=connection.status.value,
        made_at=connection.created_at,
        first_used_at=connection.first_used_at,
        last_used_at=connection.last_used_at,
        last_used_ip=connection.last_used_ip,
        expires_at=connection.expires_at,
        ends_at=connection.ends_at,
        revoke_reason=connection.revoke_reason,
    )
