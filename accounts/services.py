"""The verbs that write: issue, revoke, import, note a use. Admin and commands call these."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.errors import ImportRefused, IssueRefused, RevokeRefused
from accounts.groups import ANALYSTS
from accounts.importing import Entry, Outcome, examine, parse
from accounts.models import AnalystToken, TokenStatus, User, may_use_mcp
from accounts.people import why_bad_name
from accounts.secrets import digest, make_token, shown_prefix
from accounts.signals import token_issued, token_revoked

MAX_LIFETIME = timedelta(days=3650)
USE_INTERVAL = timedelta(seconds=60)


@dataclass(frozen=True)
class IssuedToken:
    """A new token and its secret, which exists nowhere else."""

    token: AnalystToken
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ImportedEntry:
    """What became of one entry of an import; ``position`` counts from 1."""

    position: int
    name: str
    outcome: Outcome
    token: AnalystToken


@sensitive_variables()
def issue_token(
    *, user: User, label: str, issued_by: User | None = None, lifetime: timedelta | None = None
) -> IssuedToken:
    """Make a token for the user; the default lifetime is TOKEN_LIFETIME_DAYS.

    Raises IssueRefused for an inactive user, a bad label or a lifetime out of range.
    """
    if not user.is_active:
        raise IssueRefused(f"{user.username} is deactivated: activate the person first.")
    if not User.objects.filter(may_use_mcp(), pk=user.pk).exists():
        raise IssueRefused(f"{user.username} is no analyst: add the person to {ANALYSTS} first.")
    secret = make_token()
    token = _store(user, secret, label, issued_by, lifetime, imported=False)
    return IssuedToken(token=token, secret=secret)


def revoke_token(*, token: AnalystToken, revoked_by: User | None = None, reason: str) -> bool:
    """Close the token for good and bring the given object up to date.

    Returns True if this call revoked it; the first revocation stands, a later one changes nothing.
    Raises RevokeRefused without a reason of one line.
    """
    if not _is_one_line(reason, AnalystToken.revoke_reason.field.max_length):
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
    bad = why_bad_name(username)
    if bad:
        raise IssueRefused(f"The person {bad}.")
    with transaction.atomic():
        user = User.objects.create_user(username)
        user.groups.set(Group.objects.filter(name=ANALYSTS))
    return user


def note_use(*, token: AnalystToken, now: datetime) -> None:
    """Remember that the token was used; at most one write per token and minute."""
    stale = now - USE_INTERVAL
    if token.last_used_at is not None and token.last_used_at >= stale:
        return
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lt=stale)
    AnalystToken.objects.filter(due, pk=token.pk).update(last_used_at=now)


@sensitive_variables()
def _take_over(
    entry: Entry, known: AnalystToken | None, by: User | None, lifetime: timedelta | None
) -> ImportedEntry:
    if known is None:
        user = ensure_analyst(username=entry.name)
        known = _store(user, entry.token, "imported", by, lifetime, imported=True)
        outcome = Outcome.IMPORTED
    elif known.status is TokenStatus.REVOKED:
        outcome = Outcome.STAYS_REVOKED
    else:
        outcome = Outcome.ALREADY_IMPORTED
    return ImportedEntry(entry.position, entry.name, outcome, known)


@sensitive_variables()
def _store(
    user: User,
    secret: str,
    label: str,
    by: User | None,
    lifetime: timedelta | None,
    *,
    imported: bool,
) -> AnalystToken:
    if not _is_one_line(label, AnalystToken.label.field.max_length):
        raise IssueRefused("Give the token a label: one line of 1 to 100 characters.")
    with transaction.atomic():
        token = AnalystToken.objects.create(
            user=user,
            label=label.strip(),
            prefix=shown_prefix(secret),
            digest=digest(secret),
            created_by=by,
            expires_at=timezone.now() + _checked(lifetime),
            imported=imported,
        )
        token_issued.send(sender=AnalystToken, token=token, by=by)
    return token


def _checked(lifetime: timedelta | None) -> timedelta:
    lifetime = timedelta(days=settings.TOKEN_LIFETIME_DAYS) if lifetime is None else lifetime
    if not timedelta() < lifetime <= MAX_LIFETIME:
        raise IssueRefused(f"A token lives at least 1 and at most {MAX_LIFETIME.days} days.")
    return lifetime


def _is_one_line(text: str, limit: int | None) -> bool:
    """Printable only: these words travel into logs, terminals and pages."""
    return 0 < len(text.strip()) <= (limit or 0) and text.isprintable()
