"""What a person let a client program do: the facts, and the questions that one asks of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, cast

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.errors import ConnectionNotDeletable
from accounts.models.oauth import AccessToken, Application
from accounts.models.people import User
from accounts.models.tokens import (
    LimitsRow,
    TokenStatus,
    annotated,
    limits_row,
    status_condition,
    status_of,
)
from accounts.prepared import PreparedQuestion, loaded

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class ConnectionQuerySet(models.QuerySet["Connection"]):
    """Questions about connections in the words of the people who ask them."""

    def with_status(self, status: TokenStatus, now: datetime) -> ConnectionQuerySet:
        """Return the connections that have that status at that moment."""
        return self.filter(status_condition(status, now))

    def delete(self) -> NoReturn:
        """Raise ConnectionNotDeletable."""
        raise ConnectionNotDeletable


class Connection(models.Model):
    """One consent and all that came of it: every access and refresh token of its family.

    ``expires_at`` moves with each refresh, up to ``ends_at``, where the person must agree anew.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="connections", verbose_name="owner")
    application = models.ForeignKey(
        Application, models.SET_NULL, null=True, editable=False, related_name="connections"
    )
    client_name = models.CharField(max_length=100, verbose_name="client")
    client_host = models.CharField(
        max_length=255, blank=True, help_text="Who vouches for the client; empty: nobody."
    )
    redirect_host = models.CharField(max_length=255, help_text="Where the sign-in was sent to.")
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_ip = models.GenericIPAddressField(null=True, editable=False)
    expires_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(null=True, editable=False)
    first_used_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_ip = models.GenericIPAddressField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="connections_revoked"
    )
    revoke_reason = models.CharField(max_length=200, default="", editable=False)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        default_permissions = ("view",)
        permissions = [("revoke_connection", "Can revoke connection")]
        constraints = [
            models.CheckConstraint(
                name="connection_revoked_with_reason",
                condition=Q(revoked_at__isnull=True, revoke_reason="")
                | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
            ),
            models.CheckConstraint(
                name="connection_expires_before_its_end",
                condition=Q(expires_at__lte=models.F("ends_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_name} #{self.pk}"

    def status_at(self, now: datetime) -> TokenStatus:
        """Return the connection's status at that moment."""
        return status_of(self.revoked_at, self.expires_at, now)

    @property
    def status(self) -> TokenStatus:
        """The connection's status now."""
        return self.status_at(timezone.now())

    def is_usable(self, now: datetime) -> bool:
        """Return True if it opens the door at that moment: owner and client included."""
        client = self.application
        client_is_on = client is not None and client.disabled_at is None
        return self.status_at(now) is TokenStatus.ACTIVE and self.user.is_active and client_is_on

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise ConnectionNotDeletable."""
        raise ConnectionNotDeletable


_OF_TOKEN = ("id", "user_id", "scope", "resource", "expires", "connection_id")
_OF_CONNECTION = ("id", "user_id", "client_name", "expires_at", "revoked_at", "last_used_at")
_OF_OWNER = ("id", "username", "is_active")
_OF_CLIENT = ("id", "disabled_at")


def access_token_with_digest(digest: str) -> WithAnnotations[AccessToken, LimitsRow] | None:
    """Return the access token with its connection, owner and limits in one query, or None.

    Of each only those fields are there that decide who may come in; others are fetched when asked.
    """
    row = _BY_DIGEST.row(digest)
    if row is None:
        return None
    token = loaded(AccessToken, _OF_TOKEN, row[:6])
    token.connection = _connection(row[6:17])
    return cast("WithAnnotations[AccessToken, LimitsRow]", annotated(token, row[17:]))


def _connection(row: tuple[Any, ...]) -> Connection | None:
    if row[0] is None:
        return None
    found = loaded(Connection, _OF_CONNECTION, row[:6])
    found.user = loaded(User, _OF_OWNER, row[6:9])
    has_client = row[9] is not None
    found.application = loaded(Application, _OF_CLIENT, row[9:]) if has_client else None
    return found


def _by_digest(digest: str) -> models.QuerySet[AccessToken, tuple[Any, ...]]:
    names = (
        *_OF_TOKEN,
        *(f"connection__{name}" for name in _OF_CONNECTION),
        *(f"connection__user__{name}" for name in _OF_OWNER),
        *(f"connection__application__{name}" for name in _OF_CLIENT),
    )
    found = AccessToken.objects.filter(token_checksum=digest).order_by()
    return found.values_list(*names).annotate(**limits_row("connection__user"))


_BY_DIGEST = PreparedQuestion(_by_digest)
