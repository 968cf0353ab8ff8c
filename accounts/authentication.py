"""Who is calling: an ``Authorization`` header in, a Caller or None out.

A personal token and one that OAuth issued are told apart by how they start. Behind this door
nobody knows the difference: there is a person, with limits, who came by some credential.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.errors import ScopeMissing
from accounts.limits import NOTHING, PolicyLimits, resolved
from accounts.models import (
    AccessToken,
    AnalystToken,
    Connection,
    TokenStatus,
    access_token_with_digest,
    token_with_digest,
)
from accounts.oauth.connections import note_connection_use
from accounts.oauth.provider import SCOPE
from accounts.oauth.resources import audience
from accounts.secrets import ACCESS_PREFIX, MAX_LENGTH, digest, looks_mistyped
from accounts.services import note_use

REFUSAL = (
    "This request carries no valid analyst token: it may be missing, mistyped, expired or revoked. "
    "Send it as 'Authorization: Bearer <token>'; ask your team lead for a new one, "
    "or connect again where you signed in."
)

MISSING, MALFORMED, UNKNOWN, INACTIVE = "missing", "malformed", "unknown", "inactive"
"""Why no token opens the door; a token's own status, expired or revoked, is a reason too."""

_logger = logging.getLogger("fleetmcp.accounts")
_BEARER = re.compile(rf"bearer +([\x21-\x7e]{{1,{MAX_LENGTH}}})", re.IGNORECASE | re.ASCII)
_STAND_IN = "-" * 54


@dataclass(frozen=True)
class Credential:
    """What a person came in by: a token of their own, or a connection that they agreed to.

    Exactly one of the ids is set; ``name`` is the token's label or the client's name.
    """

    name: str
    token_id: int | None = None
    connection_id: int | None = None


@dataclass(frozen=True)
class Caller:
    """A person who came in, by which credential, and within which limits.

    ``paused`` is what they are told when they ask, while the server is paused.
    """

    user_id: int
    username: str
    credential: Credential
    policy: PolicyLimits = NOTHING
    paused: str | None = None


@dataclass(frozen=True)
class Refused:
    """Why somebody may not come in, for us to count and never for them to hear.

    ``token_id`` is the token's, where there is one.
    """

    why: str
    token_id: int | None = None


def authenticate(authorization: str | None, ip: str | None = None) -> Caller | None:
    """Return who sent this header, or None for whatever is wrong with it; else as examine()."""
    found = examine(authorization, ip)
    return found if isinstance(found, Caller) else None


@sensitive_variables()
def examine(authorization: str | None, ip: str | None = None) -> Caller | Refused:
    """Return who sent this header, or why they may not come in.

    Every call costs one SHA-256 and one indexed query, so that the time taken tells nothing about
    the reason. Raises ScopeMissing for a connection that may not ask, and DatabaseError if the
    database can't be asked. Blocks: call it in a thread, outside of a transaction.
    """
    presented = _bearer_token(authorization)
    if presented is not None and presented.startswith(ACCESS_PREFIX):
        return _by_connection(digest(presented), ip)
    token = token_with_digest(digest(presented or _STAND_IN))
    now = timezone.now()
    if presented is None or token is None:
        return Refused(_why_unknown(authorization, presented))
    if not (token.may_use and token.is_usable(now)):
        return Refused(_why_shut(token, now), token.pk)
    limits = _limits(token.policy_row)
    _note(lambda: note_use(token=token, now=now, ip=ip), f"token {token.pk}")
    return Caller(
        user_id=token.user_id,
        username=token.user.username,
        credential=Credential(token.label, token_id=token.pk),
        policy=limits,
        paused=token.paused,
    )


def _by_connection(token_digest: str, ip: str | None) -> Caller | Refused:
    token = access_token_with_digest(token_digest)
    now = timezone.now()
    connection = _usable_connection(token, now) if token is not None and token.may_use else None
    if token is None:
        return Refused(UNKNOWN)
    if connection is None:
        return Refused(_why_ended(token, now))
    if SCOPE not in token.scope.split():
        raise ScopeMissing
    limits = _limits(token.policy_row)
    _note(
        lambda: note_connection_use(connection=connection, now=now, ip=ip),
        f"connection {connection.pk}",
    )
    credential = Credential(connection.client_name, connection_id=connection.pk)
    person = connection.user
    return Caller(person.pk, person.username, credential, limits, paused=token.paused)


def _usable_connection(token: AccessToken, now: datetime) -> Connection | None:
    """A registration's token has no connection, one without our audience is for somebody else."""
    connection: Connection | None = token.connection
    if connection is None or token.user_id != connection.user_id:
        return None
    in_time = token.expires > now and connection.is_usable(now)
    return connection if in_time and token.resource == audience() else None


def _why_ended(token: AccessToken, now: datetime) -> str:
    return TokenStatus.EXPIRED.value if token.expires <= now else INACTIVE


@sensitive_variables()
def _bearer_token(authorization: str | None) -> str | None:
    match = _BEARER.fullmatch((authorization or "").strip(" \t"))
    return match.group(1) if match else None


@sensitive_variables()
def _why_unknown(authorization: str | None, presented: str | None) -> str:
    if presented is None:
        return MALFORMED if (authorization or "").strip() else MISSING
    return MALFORMED if looks_mistyped(presented) else UNKNOWN


def _why_shut(token: AnalystToken, now: datetime) -> str:
    """Whose owner is kept out is told apart from a token that has ended itself."""
    status = token.status_at(now)
    return INACTIVE if status is TokenStatus.ACTIVE else status.value


def _limits(row: dict[str, Any] | None) -> PolicyLimits:
    """Somebody took the default policy away by hand: nobody can say what may be read."""
    if row is None:
        _logger.error("There is no default access policy: run manage.py migrate.")
        raise DatabaseError("no default access policy")
    return resolved(row)


def _note(note: Callable[[], None], what: str) -> None:
    """A busy database must not lock out an analyst who is entitled to come in."""
    try:
        note()
    except DatabaseError as error:
        _logger.warning("Use of %s not noted: %s", what, type(error).__name__)
