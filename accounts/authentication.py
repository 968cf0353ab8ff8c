"""Who is calling: an ``Authorization`` header in, a Caller or None out."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.limits import NOTHING, PolicyLimits, resolved
from accounts.models import AnalystToken, TokenStatus, token_with_digest
from accounts.secrets import MAX_LENGTH, digest, looks_mistyped
from accounts.services import note_use

REFUSAL = (
    "This request carries no valid analyst token: it may be missing, mistyped, expired or revoked. "
    "Send it as 'Authorization: Bearer <token>'; ask your team lead for a new one."
)

MISSING, MALFORMED, UNKNOWN, INACTIVE = "missing", "malformed", "unknown", "inactive"
"""Why no token opens the door; a token's own status, expired or revoked, is a reason too."""

_logger = logging.getLogger("fleetmcp.accounts")
_BEARER = re.compile(rf"bearer +([\x21-\x7e]{{1,{MAX_LENGTH}}})", re.IGNORECASE | re.ASCII)
_STAND_IN = "-" * 54


@dataclass(frozen=True)
class Caller:
    """A person who came in, by which token, and within which limits.

    ``paused`` is what they are told when they ask, while the server is paused.
    """

    user_id: int
    username: str
    token_id: int
    token_prefix: str
    token_label: str
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
    the reason. Raises DatabaseError if the database can't be asked. Blocks: call it in a thread,
    outside of a transaction.
    """
    presented = _bearer_token(authorization)
    token = token_with_digest(digest(presented or _STAND_IN))
    now = timezone.now()
    if presented is None or token is None:
        return Refused(_why_unknown(authorization, presented))
    if not (token.may_use and token.is_usable(now)):
        return Refused(_why_shut(token, now), token.pk)
    limits = _limits(token.policy_row)
    _note_use(token, now, ip)
    return Caller(
        user_id=token.user_id,
        username=token.user.username,
        token_id=token.pk,
        token_prefix=token.prefix,
        token_label=token.label,
        policy=limits,
        paused=token.paused,
    )


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


def _note_use(token: AnalystToken, now: datetime, ip: str | None) -> None:
    """A busy database must not lock out an analyst who is entitled to come in."""
    try:
        note_use(token=token, now=now, ip=ip)
    except DatabaseError as error:
        _logger.warning("Use of token %s not noted: %s", token.pk, type(error).__name__)
