"""The verbs that write: issue, revoke, import, note a use. Admin and commands call these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.errors import ImportRefused, IssueRefused, PersonRefused, RevokeRefused
from accounts.groups import ANALYSTS
from accounts.importing import Entry, Outcome, examine, parse
from accounts.models import AnalystToken, TokenStatus, User, may_use_mcp
from accounts.people import add_analyst
from accounts.secrets import make_token
from accounts.signals import token_revoked
from accounts.storing import MAX_LIFETIME, IssuedToken, is_one_line, store_token

__all__ = [
    "MAX_LIFETIME",
    "USE_INTERVAL",
    "ImportedEntry",
    "IssuedToken",
    "ensure_analyst",
    "import_tokens",
    "issue_token",
    "note_use",
    "require_analyst",
    "revoke_token",
]

USE_INTERVAL = timedelta(seconds=60)


@dataclass(frozen=True)
class ImportedEntry:
    """What became of one entry of an import; ``position`` counts from 1."""

    position: int
    name: str
    outcome: Outcome
    token: AnalystToken


@sensitive_variables()
def issue_token(
    *,
    user: User,
    label: str,
    issued_by: User | None = None,
    lifetime: timedelta | None = None,
    form_id: UUID | None = None,
) -> IssuedToken:
    """Make a token for the user; the default lifetime is TOKEN_LIFETIME_DAYS.

    Raises IssueRefused for who may not use MCP, a bad label or a lifetime out of range, and
    AlreadyIssued when a token was made for the form of that id before.
    """
    require_analyst(user)
    secret = make_token()
    token = store_token(
        user=user, secret=secret, label=label, by=issued_by, lifetime=lifetime, form_id=form_id
    )
    return IssuedToken(token=token, secret=secret)


def require_analyst(user: User) -> None:
    """Raise IssueRefused unless a token would let the person in."""
    if not user.is_active:
        raise IssueRefused(f"{user.username} is deactivated: activate the person first.")
    if not User.objects.filter(may_use_mcp(), pk=user.pk).exists():
        raise IssueRefused(f"{user.username} is no analyst: add the person to {ANALYSTS} first.")


def revoke_token(*, token: AnalystToken, revoked_by: User | None = None, reason: str) -> bool:
    """Close the token for good and bring the given object up to date.

    Returns True if this call revoked it; the first revocation stands, a later one changes nothing.
    Raises RevokeRefused without a reason of one line.
    """
    if not is_one_line(reason, AnalystToken.revoke_reason.field.max_length):
        raise RevokeRefused("Give a reason: one line of 1 to 200 characters.")
    with transaction.atomic():
        # Decided by the database, so that of two leads at the same moment only one is the first.
        revoked = AnalystToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(
            revoked_at=timezone.now(), revoked_by=revoked_by, revoke_reason=reason.strip()
        )
        token.refresh_from_db()
        if revoked:
            token_revoked.send(sender=AnalystToken, token=token, by=revoked_by)
    return bool(revoked)


@sensitive_variables()
def import_tokens(
    *, text: str, imported_by: User | None = None, lifetime: timedelta | None = None
) -> list[ImportedEntry]:
    """Take over ``MCP_AUTH_TOKENS="alice:tok1,bob:tok2"``, all of it or nothing.

    Missing people are created without a usable password. An entry that is already imported is
    left as it is, revoked ones included. Raises ImportRefused with the reason for each bad entry,
    or IssueRefused for a lifetime out of range.
    """
    try:
        with transaction.atomic():
            entries = parse(text)
            known = examine(entries)
            return [
                _take_over(entry, known.get(entry.digest), imported_by, lifetime)
                for entry in entries
            ]
    except IntegrityError:
        # Its text may carry a digest.
        raise ImportRefused("Somebody imported at the same time: run it again.") from None


def ensure_analyst(*, username: str) -> User:
    """Return the person of that name, created as an analyst without a password if there is none.

    Raises IssueRefused for a name that no new person may have.
    """
    username = User.normalize_username(username)
    user = User.objects.filter(username=username).first()
    if user is not None:
        return user
    try:
        return add_analyst(user=User(username=username))
    except PersonRefused as refusal:
        raise IssueRefused(str(refusal)) from None


def note_use(*, token: AnalystToken, now: datetime, ip: str | None = None) -> None:
    """Remember that the token was used, and from where; at most one write per token and minute."""
    stale = now - USE_INTERVAL
    if token.last_used_at is not None and token.last_used_at >= stale:
        return
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lt=stale)
    AnalystToken.objects.filter(due, pk=token.pk).update(
        first_used_at=Coalesce("first_used_at", now), last_used_at=now, last_used_ip=ip
    )


@sensitive_variables()
def _take_over(
    entry: Entry, known: AnalystToken | None, by: User | None, lifetime: timedelta | None
) -> ImportedEntry:
    if known is None:
        user = ensure_analyst(username=entry.name)
        known = store_token(
            user=user,
            secret=entry.token,
            label="imported",
            by=by,
            lifetime=lifetime,
            imported=True,
        )
        outcome = Outcome.IMPORTED
    elif known.status is TokenStatus.REVOKED:
        outcome = Outcome.STAYS_REVOKED
    else:
        outcome = Outcome.ALREADY_IMPORTED
    return ImportedEntry(entry.position, entry.name, outcome, known)
