"""Who is deactivated loses each connection at once, whichever way it was done."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.oauth.connections import revoke_connections_of


def revoke_of_the_inactive(
    *, sender: type[User], instance: User, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    """Revoke, inside of the transaction that stores the person. Connect it to post_save."""
    if not (raw or created or instance.is_active):
        revoke_connections_of(user=instance, revoked_by=None, reason="The person was deactivated.")
