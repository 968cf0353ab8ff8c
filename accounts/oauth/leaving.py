"""Who is deactivated loses each connection at once, whichever way it was done."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.oauth.connections import revoke_connections_of

_REASON = "The person was deactivated."


def revoke_of_who_leaves(*, user: User, by: User | None = None, **kwargs: Any) -> None:
    """Revoke, inside of the transaction that deactivates. Connect it to person_deactivated.

    That verb writes by UPDATE, of which post_save hears nothing.
    """
    revoke_connections_of(user=user, revoked_by=by, reason=_REASON)


def revoke_of_the_inactive(
    *, sender: type[User], instance: User, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    """Revoke, inside of the transaction that stores the person. Connect it to post_save."""
    if not (raw or created or instance.is_active):
        revoke_connections_of(user=instance, revoked_by=None, reason=_REASON)
