"""Analysts' tokens: the facts, and the questions that one asks of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict, cast

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.errors import TokenNotDeletable
from accounts.models.pauses import current_message
from accounts.models.people import User, may_use_mcp
from accounts.models.policies import policy_row
from accounts.prepared import PreparedQuestion, loaded

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class TokenStatus(models.TextChoices):
    """The state of a token by itself, whatever its owner's state is."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


def status_of(revoked_at: datetime | None, expires_at: datetime, now: datetime) -> TokenStatus:
    """Return the status at that moment of whatever is revoked and expires so."""
    if revoked_at is not None:
        return TokenStatus.REVOKED
    return TokenStatus.ACTIVE if expires_at > now else TokenStatus.EXPIRED


def status_condition(status: TokenStatus, now: datetime) -> Q:
    """Return the condition under which a token has that status at that moment."""
    if status is TokenStatus.REVOKED:
        return Q(revoked_at__isnull=False)
    in_time = Q(expires_at__gt=now) if status is TokenStatus.ACTIVE else Q(expires_at__lte=now)
    return Q(revoked_at__isnull=True) & in_time


class AnalystTokenQuerySet(models.QuerySet["AnalystToken"]):
    """Questions about tokens in the words of the people who ask them."""

    def usable(self, now: datetime) -> AnalystTokenQuerySet:
        """Return the tokens that open the door at that moment."""
        return self.filter(status_condition(TokenStatus.ACTIVE, now), user__is_active=True)

    def with_status(self, status: TokenStatus, now: datetime) -> AnalystTokenQuerySet:
        """Return the tokens that have that status at that moment."""
        return self.filter(status_condition(status, now))

    def delete(self) -> NoReturn:
        """Raise TokenNotDeletable."""
        raise TokenNotDeletable


class AnalystToken(models.Model):
    """The record of one bearer token. The token itself is not in it and can't be recovered."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens", verbose_name="owner")
    label = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    imported = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="tokens_issued"
    )
    expires_at = models.DateTimeField()
    first_used_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, editable=False)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, editable=False, related_name="replaced_by"
    )
    form_id = models.UUIDField(null=True, unique=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="tokens_revoked"
    )
    revoke_reason = models.CharField(max_length=200, default="", editable=False)

    objects = AnalystTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        default_permissions = ("add", "view")
        permissions = [("revoke_analysttoken", "Can revoke analyst token")]
        constraints = [
            models.CheckConstraint(
                name="analysttoken_revoked_with_reason",
                condition=Q(revoked_at__isnull=True, revoke_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"

    def status_at(self, now: datetime) -> TokenStatus:
        """Return the token's status at that moment."""
        return status_of(self.revoked_at, self.expires_at, now)

    @property
    def status(self) -> TokenStatus:
        """The token's status now."""
        return self.status_at(timezone.now())

    def is_usable(self, now: datetime) -> bool:
        """Return True if the token opens the door at that moment, its owner's state included."""
        return self.status_at(now) is TokenStatus.ACTIVE and self.user.is_active

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise TokenNotDeletable."""
        raise TokenNotDeletable


class LimitsRow(TypedDict):
    """What token_with_digest() adds to a token.

    ``policy_row`` is None when there is no default policy; ``may_use`` says whether the owner may
    ask questions through MCP; ``paused`` is what analysts are told while the server is paused.
    """

    policy_row: dict[str, Any] | None
    may_use: bool
    paused: str | None


_OF_TOKEN = ("id", "user_id", "label", "expires_at", "revoked_at", "last_used_at")
_OF_OWNER = ("id", "username", "is_active")


def token_with_digest(digest: str) -> WithAnnotations[AnalystToken, LimitsRow] | None:
    """Return the token with its owner and their limits in exactly one query, or None.

    Of both only those fields are there that decide who may come in; others are fetched when asked.
    """
    row = _BY_DIGEST.row(digest)
    if row is None:
        return None
    token = loaded(AnalystToken, _OF_TOKEN, row[:6])
    token.user = loaded(User, _OF_OWNER, row[6:9])
    return cast("WithAnnotations[AnalystToken, LimitsRow]", annotated(token, row[9:]))


def limits_row(path: str) -> dict[str, Any]:
    """Return the annotations of a LimitsRow for the person that the path leads to."""
    return {
        "policy_row": policy_row(f"{path}__policy_id"),
        "may_use": may_use_mcp(f"{path}_id"),
        "paused": current_message(),
    }


def annotated(found: Any, values: tuple[Any, ...]) -> Any:
    """Give what was found the values of its LimitsRow."""
    found.policy_row, found.may_use, found.paused = values
    return found


def _by_digest(digest: str) -> models.QuerySet[AnalystToken, tuple[Any, ...]]:
    found = AnalystToken.objects.filter(digest=digest).order_by()
    of_owner = [f"user__{name}" for name in _OF_OWNER]
    return found.values_list(*_OF_TOKEN, *of_owner).annotate(**limits_row("user"))


_BY_DIGEST = PreparedQuestion(_by_digest)
