"""How a token gets into the database; the verbs that make tokens share it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.errors import AlreadyIssued, IssueRefused
from accounts.models import AnalystToken, User
from accounts.secrets import digest, shown_prefix
from accounts.signals import token_issued

MAX_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True)
class IssuedToken:
    """A new token and its secret, which exists nowhere else."""

    token: AnalystToken
    secret: str = field(repr=False)


@sensitive_variables()
def store_token(
    *,
    user: User,
    secret: str,
    label: str,
    by: User | None,
    lifetime: timedelta | None,
    form_id: UUID | None = None,
    **facts: Any,
) -> AnalystToken:
    """Store the token's digest and announce it; ``facts`` are further fields of the model.

    Raises IssueRefused for a bad label or lifetime, AlreadyIssued for a form that was sent before.
    """
    if not is_one_line(label, AnalystToken.label.field.max_length):
        raise IssueRefused("Give the token a label: one line of 1 to 100 characters.")
    with transaction.atomic():
        token = AnalystToken(
            user=user,
            label=label.strip(),
            prefix=shown_prefix(secret),
            digest=digest(secret),
            created_by=by,
            expires_at=timezone.now() + _checked(lifetime),
            form_id=form_id,
            **facts,
        )
        token = _insert(token)
        token_issued.send(sender=AnalystToken, token=token, by=by)
    return token


def _insert(token: AnalystToken) -> AnalystToken:
    """Decided by the database: of a form that is sent twice at once, one issues."""
    if token.form_id is None:
        token.save(force_insert=True)
        return token
    # No IntegrityError is caught: its text may carry a digest.
    AnalystToken.objects.bulk_create([token], ignore_conflicts=True)
    stored = AnalystToken.objects.select_related("user").get(form_id=token.form_id)
    if stored.digest != token.digest:
        raise AlreadyIssued(stored.pk, stored.prefix)
    return stored


def _checked(lifetime: timedelta | None) -> timedelta:
    lifetime = timedelta(days=settings.TOKEN_LIFETIME_DAYS) if lifetime is None else lifetime
    if not timedelta() < lifetime <= MAX_LIFETIME:
        raise IssueRefused(f"A token lives at least 1 and at most {MAX_LIFETIME.days} days.")
    return lifetime


def is_one_line(text: str, limit: int | None) -> bool:
    """Return True for printable text: these words travel into logs, terminals and pages."""
    return 0 < len(text.strip()) <= (limit or 0) and text.isprintable()
