"""People and their tokens: the facts, and the questions that one asks of them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict, cast

from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Func, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from accounts.errors import DefaultNotDeletable, TokenNotDeletable
from accounts.limits import PolicyLimits, resolved
from accounts.validators import validate_line, validate_name, validate_schemas

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


def _limit(
    default: int, least: int, most: int, help_text: str
) -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(
        default=default,
        validators=[MinValueValidator(least), MaxValueValidator(most)],
        help_text=f"{help_text} From {least:,} to {most:,}.",
    )


class AccessPolicyQuerySet(models.QuerySet["AccessPolicy"]):
    """Questions about policies."""

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete them all; raise DefaultNotDeletable if the default is among them."""
        if self.filter(is_default=True).exists():
            raise DefaultNotDeletable
        return super().delete()


class AccessPolicy(models.Model):
    """Named limits. Who has no policy of their own has the default one.

    The server's own settings bound every limit: of the two the smaller holds.
    """

    name = models.CharField(max_length=50, unique=True, validators=[validate_line])
    is_default = models.BooleanField(default=False, editable=False)
    schemas = models.CharField(
        max_length=1000,
        blank=True,
        validators=[validate_line, validate_schemas],
        help_text="Readable schemas, with commas between; empty: all that the server serves.",
    )
    max_rows = _limit(10_000, 1, 1_000_000, "Rows of one result.")
    max_characters = _limit(2_000_000, 1_000, 50_000_000, "Characters of one result.")
    max_cell = _limit(10_000, 100, 1_000_000, "Characters of one cell.")
    statement_timeout_s = _limit(30, 1, 600, "Seconds that one query may run.")
    concurrent_queries = _limit(4, 1, 100, "Queries at a time.")
    queries_per_minute = _limit(60, 1, 6_000, "Queries in any 60 seconds.")
    rows_per_day = _limit(1_000_000, 1, 2_000_000_000, "Rows from 00:00 UTC to the next.")
    may_export = models.BooleanField(default=True, help_text="May take results as files.")

    objects = AccessPolicyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "access policies"
        permissions = [("assign_accesspolicy", "Can assign access policy to people")]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="accesspolicy_one_default",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (default)" if self.is_default else self.name

    @property
    def limits(self) -> PolicyLimits:
        """What the policy comes to on this server."""
        return resolved({name: getattr(self, name) for name in LIMITS})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete it; raise DefaultNotDeletable for the default, ProtectedError when in use."""
        if self.is_default:
            raise DefaultNotDeletable
        return super().delete(*args, **kwargs)


LIMITS = (
    "name schemas max_rows max_characters max_cell statement_timeout_s concurrent_queries "
    "queries_per_minute rows_per_day may_export"
).split()


class _Row(JSONObject):
    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Write it without asking each new connection first whether SQLite was built with JSON."""
        return Func.as_sql(self, compiler, connection, **context)


def policy_row(policy_id: str) -> Subquery:
    """Return the row for ``resolved()`` of the policy that the path leads to, or of the default.

    One value, so that who asks for a person gets their limits in the same query.
    """
    candidates = AccessPolicy.objects.filter(Q(pk=OuterRef(policy_id)) | Q(is_default=True))
    row = _Row(**{name: name for name in LIMITS})
    return Subquery(candidates.order_by("is_default").values_list(row)[:1])


class DeniedColumn(models.Model):
    """A column with personal data that the analysts' role must not read.

    The list closes nothing by itself: ``manage.py role_sql`` makes of it what the DBA runs.
    """

    schema = models.CharField(max_length=63, validators=[validate_name, validate_schemas])
    table = models.CharField(max_length=63, validators=[validate_name])
    column = models.CharField(max_length=63, validators=[validate_name])
    reason = models.CharField(max_length=200, validators=[validate_line])
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, editable=False, related_name="columns_denied"
    )

    class Meta:
        ordering = ["schema", "table", "column"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["schema", "table", "column"], name="deniedcolumn_once"),
        ]

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}.{self.column}"


class User(AbstractUser):
    """A person. Analysts need no password; people who leave are deactivated, never deleted."""

    policy = models.ForeignKey(
        AccessPolicy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name="access policy",
        help_text="Empty: the default policy.",
    )


class TokenStatus(models.TextChoices):
    """The state of a token by itself, whatever its owner's state is."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


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
    last_used_at = models.DateTimeField(null=True, editable=False)
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
        if self.revoked_at is not None:
            return TokenStatus.REVOKED
        return TokenStatus.ACTIVE if self.expires_at > now else TokenStatus.EXPIRED

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
    """What token_with_digest() adds to a token; None when there is no default policy."""

    policy_row: dict[str, Any] | None


def token_with_digest(digest: str) -> WithAnnotations[AnalystToken, LimitsRow] | None:
    """Return the token with its owner and their limits in exactly one query, or None."""
    return _tokens_with_limits().filter(digest=digest).first()


@cache
def _tokens_with_limits() -> models.QuerySet[WithAnnotations[AnalystToken, LimitsRow]]:
    """Made once: to make this query costs more than to run it."""
    owned = AnalystToken.objects.select_related("user")
    found = owned.annotate(policy_row=policy_row("user__policy_id"))
    return cast("models.QuerySet[WithAnnotations[AnalystToken, LimitsRow]]", found)
