"""A new token in the place of an old one, with a time in which both work."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.errors import AlreadyIssued, IssueRefused
from accounts.models import AnalystToken, TokenStatus, User
from accounts.secrets import make_token
from accounts.services import require_analyst
from accounts.signals import token_rotated
from accounts.storing import IssuedToken, store_token

DEFAULT_OVERLAP = timedelta(hours=24)
MAX_OVERLAP = timedelta(days=30)


@sensitive_variables()
def rotate_token(
    *,
    token: AnalystToken,
    overlap: timedelta = DEFAULT_OVERLAP,
    lifetime: timedelta | None = None,
    by: User | None = None,
    form_id: UUID | None = None,
) -> IssuedToken:
    """Make the token's successor; the old one ends with the overlap, or earlier if it would.

    Raises IssueRefused for a token that doesn't work or has a successor, and AlreadyIssued when
    one was made for the form of that id before.
    """
    if not timedelta() <= overlap <= MAX_OVERLAP:
        raise IssueRefused(f"Both tokens work for 0 to {MAX_OVERLAP.days} days.")
    secret = make_token()
    with transaction.atomic():
        old = AnalystToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
        _require_rotatable(old, form_id)
        new = store_token(
            user=old.user,
            secret=secret,
            label=old.label,
            by=by,
            lifetime=lifetime,
            form_id=form_id,
            replaces=old,
        )
        _shorten(old, overlap)
        token_rotated.send(sender=AnalystToken, old=old, token=new, by=by)
    token.refresh_from_db()
    return IssuedToken(token=new, secret=secret)


def _require_rotatable(old: AnalystToken, form_id: UUID | None) -> None:
    successor = AnalystToken.objects.filter(replaces=old).first()
    if successor is not None and form_id is not None and successor.form_id == form_id:
        raise AlreadyIssued(successor.pk, successor.prefix)
    if successor is not None:
        raise IssueRefused(f"It was rotated before, to {successor.prefix}…: rotate that one.")
    if old.status is not TokenStatus.ACTIVE:
        raise IssueRefused("It is expired or revoked: issue a new token instead.")
    require_analyst(old.user)


def _shorten(old: AnalystToken, overlap: timedelta) -> None:
    old.expires_at = min(old.expires_at, timezone.now() + overlap)
    old.save(update_fields=["expires_at"])
