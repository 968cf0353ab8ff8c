"""What a person may read and how much of it, and the columns that nobody may."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Func, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from accounts.errors import DefaultNotDeletable
from accounts.limits import PolicyLimits, resolved
from accounts.validators import validate_line, validate_name, validate_schemas


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
