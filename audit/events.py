"""The one verb that writes events."""

from __future__ import annotations

import json
from collections.abc import Mapping

from accounts.models import AnalystToken, Connection, User
from audit.models import Event, EventKind
from audit.storable import storable

SERVER = "the server"
COMMAND = "a command"


def record_event(
    kind: EventKind,
    summary: str,
    *,
    actor: User | None = None,
    actor_name: str = "",
    subject: User | None = None,
    token: AnalystToken | None = None,
    connection: Connection | None = None,
    details: Mapping[str, object] | None = None,
    ip: str | None = None,
) -> Event:
    """Write down that something was done. Raises django.db.Error, and then it must not be done.

    ``actor_name`` is the actor's unless given. Texts are made storable and cut to their columns;
    ``details`` must hold no secret.
    """
    name = actor_name or (actor.username if actor else COMMAND)
    return Event.objects.create(
        kind=kind,
        summary=storable(summary)[:300],
        actor=actor,
        actor_name=storable(name)[:150],
        subject=subject,
        token=token,
        connection=connection,
        # JSON spells out whatever is not ASCII, so that any text can be stored.
        details=json.dumps(details, default=str) if details else "",
        ip=ip,
    )
