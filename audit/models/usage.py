"""What the usage page adds up: each closed day of each person, counted once from the record."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from audit.models.touched import CatalogObject


class UsageDay(models.Model):
    """One person's closed day in numbers. Derived: it can be thrown away and counted again.

    It stays when the rows themselves are pruned. ``figures`` is JSON, as audit/reports/figures.py
    writes it.
    """

    day = models.DateField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="usage_days", db_index=False
    )
    queries = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    off_hours = models.PositiveIntegerField(help_text="Queries before 06:00 and from 20:00 on.")
    figures = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["day", "user"], name="usageday_once")]

    def __str__(self) -> str:
        return f"{self.day}: {self.queries} queries"


class FirstTouch(models.Model):
    """The first query with which a person read an object, found on the day it was counted.

    The query is a number and no reference: it may be pruned one day.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="first_touches", db_index=False
    )
    object = models.ForeignKey(
        CatalogObject, models.PROTECT, related_name="first_touches", db_index=False
    )
    day = models.DateField(db_index=True)
    query_number = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "object"], name="firsttouch_once")]

    def __str__(self) -> str:
        return f"query {self.query_number} was the first on {self.object}"
